import { expect, it, vi } from 'vitest';
import { createFakeClock, systemClock } from './clock.ts';
import { createSeededIds, systemIds } from './ids.ts';

it('fake time passes only when told to, and wakes sleepers in order', async () => {
  const clock = createFakeClock(0);
  const woken: string[] = [];
  const sleep = (name: string, ms: number) => clock.sleep(ms).then(() => woken.push(`${name} at ${clock.nowMs()}`));
  const all = Promise.all([sleep('late', 300), sleep('early', 100)]);
  await clock.advance(99);
  expect(woken).toEqual([]);
  await clock.advance(201);
  await all;
  expect(woken).toEqual(['early at 100', 'late at 300']);
});

it('fake time runs from sleeper to sleeper until a promise settles', async () => {
  const clock = createFakeClock(0);
  const loop = async () => {
    for (let i = 0; i < 3; i++) await clock.sleep(1_000);
    return 'done';
  };
  expect(await clock.runUntil(loop())).toBe('done');
  expect(clock.nowMs()).toBe(3_000);
});

it.each([
  ['fake', createFakeClock()],
  ['system', systemClock],
])('a sleep of the %s clock ends with its signal', async (_name, clock) => {
  const abort = new AbortController();
  const sleep = clock.sleep(60_000, abort.signal);
  abort.abort(new Error('enough'));
  await expect(sleep).rejects.toThrow('enough');
  await expect(clock.sleep(1, abort.signal)).rejects.toThrow('enough');
});

it('the system clock goes on when somebody sets the machine’s clock back, and follows it forward', () => {
  const before = systemClock.nowMs();
  const wall = vi.spyOn(Date, 'now').mockReturnValue(before - 7_200_000);
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 40_000);
  expect(systemClock.nowMs()).toBeGreaterThanOrEqual(before + 40_000);
  wall.mockReturnValue(before + 3_600_000);
  expect(systemClock.nowMs()).toBe(before + 3_600_000);
  wall.mockRestore();
  monotonic.mockRestore();
});

it('seeded ids are the same for the same seed and look like ids', () => {
  const [a, b, c] = [createSeededIds(7), createSeededIds(7), createSeededIds(8)];
  const first = a.uuid();
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(b.uuid()).toBe(first);
  expect(c.uuid()).not.toBe(first);
  for (const ids of [a, systemIds])
    for (let i = 0; i < 1_000; i++) {
      const value = ids.random();
      expect(value >= 0 && value < 1).toBe(true);
    }
});
