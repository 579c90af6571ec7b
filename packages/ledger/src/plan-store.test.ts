import type { Chunk } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { joinedPlans } from './plan-store.ts';
import { RecentlyUsed } from './recently-used.ts';

async function all(chunks: AsyncIterable<Chunk>): Promise<Chunk[]> {
  const found: Chunk[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return found;
}

describe('a plan in the ledger', () => {
  it('is read back as it was written, over many pages, from any place', async () => {
    const world = new LedgerWorld();
    const plan = tablePlan(10_000, { firstChunk: 7, cutLine: { column: 't', before: '2026-01-01' } });
    expect(await world.open().writePlan(plan, rangeChunks(plan))).toEqual({ created: true });
    const ledger = world.open('b');
    expect(await ledger.readPlan(plan.tableId, 1)).toEqual(plan);
    expect(await ledger.readPlans()).toEqual([plan]);
    const expected = [...rangeChunks(plan)];
    expect(await all(ledger.chunks(plan))).toEqual(expected);
    for (const place of [0, 4_095, 4_096, 9_999])
      expect(await ledger.readChunk(chunkRef(plan, 7 + place))).toEqual(expected[place]);
    await expect(ledger.readChunk(chunkRef(plan, 6))).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
    await expect(ledger.readChunk(chunkRef(plan, 10_007))).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
    expect(await ledger.readPlan('other-table-00000000', 1)).toBeNull();
  });

  it('keeps every kind of chunk, also none at all', async () => {
    const ledger = new LedgerWorld().open();
    const chunks: Chunk[] = [
      {
        number: 0,
        generation: 1,
        parts: [{ kind: 'null', column: 'k"\u{1F600}' }],
        estimatedRows: 0n,
        estimatedBytes: 0n,
        scanGroup: null,
      },
      {
        number: 1,
        generation: 1,
        parts: [{ kind: 'hash', modulus: 2, bucket: 1 }],
        estimatedRows: 1n,
        estimatedBytes: 2n ** 63n,
        scanGroup: 0,
      },
      { number: 2, generation: 1, parts: [], estimatedRows: 1n, estimatedBytes: 1n, scanGroup: null },
    ];
    const plan = tablePlan(3);
    await ledger.writePlan(plan, chunks);
    expect(await all(ledger.chunks(plan))).toEqual(chunks);
    const empty = tablePlan(0, { tableId: 'public-empty-00000000' });
    await ledger.writePlan(empty, []);
    expect(await all(ledger.chunks(empty))).toEqual([]);
  });

  it('is the first planner’s when two race, and never a mixture of both', async () => {
    const world = new LedgerWorld();
    const plans = [tablePlan(5_000, { keyReason: 'a' }), tablePlan(9_000, { keyReason: 'b' })];
    const results = await Promise.all(plans.map((plan, n) => world.open(`p${n}`).writePlan(plan, rangeChunks(plan))));
    expect(results.filter((result) => result.created)).toHaveLength(1);
    const winner = plans[results.findIndex((result) => result.created)];
    const reader = world.open('reader');
    expect(await reader.readPlans()).toEqual([winner]);
    expect(await all(reader.chunks(tablePlan(0)))).toEqual([...rangeChunks(winner ?? tablePlan(0))]);
    expect(await reader.writePlan(tablePlan(1), rangeChunks(tablePlan(1)))).toEqual({ created: false });
  });

  it('does not exist after a crash at any of its PUTs, and can be planned anew', async () => {
    const plan = tablePlan(9_000);
    for (let crashAt = 1; crashAt <= 4; crashAt++) {
      const world = new LedgerWorld();
      let puts = 0;
      world.store.intercept = ({ operation, when }) => {
        if (operation === 'putIfAbsent' && when === 'before' && ++puts >= crashAt) throw new Error('crash');
      };
      await expect(world.open().writePlan(plan, rangeChunks(plan))).rejects.toThrow('crash');
      world.store.intercept = undefined;
      const other = tablePlan(4_097, { keyReason: 'histogram changed' });
      const ledger = world.open('b');
      expect(await ledger.readPlans()).toEqual([]);
      expect(await ledger.writePlan(other, rangeChunks(other))).toEqual({ created: true });
      expect(await all(ledger.chunks(other))).toEqual([...rangeChunks(other)]);
    }
  });

  it('is refused with a wrong number of chunks, with a gap, or with another generation’s numbers', async () => {
    const ledger = new LedgerWorld().open();
    const plan = tablePlan(10);
    await expect(ledger.writePlan(plan, rangeChunks({ ...plan, chunkCount: 9 }))).rejects.toThrow(/9 chunks, not 10/);
    await expect(ledger.writePlan(plan, rangeChunks({ ...plan, firstChunk: 1 }))).rejects.toThrow(/chunk 1 where 0/);
    await expect(ledger.writePlan({ ...plan, migration: 'm2' }, [])).rejects.toThrow(/m2/);
    expect(await ledger.readPlans()).toEqual([]);
    await ledger.writePlan(plan, rangeChunks(plan));
    const overlapping = tablePlan(10, { generation: 2, firstChunk: 9 });
    await expect(ledger.writePlan(overlapping, rangeChunks(overlapping))).rejects.toMatchObject({
      code: 'LEDGER_CONFLICT',
    });
    const topUp = tablePlan(10, { generation: 2, firstChunk: 10 });
    await ledger.writePlan(topUp, rangeChunks(topUp));
    expect((await ledger.readPlans()).map((read) => read.generation)).toEqual([1, 2]);
  });

  it('with a page that somebody changed stops the run and names the page', async () => {
    const world = new LedgerWorld();
    const plan = tablePlan(10);
    await world.open().writePlan(plan, rangeChunks(plan));
    const key = world.store.keys.find((name) => name.includes('/plans/pages/')) ?? '';
    const text = Buffer.from((await world.store.get(key))?.body ?? []).toString();
    await world.store.put(key, text.replace('"from":"50"', '"from":"51"'));
    await expect(all(world.open('b').chunks(plan))).rejects.toMatchObject({ code: 'LEDGER_CONFLICT', where: key });
    await expect(world.open('c').readChunk(chunkRef(plan, 0))).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
  });

  it('costs one GET for its head and one for the page, however many chunks are asked for at once', async () => {
    const world = new LedgerWorld();
    const plan = tablePlan(100);
    await world.open().writePlan(plan, rangeChunks(plan));
    const ledger = world.open('b');
    world.store.calls.clear();
    await Promise.all(Array.from({ length: 100 }, (_, chunk) => ledger.readChunk(chunkRef(plan, chunk))));
    await ledger.readChunk(chunkRef(plan, 5));
    expect(world.store.calls.get('get')).toBe(2);
    world.store.calls.clear();
    await Promise.all(Array.from({ length: 100 }, (_, chunk) => ledger.readChunk(chunkRef(plan, chunk))));
    expect(world.store.calls.get('get')).toBeUndefined();
  });
});

describe('the cache of recently used things', () => {
  it('keeps what was asked for last, fetches once, and forgets failures', async () => {
    const cache = new RecentlyUsed<string, number>(2);
    let fetches = 0;
    const fetch = async () => ++fetches;
    await Promise.all([cache.get('a', fetch), cache.get('a', fetch)]);
    await cache.get('b', fetch);
    await cache.get('a', fetch);
    await cache.get('c', fetch);
    expect(fetches).toBe(3);
    expect(await cache.get('a', fetch)).toBe(1);
    expect(await cache.get('b', fetch)).toBe(4);
    await expect(cache.get('d', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await cache.get('d', fetch)).toBe(5);
  });
});

it('a process that runs sees what another one plans, and reads no plan again that it has', async () => {
  const world = new LedgerWorld();
  const [first, second] = [tablePlan(4), tablePlan(3, { generation: 2, firstChunk: 4 })];
  const planner = world.open('planner');
  await planner.writePlan(first, rangeChunks(first));
  const ledger = world.open('run');
  const plans = await joinedPlans(ledger, []);
  expect(plans).toEqual([first]);
  expect(await joinedPlans(ledger, plans)).toBe(plans);
  await planner.writePlan(second, rangeChunks(second));
  expect(await joinedPlans(ledger, plans)).toEqual([first, second]);
  expect(await ledger.readPlans(new Set([`${first.tableId}/g1`]))).toEqual([second]);
});
