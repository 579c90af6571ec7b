import type { Target } from '@lakehaul/adapters';
import { type Log, lineageOf } from '@lakehaul/core';
import { isSealCurrent } from '@lakehaul/ledger';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, PROOF, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { commitFaults, historyGap, lineageFaults, type ProvenChunk, sealTable } from './seal-table.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const proven: ProvenChunk[] = [
  { chunk: 0, attempt: 1, rowCount: '10', provenVersion: '5' },
  { chunk: 1, attempt: 2, rowCount: '10', provenVersion: '9' },
];
const commit = (
  operation: string,
  more: { version?: string; parameters?: Record<string, string>; metrics?: Record<string, string> } = {},
) => ({ version: '8', operation, parameters: {}, metrics: {}, user: 'someone', ...more });
const isFault = (...args: Parameters<typeof commit>) => commitFaults([commit(...args)], proven).length === 1;

describe('commits since the oldest proof', () => {
  // As the local warehouse, Spark's SQL text, and a resolved expression write it.
  it.each([
    '["`_lakehaul` BETWEEN 65536 AND 131071"]',
    '["((_lakehaul#123L >= 65536) AND (_lakehaul#123L <= 131071))"]',
    '["(\'_lakehaul >= CAST(65536 AS DECIMAL(20,0))) AND (\'_lakehaul <= 131071)"]',
    '["(_lakehaul IS NOT NULL AND _lakehaul BETWEEN 65536L AND 131071L)"]',
    // With the deadline of a DELETE, as it is written and as the optimizer may leave it.
    '["(`_lakehaul` BETWEEN 65536 AND 131071 AND unix_micros(current_timestamp()) < 1800000000000000)"]',
    '["(_lakehaul#1L >= 65536) AND (_lakehaul#1L <= 131071) AND (1799999999999999 < 1800000000000000)"]',
  ])('are ours by %s', (predicate) => {
    expect(isFault('WRITE', { parameters: { mode: 'Overwrite', predicate } })).toBe(false);
    expect(isFault('DELETE', { parameters: { predicate } })).toBe(false);
  });

  it('are not ours when the proof of the chunk has not seen them', () => {
    const parameters = { mode: 'Overwrite', predicate: '["_lakehaul BETWEEN 65536 AND 131071"]' };
    expect(isFault('WRITE', { version: '9', parameters })).toBe(false);
    expect(isFault('WRITE', { version: '10', parameters })).toBe(true);
    const other = { mode: 'Overwrite', predicate: '["_lakehaul BETWEEN 0 AND 65535"]' };
    expect(isFault('WRITE', { version: '8', parameters: other })).toBe(true);
  });

  it.each([
    '["_lakehaul > 0"]',
    '["_lakehaul = 65537"]',
    '["_lakehaul BETWEEN 65536 AND 131071 OR id = 4"]',
    '["NOT _lakehaul BETWEEN 65536 AND 131071"]',
    '["_lakehaul BETWEEN 0 AND 131071"]',
    '["_lakehaul BETWEEN 65536 AND 196607"]',
    '["_lakehaul BETWEEN 65537 AND 131071"]',
    '[]',
  ])('are not ours by %s', (predicate) => {
    expect(isFault('DELETE', { parameters: { predicate } })).toBe(true);
  });

  it('are judged by what they changed where they tell it', () => {
    expect(isFault('MERGE', { metrics: { numTargetRowsUpdated: '0', numTargetRowsDeleted: '0' } })).toBe(false);
    expect(isFault('MERGE', { metrics: { numTargetRowsUpdated: '1', numTargetRowsDeleted: '0' } })).toBe(true);
    expect(isFault('MERGE', { metrics: { numTargetRowsUpdated: '0' } })).toBe(true);
    expect(isFault('DELETE', { metrics: { numDeletedRows: '0' } })).toBe(false);
    expect(isFault('UPDATE')).toBe(true);
  });

  it('append or tend the table, or may have changed what is there', () => {
    expect(isFault('WRITE', { parameters: { mode: 'Append' } })).toBe(false);
    expect(isFault('WRITE')).toBe(true);
    expect(isFault('OPTIMIZE')).toBe(false);
    expect(isFault('STREAMING UPDATE', { parameters: { outputMode: 'Append' } })).toBe(false);
    expect(isFault('STREAMING UPDATE', { parameters: { outputMode: 'Complete' } })).toBe(true);
    // a to x, b to a, x to b: the values of two columns are swapped in every row.
    expect(isFault('RENAME COLUMN')).toBe(true);
    expect(isFault('CHANGE COLUMN')).toBe(true);
    expect(isFault('RESTORE')).toBe(true);
  });

  it('must all be told by the history', () => {
    const commits = [{ version: '7' }, { version: '8' }];
    expect(historyGap(commits, 6n, 8n)).toEqual([]);
    expect(historyGap(commits, 4n, 8n)[0]?.message).toContain('2 of the 4');
  });
});

