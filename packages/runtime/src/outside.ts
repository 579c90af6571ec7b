/** The one way out of the process: time-outs, retries by disposition, metrics, traces, faults: for all alike. */
import {
  asLakehaulError,
  type Clock,
  type ErrorCode,
  type Ids,
  LakehaulError,
  type Log,
  type Outside,
  type OutsideOptions,
  type OutsidePoint,
} from '@lakehaul/core';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing/tracing.ts';

export interface OutsidePolicy {
  /** Of one try, when the call does not say: the longest prefix of the point wins. */
  timeoutsMs: Readonly<Record<string, number>>;
  /** Tries of an idempotent call, the first one included. */
  maxTries: number;
  /** The same while the other side asks to slow down: that is no failure, so patience is longer. */
  maxBackpressureTries: number;
  firstWaitMs: number;
  longestWaitMs: number;
}

export const DEFAULT_POLICY: OutsidePolicy = {
  // A statement on the warehouse runs as long as its own STATEMENT_TIMEOUT; callers that know it pass it.
  timeoutsMs: {
    's3.': 60_000,
    'redshift.': 60_000,
    'databricks.': 900_000,
    'queue.': 30_000,
    'oidc.': 10_000,
    'notify.': 10_000,
  },
  maxTries: 5,
  maxBackpressureTries: 12,
  firstWaitMs: 200,
  longestWaitMs: 30_000,
};

export interface OutsideDeps {
  clock: Clock;
  ids: Pick<Ids, 'random'>;
  log: Log;
  metrics: Metrics;
  policy?: Partial<OutsidePolicy>;
  /** Hears of every try, as the metric does. */
  onCall?: (point: OutsidePoint) => void;
  /** Hears of every try that failed, as the metric does. */
  onFailure?: (point: OutsidePoint, code: ErrorCode) => void;
  /**
   * For tests: runs at `<point>.before` and, when the call succeeded, at `<point>.after`. What it throws takes the
   * place of the answer; a process that ends in it has crashed exactly there.
   */
  faults?: (at: string) => Promise<void>;
  tracing?: Pick<Tracing, 'call'>;
}

/** These speak of the work, not of the call: repeating the same call cannot mend them. */
const NOT_OF_THE_CALL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SOURCE_STATEMENT_FAILED',
  'SOURCE_STATEMENT_ABORTED',
  'TARGET_STATEMENT_FAILED',
  'FENCED',
  'SUPERSEDED',
]);

export function createOutside(deps: OutsideDeps): Outside {
  const policy = { ...DEFAULT_POLICY, ...deps.policy };
  return async (point, call, options = {}) => {
    const ended = deps.tracing?.call(point) ?? null;
    const count = { tries: 0 };
    if (ended === null) return await untilItEnds(deps, policy, { point, call, options, count });
    try {
      const answer = await untilItEnds(deps, policy, { point, call, options, count });
      ended({ ...count, code: null });
      return answer;
    } catch (thrown) {
      ended({ ...count, code: options.signal?.aborted === true ? 'ABORTED' : asLakehaulError(thrown).code });
      throw thrown;
    }
  };
}

interface OutsideCall<T> {
  point: OutsidePoint;
  call: (signal: AbortSignal) => Promise<T>;
  options: OutsideOptions;
  /** Of the tries so far. */
  count: { tries: number };
}

async function untilItEnds<T>(
  deps: OutsideDeps,
  policy: OutsidePolicy,
  { point, call, options, count }: OutsideCall<T>,
): Promise<T> {
  for (;;) {
    options.signal?.throwIfAborted();
    const tries = ++count.tries;
    try {
      return await oneTry(deps, policy, point, call, options);
    } catch (thrown) {
      if (options.signal?.aborted === true) throw thrown;
      const error = asLakehaulError(thrown);
      deps.metrics.count('lakehaul_outside_failures_total', { point, code: error.code });
      deps.onFailure?.(point, error.code);
      if (options.isIdempotent !== true || !mayRepeat(error, tries, policy)) throw thrown;
      const waitMs = waitBefore(error, tries, policy, deps.ids.random());
      const fields = { point, code: error.code, tries, waitMs: Math.round(waitMs) };
      // A person should look only when it does not go away by itself.
      if (tries > 2) deps.log.warn('outside call repeated', fields);
      else deps.log.info('outside call repeated', fields);
      deps.metrics.count('lakehaul_outside_retries_total', { point });
      await deps.clock.sleep(waitMs, options.signal);
    }
  }
}

function mayRepeat(error: LakehaulError, tries: number, policy: OutsidePolicy): boolean {
  if (NOT_OF_THE_CALL.has(error.code)) return false;
  if (error.disposition === 'backpressure') return tries < policy.maxBackpressureTries;
  return error.disposition === 'retry' && tries < policy.maxTries;
}

/** Full jitter (AWS Architecture Blog, "Exponential backoff and jitter"); never sooner than the other side asked for. */
function waitBefore(error: LakehaulError, tries: number, policy: OutsidePolicy, random: number): number {
  const ceilingMs = Math.min(policy.firstWaitMs * 2 ** (tries - 1), policy.longestWaitMs);
  const askedMs = Math.min(error.retryAfterMs ?? 0, policy.longestWaitMs);
  return askedMs + random * ceilingMs;
}

async function oneTry<T>(
  deps: OutsideDeps,
  policy: OutsidePolicy,
  point: OutsidePoint,
  call: (signal: AbortSignal) => Promise<T>,
  options: OutsideOptions,
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? timeoutOf(point, policy);
  const startMs = deps.clock.nowMs();
  deps.metrics.count('lakehaul_outside_calls_total', { point });
  deps.onCall?.(point);
  const isOver = new AbortController();
  const timedOut = new AbortController();
  const signal = AbortSignal.any([timedOut.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const late = deps.clock.sleep(timeoutMs, isOver.signal).then(
    () => {
      const error = new LakehaulError('ANSWER_LOST', `${point} did not answer within ${timeoutMs} ms`);
      timedOut.abort(error);
      throw error;
    },
    // Cancelled because the call is over: this side of the race must stay silent.
    () => new Promise<never>(() => undefined),
  );
  try {
    // Drivers that ignore their signal must not hold the caller: the race goes on without them.
    return await Promise.race([attempt(deps, point, call, signal), late, aborted(options.signal, isOver.signal)]);
  } finally {
    isOver.abort();
    deps.metrics.observe('lakehaul_outside_duration_seconds', { point }, (deps.clock.nowMs() - startMs) / 1000);
  }
}

async function attempt<T>(
  deps: OutsideDeps,
  point: OutsidePoint,
  call: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  await deps.faults?.(`${point}.before`);
  const answer = await call(signal);
  await deps.faults?.(`${point}.after`);
  return answer;
}

function aborted(signal: AbortSignal | undefined, isOver: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    // `signal: isOver` takes the listener off again: a caller's signal lives for thousands of calls.
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: isOver });
  });
}

function timeoutOf(point: string, policy: OutsidePolicy): number {
  let best = '';
  for (const prefix of Object.keys(policy.timeoutsMs))
    if (point.startsWith(prefix) && prefix.length > best.length) best = prefix;
  return policy.timeoutsMs[best] ?? 60_000;
}
