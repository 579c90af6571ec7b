import { expect, it } from 'vitest';
import { LedgerWorld } from '../../../test/support/ledger-world.ts';
import type { ThrottleRecord } from './throttle-log.ts';

const decided = (slots: number): ThrottleRecord => ({
  ...{ schemaVersion: 1, change: 'hold', slots, before: null, reason: 'r', winner: null, running: null },
  ...{ canaryMs: null, checks: [], memory: { stoppedBy: null, beforeStop: 0, hurtAt: null } },
});

it('who follows the throttle is told each decision once, from a time on and over midnight, of a week at most', async () => {
  const world = new LedgerWorld();
  const { throttle } = world.open();
  const hour = 3_600;
  const times: number[] = [];
  const decide = async (slots: number) => {
    times[slots] = world.nowMs;
    await throttle.append(decided(slots));
    world.tick(8 * hour);
  };
  for (let slots = 0; slots < 6; slots++) await decide(slots);
  const follower = throttle.follow(times[3] ?? 0);
  const next = async () => (await follower.next()).map(({ body }) => body.slots);
  expect(await next()).toEqual([3, 4, 5]);
  expect(await next()).toEqual([]);
  await decide(6);
  expect(await next()).toEqual([6]);
  for (let slots = 7; slots < 10; slots++) await decide(slots);
  expect(await next()).toEqual([7, 8, 9]);
  for (let slots = 10; slots < 40; slots++) await decide(slots);
  const late = await throttle.follow(0).next();
  expect(late.length).toBeGreaterThanOrEqual(21);
  expect(late.length).toBeLessThan(26);
  expect(late.at(-1)?.body.slots).toBe(39);
});
