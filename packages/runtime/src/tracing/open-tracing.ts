import { NO_TRACING, type Tracing, type TracingDeps, type TracingOptions } from './tracing.ts';

/** Loads the SDK (a quarter of a second of CPU, 15 MB) only when there is a collector. */
export async function openTracing(
  options: Omit<TracingOptions, 'url'> & { url: string | null },
  deps: TracingDeps,
): Promise<Tracing> {
  const { url } = options;
  if (url === null) return NO_TRACING;
  const { OtlpTracing } = await import('./otlp-tracing.ts');
  return new OtlpTracing({ ...options, url }, deps);
}
