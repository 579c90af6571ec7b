import { expect, it } from 'vitest';
import { attentionOf } from './attention.ts';
import type { TableStatus } from './shapes.ts';

const STAGES = { planned: 0, opened: 0, unloaded: 0, loaded: 0, void: 0, counted: 0, verified: 4, mismatched: 0 };

function table(name: string, changes: Partial<TableStatus>): TableStatus {
  const plain: Partial<TableStatus> = {
    ...{ table: name, tableId: `${name}-1`, level: 'carried', chunks: 4, done: 4, stop: null, sealFaults: [] },
    ...{ stages: { ...STAGES, quarantined: 0, accepted: 0 }, writes: 'unwritten' },
  };
  return { ...plain, ...changes } as TableStatus;
}

const steering = { pauses: ['*::unload'], limits: [], priorities: [], throttle: [] };

it('what stops a table comes first, what a person set comes last', () => {
  const items = attentionOf({
    tables: [
      table('a', { writes: 'written' }),
      table('b', { stages: { ...STAGES, quarantined: 2, accepted: 0 } }),
      table('c', {
        stop: {
          ...{ code: 'SCHEMA_DRIFT', reason: 'a column is gone', next: 'look', since: '2026-01-01T00:00:00Z' },
          ...{ digest: 'd', driftAcceptance: 'no' },
        },
      }),
      table('d', {}),
    ],
    steering,
  });
  expect(items.map(({ what, where, isGrave }) => [what, where, isGrave])).toEqual([
    ['2 quarantined', 'b', true],
    ['Stopped: SCHEMA_DRIFT', 'c', true],
    ['Written at the source', 'a', false],
    ['Paused', '*::unload', false],
  ]);
});

it('the same of many tables is one thing to do', () => {
  const tables = ['a', 'b', 'c', 'd'].map((name) => table(name, { writes: 'gap' }));
  expect(
    attentionOf({ tables, steering: { ...steering, pauses: [] } }).map(({ where, href }) => [where, href]),
  ).toEqual([['a, b and 2 more', '#/tables']]);
});