describe('the rows of the table against the ledger', () => {
  const good = [
    { lineage: lineageOf(0, 1), rowCount: '10' },
    { lineage: lineageOf(1, 2), rowCount: '10' },
  ];
  const kinds = (found: { lineage: bigint; rowCount: string }[], of: readonly ProvenChunk[] = proven) =>
    lineageFaults(of, found).map((fault) => `${fault.kind} ${fault.chunk}`);

  it('are the proven ones, each once', () => {
    expect(kinds(good)).toEqual([]);
    expect(kinds([...good].reverse())).toEqual([]);
  });

  it('of an attempt that was replaced, or is not proven yet, are stale', () => {
    expect(kinds([...good, { lineage: lineageOf(1, 1), rowCount: '3' }])).toEqual(['stale 1']);
    expect(kinds([...good, { lineage: lineageOf(0, 2), rowCount: '10' }])).toEqual(['stale 0']);
  });

  it('are counted: one too many, one too few, none', () => {
    const first = good.slice(1);
    expect(kinds([{ lineage: lineageOf(0, 1), rowCount: '11' }, ...first])).toEqual(['count 0']);
    expect(kinds([{ lineage: lineageOf(0, 1), rowCount: '9' }, ...first])).toEqual(['count 0']);
    expect(kinds(first)).toEqual(['missing 0']);
  });

  it('of no chunk at all are foreign, and a chunk without rows misses none', () => {
    expect(kinds([...good, { lineage: lineageOf(7, 1), rowCount: '1' }])).toEqual(['foreign null']);
    const empty = { chunk: 2, attempt: 1, rowCount: '0', provenVersion: '9' };
    expect(kinds(good, [...proven, empty])).toEqual([]);
  });
});

describe('sealTable', () => {
  it('is not current when a proof came while it was taken', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const plan = tablePlan(1);
    await ledger.writePlan(plan, rangeChunks(plan));
    const ref = { ...chunkRef(plan, 0), attempt: 1 };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(ref, 'unloaded', BODIES.unloaded, null);
    await ledger.write(ref, 'loaded', BODIES.loaded, null);
    await ledger.write(ref, 'verified', BODIES.verified, null);
    world.tick();
    const scan = ledger.openScan();
    await scan.refresh();
    const target: Partial<Target> = {
      version: async () => '8',
      lineageCounts: async () => [{ lineage: 1n, rowCount: '10' }],
      history: async () => {
        // Somebody changed a row, and a new proof explains it: both after this seal has read the proofs.
        world.tick();
        await ledger.recordReproof(ref, { ...PROOF, targetVersion: '8' });
        world.tick();
        return [{ ...commit('UPDATE'), statementTag: null }];
      },
    };
    const deps = { ledger, target: target as Target };
    expect((await sealTable(deps, [plan], scan, log)).isSealed).toBe(false);
    await scan.refresh();
    expect(await isSealCurrent(ledger, scan, [plan])).toBe(false);
    const after = await sealTable({ ...deps, target: { ...deps.target, history: async () => [] } }, [plan], scan, log);
    expect(after.isSealed).toBe(true);
    expect(await isSealCurrent(ledger, scan, [plan])).toBe(true);
  });

  it('is not current for a receipt of the same second: S3 cannot tell which came first', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const plan = tablePlan(1);
    await ledger.writePlan(plan, rangeChunks(plan));
    const ref = { ...chunkRef(plan, 0), attempt: 1 };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(ref, 'verified', BODIES.verified, null);
    const scan = ledger.openScan();
    const target: Partial<Target> = {
      version: async () => '7',
      lineageCounts: async () => [{ lineage: 1n, rowCount: '10' }],
      history: async () => [],
    };
    const seal = async () => {
      await scan.refresh();
      await sealTable({ ledger, target: target as Target }, [plan], scan, log);
      return isSealCurrent(ledger, scan, [plan]);
    };
    expect(await seal()).toBe(false);
    world.tick();
    expect(await seal()).toBe(true);
  });
});
