/** Between spans and collector: a bounded buffer that is sent in batches, with what gets lost counted. */
import type { Log } from '@lakehaul/core';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { headersOf } from './headers.ts';
import type { TracingDeps, TracingOptions } from './tracing.ts';

/** Spans that may wait for the collector: some 2 MB. */
export const SPANS_MAX = 2_048;
const BATCH = 512;
const SEND_EVERY_MS = 2_000;
/** Of one batch, its repetitions included. */
const SEND_TIMEOUT_MS = 10_000;

export class BoundedProcessor implements SpanProcessor {
  readonly #inner: BatchSpanProcessor;
  readonly #metrics: TracingDeps['metrics'];
  #waiting = 0;

  constructor({ url, headersFile }: Pick<TracingOptions, 'url' | 'headersFile'>, { log, metrics }: TracingDeps) {
    this.#metrics = metrics;
    const exporter = new OTLPTraceExporter({
      url,
      timeoutMillis: SEND_TIMEOUT_MS,
      ...(headersFile === null ? {} : { headers: headersOf(headersFile) }),
    });
    const counted = new CountedExporter(exporter, log, (spans, isSent) => {
      this.#waiting -= spans;
      if (!isSent) metrics.count('lakehaul_spans_dropped_total', { outcome: 'not-taken' }, spans);
    });
    this.#inner = new BatchSpanProcessor({
      exporter: counted,
      maxQueueSize: SPANS_MAX,
      maxExportBatchSize: BATCH,
      scheduledDelayMillis: SEND_EVERY_MS,
      // Later than the exporter's own: the batch that it gives up must not be told of twice.
      exportTimeoutMillis: SEND_TIMEOUT_MS * 2,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    // The SDK drops silently what its buffer cannot hold.
    if (this.#waiting >= SPANS_MAX) {
      this.#metrics.count('lakehaul_spans_dropped_total', { outcome: 'buffer-full' });
      return;
    }
    this.#waiting += 1;
    this.#inner.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }
}

/** Tells how each batch ended, and the log once that the collector is away, and once that it is back. */
class CountedExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #log: Log;
  readonly #onEnd: (spans: number, isSent: boolean) => void;
  #isAway = false;

  constructor(inner: SpanExporter, log: Log, onEnd: (spans: number, isSent: boolean) => void) {
    this.#inner = inner;
    this.#log = log;
    this.#onEnd = onEnd;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#inner.export(spans, (result) => {
      const isSent = result.code === ExportResultCode.SUCCESS;
      this.#onEnd(spans.length, isSent);
      if (isSent === this.#isAway) {
        this.#isAway = !isSent;
        // Not its message: it quotes what the other side answered.
        if (isSent) this.#log.info('traces are sent again');
        else this.#log.warn('traces are not sent', { reason: result.error?.name ?? 'unknown' });
      }
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }
}
