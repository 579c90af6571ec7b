/** An OpenTelemetry collector's OTLP/HTTP receiver in JSON: keeps what it is sent. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const value = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
  doubleValue: z.number().optional(),
});
const attribute = z.object({ key: z.string(), value });
/** As the OTLP specification's JSON encoding says: ids in hex, times as text. Strict about what is read here. */
const REQUEST = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string().regex(/^[0-9a-f]{32}$/),
              spanId: z.string().regex(/^[0-9a-f]{16}$/),
              parentSpanId: z.string().optional(),
              name: z.string(),
              startTimeUnixNano: z.string().regex(/^\d+$/),
              endTimeUnixNano: z.string().regex(/^\d+$/),
              attributes: z.array(attribute),
              status: z.object({ code: z.number() }),
            }),
          ),
        }),
      ),
    }),
  ),
});

export interface CollectedSpan {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  isRoot: boolean;
  name: string;
  attributes: Record<string, string | number>;
  isError: boolean;
  durationMs: number;
}

export interface Collector extends AsyncDisposable {
  /** With its path, for one exporter. */
  url: string;
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  endpoint: string;
  headers: IncomingHttpHeaders[];
  bodies: string[];
  /** Status of its answers from now on. */
  answer: number;
  spans(): CollectedSpan[];
}

export async function startCollector(): Promise<Collector> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const isRight = request.url === '/v1/traces' && request.headers['content-type'] === 'application/json';
      if (!isRight) return void response.writeHead(404).end();
      collector.headers.push(request.headers);
      if (collector.answer === 200) collector.bodies.push(text);
      response.writeHead(collector.answer, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const collector: Collector = {
    ...{ url: `${endpoint}/v1/traces`, endpoint, headers: [], bodies: [], answer: 200 },
    spans: () => collector.bodies.flatMap(spansOf),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return collector;
}

function spansOf(body: string): CollectedSpan[] {
  return REQUEST.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...{ service, traceId: span.traceId, spanId: span.spanId, name: span.name },
        parentSpanId: span.parentSpanId ?? null,
        isRoot: (span.parentSpanId ?? '') === '',
        attributes: attributesOf(span.attributes),
        isError: span.status.code === 2,
        durationMs: Number((BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1_000_000n),
      })),
    );
  });
}

function attributesOf(list: readonly z.infer<typeof attribute>[]): Record<string, string | number> {
  return Object.fromEntries(
    list.map(({ key, value: { stringValue, intValue, doubleValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? (doubleValue ?? '') : Number(intValue)),
    ]),
  );
}
