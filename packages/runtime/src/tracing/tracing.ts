/**
 * Traces, as an option: a span for each step of a chunk's attempt and for each pass of the planner, and below it one for
 * each call that leaves the process. All steps of an attempt are in one trace, whose id is derived from the attempt
 * (core/trace-id): nothing is carried in jobs.
 *
 * Off, nothing of the SDK is loaded, and a call pays one comparison. On, a collector that is slow or away costs spans,
 * never time: what does not fit into the buffer is dropped and counted.
 */
import type { AttemptRef, Clock, ErrorCode, Log, LogFields, Step } from '@lakehaul/core';
import type { Metrics } from '../metrics.ts';

export interface TracedResult {
  moved?: { rowCount: bigint; sizeBytes: bigint; statementIds?: readonly string[] };
  failure?: ErrorCode;
}

export interface EndedCall {
  tries: number;
  /** Null when it succeeded. */
  code: ErrorCode | 'ABORTED' | null;
}

export interface Tracing {
  /** The fields are for the step's log: its trace id. */
  step<T extends TracedResult>(
    job: AttemptRef & { step: Step },
    signal: AbortSignal,
    run: (fields: LogFields) => Promise<T>,
  ): Promise<T>;
  /** One pass of a loop, a trace of its own. */
  pass<T>(name: string, run: () => Promise<T>, fields?: Readonly<Record<string, string>>): Promise<T>;
  /** A call leaves the process; null when it belongs to nothing that is traced. */
  call(point: string): ((ended: EndedCall) => void) | null;
  /** Sends what is left; two seconds at most. */
  close(): Promise<void>;
}

export const NO_TRACING: Tracing = {
  step: (_job, _signal, run) => run({}),
  pass: (_name, run) => run(),
  call: () => null,
  close: async () => undefined,
};

export interface TracingOptions {
  /** With its path. */
  url: string;
  headersFile: string | null;
  sampleRatio: number;
  migration: string;
  service: string;
  instance: string;
  version: string;
}

export interface TracingDeps {
  clock: Pick<Clock, 'nowMs'>;
  log: Log;
  metrics: Pick<Metrics, 'count'>;
}
