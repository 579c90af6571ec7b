import type { Clock } from '@lakehaul/core';

let lastMs = Date.now();
let lastMonotonicMs = performance.now();

/**
 * Wall-clock time that never runs slower than time itself: a clock set back by hours would make every "not later than"
 * too late to see, and the monotonic clock alone stands still while the machine is suspended (Linux CLOCK_MONOTONIC).
 */
function steadyNowMs(): number {
  const monotonicMs = performance.now();
  lastMs = Math.max(Date.now(), lastMs + (monotonicMs - lastMonotonicMs));
  lastMonotonicMs = monotonicMs;
  return lastMs;
}

export const systemClock: Clock = {
  nowMs: steadyNowMs,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      // setTimeout with more than 2^31-1 ms fires at once (Node: TimeoutOverflowWarning).
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(Math.max(ms, 0), 2_147_483_647),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

export interface FakeClock extends Clock {
  /** Lets time pass: wakes every sleeper that is due, in order, and lets what they wake run. */
  advance(ms: number): Promise<void>;
  /** Lets time pass from sleeper to sleeper until the promise settles, and answers with it. */
  runUntil<T>(promise: Promise<T>): Promise<T>;
  readonly sleepers: number;
}

interface Sleeper {
  wakeAtMs: number;
  wake: () => void;
}

/** A clock for tests: time passes only when told to, so no test waits. */
export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();
  const earliest = () => [...sleepers].sort((a, b) => a.wakeAtMs - b.wakeAtMs)[0];
  const wake = async (sleeper: Sleeper) => {
    nowMs = Math.max(nowMs, sleeper.wakeAtMs);
    sleepers.delete(sleeper);
    sleeper.wake();
    await settle();
  };
  return {
    nowMs: () => nowMs,
    get sleepers() {
      return sleepers.size;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason);
          return;
        }
        const sleeper = { wakeAtMs: nowMs + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          if (sleepers.delete(sleeper)) reject(signal.reason);
        });
      }),
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (let next = earliest(); next !== undefined && next.wakeAtMs <= untilMs; next = earliest()) await wake(next);
      nowMs = untilMs;
    },
    async runUntil(promise) {
      let isSettled = false;
      const mark = () => {
        isSettled = true;
      };
      promise.then(mark, mark);
      await settle();
      while (!isSettled) {
        const next = earliest();
        if (next === undefined) await settle();
        else await wake(next);
      }
      return promise;
    },
  };
}

/** Two turns of the event loop: promises that were woken have run, and those that they woke. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}
