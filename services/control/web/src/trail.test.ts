import { expect, it } from 'vitest';
import type { Receipt } from './shapes.ts';
import { countsOf, judgement, trailOf } from './trail.ts';

function receipt(stage: string, attempt: number, lastModifiedMs: number, body: Receipt['body']): Receipt {
  return {
    ...{ schemaVersion: 1, migration: 'm', tableId: 't', generation: 1, chunk: 0, attempt, stage, nonce: 'n' },
    ...{ at: '2026-01-01T00:00:00.000Z', by: { service: 'worker', instance: 'w1', version: '0' }, causedBy: null },
    ...{ body, key: `${attempt}.${stage}.${lastModifiedMs}`, lastModifiedMs },
  };
}

const ROWS = { transaction: '10', manifest: '10', load: '10', target: '9' };
const TRAIL = [
  receipt('opened', 1, 1_000, { cause: 'planned', reason: 'first attempt' }),
  receipt('unloaded', 1, 4_000, {
    rowCount: '10',
    manifestRowCount: '10',
    files: [{}, {}],
    statementId: 's-1',
    durationMs: 1_500,
  }),
  receipt('loaded', 1, 9_000, { rowCount: '10', operation: 'copy', targetVersion: '6', statementIds: ['t-1', 't-2'] }),
  receipt('mismatched', 1, 12_000, {
    ...{
      rowCounts: ROWS,
      differences: ['rows: load 10, target 9'],
      diagnosis: { cause: 'rows-missing', detail: 'one row is missing' },
    },
    target: { groups: [{ sum1: '12', sum2: '34' }] },
  }),
];

it('tells what happened in the order in which it did, with what can be looked up elsewhere', () => {
  const events = trailOf({ trail: TRAIL });
  expect(events.map(({ stage, afterMs, what }) => [stage, afterMs, what])).toEqual([
    ['opened', null, 'the first attempt'],
    ['unloaded', 3_000, '10 rows in 2 files in 1 s'],
    ['loaded', 5_000, '10 rows by copy, target version 6'],
    ['mismatched', 3_000, 'rows: load 10, target 9'],
  ]);
  expect(events.flatMap(({ ids }) => ids.map(({ text }) => text))).toEqual(['s-1', 't-1', 't-2']);
  expect(events.at(-1)).toMatchObject({ isTrouble: true, why: 'one row is missing' });
});

it('counts that differ are never told as equal', () => {
  expect(countsOf({ trail: TRAIL })).toMatchObject({
    isEqual: false,
    proof: 'mismatched',
    hashes: [{ name: 'target', sums: ['sum1 12,sum2 34'] }],
  });
  expect(countsOf({ trail: TRAIL.slice(0, 2) })).toMatchObject({
    ...{ isEqual: true, proof: null },
    counts: [{ rows: '10' }, { rows: '10' }, { rows: null }, { rows: null }],
  });
});

it('a proof says nothing of an attempt after it', () => {
  const trail = [...TRAIL, receipt('opened', 2, 13_000, { cause: 'mismatched', reason: '' })];
  expect(countsOf({ trail })).toBeNull();
  expect(countsOf({ trail: [] })).toBeNull();
});

it('claims that hashes agree only where some were compared', () => {
  const all = { transaction: '10', manifest: '10', load: '10', target: '10' };
  const sums = { groups: [{ sum1: '12', sum2: '34' }] };
  const words = (stage: string, body: Receipt['body']) => {
    const counts = countsOf({ trail: [receipt(stage, 1, 1_000, body)] });
    return counts === null ? null : judgement(counts);
  };
  const hashed = { rowCounts: all, carried: sums, target: sums };
  expect(words('verified', hashed)).toEqual({ words: 'All four agree, and so do the hashes.', isGood: true });
  const none = 'All four agree; no hashes were compared.';
  expect(words('counted', { rowCounts: all, carried: null, target: null })?.words).toBe(none);
  // A table of level count that was proven again.
  expect(words('reproved', { rowCounts: all, carried: null, target: null })?.words).toBe(none);
  expect(words('verified', { ...hashed, rowCounts: { ...all, load: '9' } })?.isGood).toBe(false);
  expect(words('verified', { ...hashed, rowCounts: { transaction: '10' } })?.isGood).toBe(false);
  expect(words('mismatched', hashed)?.isGood).toBe(false);
  const unloaded = { rowCount: '10', manifestRowCount: '10' };
  expect(words('unloaded', unloaded)).toEqual({ words: 'What is known so far agrees.', isGood: null });
});

it('an attempt that follows another one is reopened, with why and the receipt that led to it', () => {
  const opened = receipt('opened', 2, 13_000, { cause: 'late-rows', reason: 'a probe found 1 row more' });
  const [event] = trailOf({ trail: [{ ...opened, causedBy: 'records/tables/t/probes/0000000001.json' }] });
  expect(event).toMatchObject({
    ...{ stage: 'reopened', what: 'the source was written after the proof', why: 'a probe found 1 row more' },
    ids: [{ label: 'because of', text: 'records/tables/t/probes/0000000001.json' }],
  });
});
