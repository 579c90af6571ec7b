/** A service's loop: one pass after another with a pause in between; a failed pass is told and the next one comes. */
import { asLakehaulError, type Clock, type Log } from '@lakehaul/core';
import { NO_TRACING, type Tracing } from '@lakehaul/runtime';
import type { HostedService } from './hosted-service.ts';

export interface LoopOptions {
  name: string;
  everyMs: number;
  clock: Clock;
  log: Log;
  /** The signal says that the service stops: a pass that only reads may end by it at once. */
  runOnce: (signal: AbortSignal) => Promise<void>;
  /** Errors that only a person can settle end the service. */
  fail: (error: unknown) => void;
  /** Each pass is a trace of its own. */
  tracing?: Tracing;
}

/** A pass may be long (a scan of a million chunks, a seal); beyond this it is stuck. */
const STUCK_MS = 15 * 60_000;

export interface RunningLoop extends HostedService {
  /** Ends the pause: the next pass comes now. */
  wake(): void;
}

export function startLoop(options: LoopOptions): RunningLoop {
  const { name, clock, log, tracing = NO_TRACING } = options;
  const stopping = new AbortController();
  let pause = new AbortController();
  let lastProgressMs = clock.nowMs();
  let lastSuccessMs = lastProgressMs;
  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        await tracing.pass(name, () => options.runOnce(stopping.signal));
        lastSuccessMs = clock.nowMs();
      } catch (thrown) {
        if (thrown === stopping.signal.reason) return;
        const error = asLakehaulError(thrown);
        if (error.disposition === 'stop' || error.disposition === 'refuse') {
          options.fail(error);
          return;
        }
        log.warn('pass failed', { loop: name, code: error.code, reason: error.message });
      }
      lastProgressMs = clock.nowMs();
      pause = new AbortController();
      await clock.sleep(options.everyMs, AbortSignal.any([stopping.signal, pause.signal])).catch(() => undefined);
    }
  };
  const done = run();
  const stop = async () => {
    stopping.abort();
    await done;
  };
  return {
    wake: () => pause.abort(),
    loops: () => [
      { name, lastProgressMs: () => lastProgressMs, dueMs: () => lastSuccessMs + options.everyMs, limitMs: STUCK_MS },
    ],
    drain: stop,
    stop,
    done: new Promise(() => undefined),
  };
}
