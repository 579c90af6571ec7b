import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { type ChunkPage, listChunks } from './chunk-list.ts';
import { chunkPage, cursorText, type PageFilter, parseCursor } from './chunk-page.ts';

const PLANS = [
  tablePlan(7, { tableId: 'public-b-1a2b3c4d' }),
  tablePlan(5, { tableId: 'public-a-1a2b3c4d', level: 'full' }),
  tablePlan(3, { tableId: 'public-a-1a2b3c4d', generation: 2, firstChunk: 5, level: 'full' }),
];

async function scanned() {
  const world = new LedgerWorld();
  const ledger = world.open();
  for (const plan of PLANS) await ledger.writePlan(plan, rangeChunks(plan));
  for (const chunk of [1, 2, 4]) {
    const ref = chunkRef(PLANS[0] ?? tablePlan(1), chunk);
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write({ ...ref, attempt: 1 }, 'quarantined', BODIES.quarantined, null);
  }
  const scan = ledger.openScan();
  await scan.refresh();
  return { ledger, scan, plans: await ledger.readPlans() };
}

it('pages of any size show every chunk of the filter once, in the order of tables, generations and chunks', async () => {
  const from = await scanned();
  const filters: PageFilter[] = [{}, { stage: 'quarantined' }, { attempt: 0 }, { level: 'full' }, { level: 'count' }];
  for (const filter of filters) {
    const whole = chunkPage(from, filter, { after: null, limit: 100 });
    expect(whole.next).toBeNull();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), (limit) => {
        const seen: string[] = [];
        let after = null;
        for (;;) {
          const page = chunkPage(from, filter, { after, limit });
          expect(page.chunks.length).toBeLessThanOrEqual(limit);
          seen.push(...page.chunks.map((each) => each.chunk));
          if (page.next === null) break;
          after = parseCursor(page.next);
        }
        expect(seen).toEqual(whole.chunks.map((each) => each.chunk));
      }),
    );
  }
  const quarantined = chunkPage(from, { stage: 'quarantined' }, { after: null, limit: 9 }).chunks;
  expect(quarantined.map((each) => each.chunk)).toEqual([1, 2, 4].map((chunk) => `public-b-1a2b3c4d/g1/${chunk}`));
  expect(chunkPage(from, { level: 'full' }, { after: null, limit: 100 }).chunks).toHaveLength(8);
});

it('a cursor is what a page gave and nothing else', () => {
  expect(parseCursor(cursorText('public-a-1a2b3c4d/g2/5'))).toEqual({
    tableId: 'public-a-1a2b3c4d',
    generation: 2,
    chunk: 5,
  });
  for (const text of ['', '0', 'public-a/g1/0', Buffer.from('2:a/g1/0').toString('base64url'), '../../etc'])
    expect(parseCursor(text)).toBeNull();
});

it('a list that finds little looks into so many chunks at a time, and the next page goes on after them', async () => {
  const from = await scanned();
  const seen: (string | null)[] = [];
  let found = 0;
  let after: string | null = null;
  do {
    const page: ChunkPage = await listChunks(
      from,
      { stage: 'quarantined', code: 'HASH_MISMATCH' },
      { after, limit: 5, examine: 2 },
    );
    found += page.chunks.length;
    seen.push(page.next);
    after = page.next;
  } while (after !== null);
  expect([found, seen]).toEqual([0, ['public-b-1a2b3c4d/g1/2', null]]);
  const all = await listChunks(
    from,
    { stage: 'quarantined', code: 'ATTEMPTS_EXHAUSTED' },
    { after: null, limit: 5, examine: 3 },
  );
  expect([all.chunks.length, all.next]).toEqual([3, null]);
});
