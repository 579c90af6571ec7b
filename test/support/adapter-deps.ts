import { randomUUID } from 'node:crypto';
import { asLakehaulError, type Clock, type Ids, type Log, type Outside } from '@lakehaul/core';

/** Everything an adapter is given, plain: real time, no log, and an `outside` that repeats idempotent calls a few times. */
export function testDeps(): { outside: Outside; clock: Clock; ids: Ids; log: Log } {
  const clock: Clock = {
    nowMs: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
  const silent: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    with: () => silent,
  };
  const outside: Outside = async (_point, call, options = {}) => {
    for (let tries = 1; ; tries++) {
      const timeout = AbortSignal.timeout(options.timeoutMs ?? 60_000);
      const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
      try {
        return await call(signal);
      } catch (thrown) {
        const { disposition } = asLakehaulError(thrown);
        const mayRepeat = disposition === 'retry' || disposition === 'backpressure';
        if (options.isIdempotent !== true || options.signal?.aborted === true || !mayRepeat || tries > 3) throw thrown;
        await clock.sleep(50);
      }
    }
  };
  return { outside, clock, ids: { uuid: () => randomUUID(), random: () => Math.random() }, log: silent };
}
