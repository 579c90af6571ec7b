/** Traces by the OpenTelemetry SDK, sent as OTLP over HTTP in JSON. Loaded by open-tracing.ts, and only when there is a collector. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type AttemptRef, asLakehaulError, type LogFields, type Step, traceIdOf } from '@lakehaul/core';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  type IdGenerator,
  ParentBasedSampler,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { BoundedProcessor } from './bounded-processor.ts';
import type { EndedCall, TracedResult, Tracing, TracingDeps, TracingOptions } from './tracing.ts';

/** Calls below one span: a step that waits for hours asks thousands of times. */
const CALLS_MAX = 100;
/** A pass comes every few seconds, day and night, and lists 256 shards. */
const CALLS_OF_A_PASS_MAX = 20;
/** Failures are what a trace is opened for: so many more of them. */
const FAILED_CALLS_MAX = 100;
const CLOSE_MS = 2_000;

/** What runs now, wherever its promises lead. */
interface Open {
  span: Span;
  context: Context;
  calls: number;
  callsMax: number;
  leftOut: number;
}

export class OtlpTracing implements Tracing {
  readonly #migration: string;
  readonly #clock: TracingDeps['clock'];
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #ids = new DerivedIds();
  readonly #open = new AsyncLocalStorage<Open>();

  constructor(options: TracingOptions, deps: TracingDeps) {
    this.#migration = options.migration;
    this.#clock = deps.clock;
    const own = resourceFromAttributes({
      'service.name': `lakehaul-${options.service}`,
      'service.version': options.version,
      'service.instance.id': options.instance,
      'lakehaul.migration': options.migration,
    });
    this.#provider = new TracerProvider({
      // OTEL_RESOURCE_ATTRIBUTES adds what only the deployment knows (pod, region), and does not replace ours.
      resource: detectResources({ detectors: [envDetector] }).merge(own),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) }),
      idGenerator: this.#ids,
      spanProcessors: [new BoundedProcessor(options, deps)],
    });
    this.#tracer = this.#provider.getTracer('lakehaul', options.version);
  }

  async step<T extends TracedResult>(
    job: AttemptRef & { step: Step },
    signal: AbortSignal,
    run: (fields: LogFields) => Promise<T>,
  ): Promise<T> {
    const traceId = traceIdOf(this.#migration, job);
    const open = this.#begin(job.step, traceId, {
      'lakehaul.table': job.tableId,
      'lakehaul.generation': job.generation,
      'lakehaul.chunk': job.chunk,
      'lakehaul.attempt': job.attempt,
      'lakehaul.step': job.step,
    });
    try {
      // Not of a trace that nobody gets.
      const fields = open.span.isRecording() ? { traceId } : {};
      const result = await this.#open.run(open, () => run(fields));
      const { moved, failure } = result;
      if (moved !== undefined)
        open.span.setAttributes({
          // Text: these are 64-bit numbers.
          'lakehaul.rows': moved.rowCount.toString(),
          'lakehaul.bytes': moved.sizeBytes.toString(),
          ...(moved.statementIds === undefined ? {} : { 'lakehaul.statement_ids': moved.statementIds.join(' ') }),
        });
      this.#end(open, failure ?? null, failure !== undefined ? 'failed' : moved !== undefined ? 'done' : 'waits');
      return result;
    } catch (thrown) {
      if (signal.aborted) this.#end(open, null, 'handed-over');
      else this.#end(open, asLakehaulError(thrown).code, 'failed');
      throw thrown;
    }
  }

  async pass<T>(name: string, run: () => Promise<T>, fields: Readonly<Record<string, string>> = {}): Promise<T> {
    const attributes = Object.entries(fields).map(([field, value]) => [`lakehaul.${field}`, value]);
    const open = { ...this.#begin(name, null, Object.fromEntries(attributes)), callsMax: CALLS_OF_A_PASS_MAX };
    try {
      const result = await this.#open.run(open, run);
      this.#end(open, null, 'done');
      return result;
    } catch (thrown) {
      this.#end(open, asLakehaulError(thrown).code, 'failed');
      throw thrown;
    }
  }

  call(point: string): ((ended: EndedCall) => void) | null {
    const open = this.#open.getStore();
    if (open === undefined || !open.span.isRecording()) return null;
    const startTime = this.#now();
    return ({ tries, code }) => {
      if (!open.span.isRecording() || open.calls >= open.callsMax + (code === null ? 0 : FAILED_CALLS_MAX)) {
        open.leftOut += 1;
        return;
      }
      open.calls += 1;
      const attributes = { 'lakehaul.point': point, 'lakehaul.tries': tries };
      const span = this.#tracer.startSpan(point, { kind: SpanKind.CLIENT, startTime, attributes }, open.context);
      tell(span, code);
      span.end(this.#now());
    };
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.#provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  #begin(name: string, traceId: string | null, attributes: Attributes): Open {
    const span = this.#ids.under(traceId, () =>
      this.#tracer.startSpan(name, { root: true, startTime: this.#now(), attributes }, ROOT_CONTEXT),
    );
    return { span, context: trace.setSpan(ROOT_CONTEXT, span), calls: 0, callsMax: CALLS_MAX, leftOut: 0 };
  }

  #end({ span, leftOut }: Open, code: string | null, outcome: string): void {
    span.setAttribute('lakehaul.outcome', outcome);
    if (leftOut > 0) span.setAttribute('lakehaul.calls_left_out', leftOut);
    tell(span, code);
    span.end(this.#now());
  }

  /** As a date: the SDK takes a number below its own uptime for one on another clock. */
  #now(): Date {
    return new Date(this.#clock.nowMs());
  }
}

/** By code alone: messages of engines quote statements and values (I8). */
function tell(span: Span, code: string | null): void {
  if (code === null) return;
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}

/** Random ids, unless somebody says under which trace the next span begins. */
class DerivedIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #traceId: string | null = null;

  /** A span is begun without awaiting anything: nobody else can come in between. */
  under<T>(traceId: string | null, begin: () => T): T {
    this.#traceId = traceId;
    try {
      return begin();
    } finally {
      this.#traceId = null;
    }
  }

  generateTraceId = (): string => this.#traceId ?? this.#random.generateTraceId();
  generateSpanId = (): string => this.#random.generateSpanId();
}
