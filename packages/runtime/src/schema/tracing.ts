/** The section `tracing` of lakehaul.yaml, and where the traces go. */
import { z } from 'zod';
import { form, text } from './fields.ts';

export const tracing = z
  .strictObject({
    endpoint: form(/^https?:\/\/[^\s?#@]+$/, 'an http(s) URL without a query')
      .exactOptional()
      .describe(
        'OTLP/HTTP collector that gets traces, without /v1/traces (http://otel-collector:4318). Otherwise OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT; without any of them nothing is traced.',
      ),
    headersFile: text()
      .exactOptional()
      .describe(
        'File with headers for the collector, one “Name: value” a line, read anew for each batch. Or OTEL_EXPORTER_OTLP_HEADERS.',
      ),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('Share of attempts that are traced; the trace id decides, so that all services choose the same.'),
  })
  .describe('OpenTelemetry traces: a trace for each attempt of a chunk, over all services.');

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the traces go; null: nowhere. What the file says comes first, then the SDK's own variables. */
export function tracesUrl(endpoint: string | undefined, env: Environment): string | null {
  // The specification's own switches (OpenTelemetry, "General SDK Configuration").
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return null;
  if (endpoint !== undefined) return below(endpoint);
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (own !== undefined && own !== '') return own;
  const all = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return all === undefined || all === '' ? null : below(all);
}

/** "The path v1/traces is appended" (OTLP exporter specification, endpoint URLs for OTLP/HTTP). */
function below(endpoint: string): string {
  return `${endpoint.replace(/\/+$/, '')}/v1/traces`;
}
