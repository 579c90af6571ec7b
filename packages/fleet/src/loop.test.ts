import { LakehaulError, type Log } from '@lakehaul/core';
import { createFakeClock } from '@lakehaul/runtime';
import { expect, it } from 'vitest';
import { startLoop } from './loop.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('a loop that is woken does not wait for its time, and one that is not does', async () => {
  const clock = createFakeClock();
  let passes = 0;
  const loop = startLoop({
    ...{ name: 'feed', everyMs: 60_000, clock, log, fail: () => undefined },
    runOnce: async () => void passes++,
  });
  await turn();
  expect(passes).toBe(1);
  await turn();
  expect(passes).toBe(1);
  loop.wake();
  await turn();
  expect(passes).toBe(2);
  await loop.stop();
  expect(passes).toBe(2);
});

it('an error that only a person can settle ends the loop, another one does not', async () => {
  const clock = createFakeClock();
  const failures: unknown[] = [];
  const codes = ['THROTTLED', 'LEDGER_CONFLICT'] as const;
  let passes = 0;
  const loop = startLoop({
    ...{ name: 'feed', everyMs: 60_000, clock, log, fail: (error: unknown) => void failures.push(error) },
    runOnce: async () => {
      throw new LakehaulError(codes[passes++] ?? 'LEDGER_CONFLICT', 'because');
    },
  });
  await turn();
  expect(failures).toEqual([]);
  loop.wake();
  await turn();
  expect(failures).toMatchObject([{ code: 'LEDGER_CONFLICT' }]);
  await loop.stop();
  expect(passes).toBe(2);
});

it('passes that fail make progress, and grow overdue', async () => {
  const clock = createFakeClock(1_000_000);
  let isAway = false;
  const loop = startLoop({
    ...{ name: 'look', everyMs: 1_000, clock, log, fail: () => undefined },
    runOnce: async () => {
      if (isAway) throw new LakehaulError('UNAVAILABLE', 'S3 is away');
    },
  });
  await turn();
  isAway = true;
  for (let pass = 0; pass < 5; pass++) {
    await clock.advance(1_000);
    await turn();
  }
  const ages = () => loop.loops().map((each) => [each.lastProgressMs(), each.dueMs?.()]);
  expect(ages()).toEqual([[1_005_000, 1_001_000]]);
  isAway = false;
  await clock.advance(1_000);
  await turn();
  expect(ages()).toEqual([[1_006_000, 1_007_000]]);
  await loop.stop();
});
