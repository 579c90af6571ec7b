import type { AttemptRef } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRepeatable, LedgerKeys, type ReopenedWhy, STAGES, shardOf } from './keys.ts';

const keys = new LedgerKeys('/ledger/', 'panther-2026');

const tableIds = fc.stringMatching(/^[a-z0-9_]{1,40}-[a-z0-9_]{1,40}-[0-9a-f]{8}$/);
const attempts: fc.Arbitrary<AttemptRef> = fc.record({
  tableId: tableIds,
  generation: fc.integer({ min: 1, max: 1000 }),
  chunk: fc.integer({ min: 0, max: 2_147_483_647 }),
  attempt: fc.integer({ min: 1, max: 65_535 }),
});

describe('ledger keys', () => {
  it('have the agreed shape', () => {
    const ref = { tableId: 'public-flights-1a2b3c4d', generation: 1, chunk: 42, attempt: 3 };
    const shard = shardOf(ref);
    const base = `ledger/panther-2026/chunks/${shard}/public-flights-1a2b3c4d/g1/0000000042/00003`;
    expect(keys.receipt(ref, 'opened')).toBe(`${base}.opened.json`);
    expect(keys.receipt(ref, 'submit', 12)).toBe(`${base}.submit-12.json`);
    expect(keys.receipt(ref, 'failed', 1)).toBe(`${base}.failed-1.json`);
    expect(new LedgerKeys('', 'm').planHeads()).toBe('m/plans/heads/');
  });

  it('come back from a receipt key as they went in', () => {
    fc.assert(
      fc.property(attempts, fc.constantFrom(...STAGES), fc.integer({ min: 1, max: 99_999 }), (ref, stage, number) => {
        const ordinal = isRepeatable(stage) ? number : 0;
        expect(keys.parseReceipt(keys.receipt(ref, stage, ordinal))).toEqual({ ...ref, stage, ordinal });
      }),
    );
  });

  it('come back from markers, segments and plan heads as they went in', () => {
    const whys = fc.constantFrom<ReopenedWhy>('opened', 'mismatched', 'quarantined');
    fc.assert(
      fc.property(attempts, whys, fc.integer({ min: 1, max: 99_999 }), (ref, why, version) => {
        expect(keys.parseMarker(keys.marker(ref, why))).toEqual({ ...ref, why });
        const { tableId, generation, chunk: firstChunk } = ref;
        expect(keys.parseSegment(keys.segment({ tableId, generation, firstChunk, version }))).toEqual({
          tableId,
          generation,
          firstChunk,
          version,
        });
        expect(keys.parsePlanHead(keys.planHead(tableId, generation))).toEqual({ tableId, generation });
      }),
    );
  });

  it('sort by chunk number inside a table, and a scan can start between two chunks', () => {
    fc.assert(
      fc.property(
        attempts,
        fc.integer({ min: 0, max: 2_147_483_646 }),
        fc.constantFrom(...STAGES),
        (ref, low, stage) => {
          const ordinal = isRepeatable(stage) ? 10 : 0;
          const inShard = (chunk: number) =>
            `${keys.shardPrefix('00')}${keys.receipt({ ...ref, chunk }, stage, ordinal).slice(keys.shardPrefix('00').length)}`;
          const after = keys.afterChunk('00', { ...ref, chunk: low });
          expect(inShard(low) < after).toBe(true);
          expect(after < inShard(low + 1)).toBe(true);
        },
      ),
    );
  });

  it.each([
    'ledger/panther-2026/chunks/00/t-t-00000000/g1/0000000042/00003.approved.json',
    'ledger/panther-2026/chunks/00/t-t-00000000/g1/0000000042/00003.opened-1.json',
    'ledger/panther-2026/chunks/00/t-t-00000000/g1/0000000042/00003.submit.json',
    'ledger/panther-2026/chunks/00/t-t-00000000/g1/42/00003.opened.json',
    'ledger/panther-2026/chunks/zz/t-t-00000000/g1/0000000042/00003.opened.json',
    'ledger/panther-2026x/chunks/00/t-t-00000000/g1/0000000042/00003.opened.json',
    'ledger/panther-2026/chunks/00/t-t-00000000/g1/0000000042/00003.opened.json.tmp',
  ])('does not take %s for a receipt', (key) => {
    expect(keys.parseReceipt(key)).toBeNull();
  });

  it('refuses what would not come back', () => {
    const ref = { tableId: 't-t-00000000', generation: 1, chunk: 1, attempt: 1 };
    expect(() => keys.receipt({ ...ref, tableId: '../x' }, 'opened')).toThrow(/not safe in a path/);
    expect(() => keys.receipt({ ...ref, tableId: 'a/b' }, 'opened')).toThrow(/not safe in a path/);
    expect(() => keys.receipt({ ...ref, chunk: 1.5 }, 'opened')).toThrow(/chunk number/);
    expect(() => keys.receipt({ ...ref, attempt: 65_536 }, 'opened')).toThrow(/attempt/);
    expect(() => keys.receipt({ ...ref, generation: 0 }, 'opened')).toThrow(/generation/);
    expect(() => keys.receipt(ref, 'submit')).toThrow(/number 0/);
    expect(() => keys.receipt(ref, 'opened', 1)).toThrow(/number 1/);
    expect(() => keys.record('tables/../plans')).toThrow(/record path/);
    expect(() => new LedgerKeys('ledger', 'a/b')).toThrow(/migration name/);
  });
});
