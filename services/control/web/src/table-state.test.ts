import { expect, it } from 'vitest';
import type { TableStatus } from './shapes.ts';
import { tableRank, tableState } from './table-state.ts';

type Changes = Omit<Partial<TableStatus>, 'stages'> & { stages?: Partial<TableStatus['stages']> };

function table(changes: Changes = {}): TableStatus {
  const plain: Changes = {
    ...{ table: 'a', tableId: 'a-1', level: 'carried', chunks: 4, done: 4, accepted: 0, repaired: 0 },
    ...{ stop: null, sealFaults: [], stages: { verified: 4 }, writes: 'unwritten', isSealed: true },
  };
  return { ...plain, ...changes } as TableStatus;
}
const fault = { kind: 'missing', chunk: 1, message: 'chunk 1 is not there' } as TableStatus['sealFaults'][number];
const stop = {
  ...{ code: 'SCHEMA_DRIFT', reason: 'a column is gone', next: 'look', since: '2026-01-01T00:00:00Z' },
  ...{ digest: 'd', driftAcceptance: 'no' as const },
};

it('only what is proven whole, sealed and known to be unwritten is told as good', () => {
  expect(tableState(table())).toEqual({ words: 'sealed', tone: 'good' });
  expect(tableState(table({ repaired: 1 }))).toEqual({ words: 'sealed, 1 repaired', tone: 'good' });
  const worse: Changes[] = [
    { stop },
    { stages: { verified: 3, quarantined: 1 }, done: 3 },
    { sealFaults: [fault], isSealed: false },
    { stages: { verified: 3, mismatched: 1 }, done: 3 },
    { writes: 'written' },
    { writes: 'gap' },
    { done: 3, stages: { verified: 3, loaded: 1 }, writes: null, isSealed: false },
    { isSealed: false },
    // Two people took a chunk that differs: the seal holds the target to it, and it is not equal for that.
    { done: 3, accepted: 1, stages: { verified: 3, accepted: 1 } },
  ];
  for (const change of worse) expect(tableState(table(change)).tone, JSON.stringify(change)).not.toBe('good');
  expect(tableState(table({ done: 3, accepted: 1 })).words).toBe('sealed, 1 taken unproven');
  expect(tableState(table({ done: 3, accepted: 1, isSealed: false })).words).toBe('not sealed, 1 taken unproven');
});

it('what is worse comes first', () => {
  const ranks = [
    table({ stop }),
    table({ stages: { quarantined: 1 } }),
    table({ sealFaults: [fault] }),
    table({ writes: 'gap' }),
    table({ done: 3, writes: null, isSealed: false }),
    table(),
  ].map(tableRank);
  expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  expect(new Set(ranks).size).toBe(ranks.length);
});
