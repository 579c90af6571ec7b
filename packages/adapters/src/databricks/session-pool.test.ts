import { describe, expect, it } from 'vitest';
import { SessionPool } from './session-pool.ts';

function fakes() {
  const clock = { now: 0, nowMs: () => clock.now, sleep: () => Promise.resolve() };
  const closed: number[] = [];
  let opened = 0;
  const pool = new SessionPool((timeoutSeconds) => {
    const id = ++opened;
    return Promise.resolve({ id, timeoutSeconds, close: () => Promise.resolve(closed.push(id)) });
  }, clock);
  return { clock, closed, pool };
}

describe('SessionPool', () => {
  it('gives a session again, but never to two at once nor across time-outs', async () => {
    const { pool } = fakes();
    const first = await pool.take(60);
    const second = await pool.take(60);
    expect(second.id).not.toBe(first.id);
    pool.give(first, 60);
    expect((await pool.take(3600)).id).toBe(3);
    expect((await pool.take(60)).id).toBe(first.id);
  });

  it('drops sessions that were idle for long, and closes the idle ones at the end', async () => {
    const { clock, closed, pool } = fakes();
    pool.give(await pool.take(60), 60);
    clock.now += 3_600_000;
    const fresh = await pool.take(60);
    expect([fresh.id, closed]).toEqual([2, [1]]);
    pool.give(fresh, 60);
    await pool.close();
    expect(closed).toEqual([1, 2]);
  });

  it('asks a session that was idle for a while whether it lives, and gives no dead one', async () => {
    const { clock, closed, pool } = fakes();
    const [first, second] = [await pool.take(60), await pool.take(60)];
    pool.give(first, 60);
    pool.give(second, 60);
    const asked: number[] = [];
    const probe = {
      probeIdleMs: 2_000,
      isAlive: async ({ id }: { id: number }) => asked.push(id) > 0 && id !== second.id,
    };
    clock.now += 1_999;
    pool.give(await pool.take(60, probe), 60);
    expect(asked).toEqual([]);
    clock.now += 2_000;
    expect((await pool.take(60, probe)).id).toBe(first.id);
    expect([asked, closed]).toEqual([[second.id, first.id], [second.id]]);
  });

  it('forgets all idle sessions at once, and goes on with new ones', async () => {
    const { closed, pool } = fakes();
    const [first, second] = [await pool.take(60), await pool.take(3600)];
    pool.give(first, 60);
    pool.give(second, 3600);
    pool.dropIdle();
    expect(closed).toEqual([1, 2]);
    expect((await pool.take(60)).id).toBe(3);
  });
});
