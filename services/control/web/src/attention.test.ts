import { expect, it } from 'vitest';
import { attentionOf } from './attention.ts';
import type { Signals, TableStatus } from './shapes.ts';

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
    ['Stopped: SCHEMA_DRIFT', 'c', true],
    ['2 quarantined', 'b', true],
    ['Written at the source', 'a', false],
    ['Paused', '*::unload', false],
  ]);
});

it('what no table alone is about is told as well: lateness, the budget, proofs that nobody vouches for, processes', () => {
  const late = { isLate: true, p90: '2026-02-02T00:00:00Z', plannedDate: '2026-02-01' };
  const status = {
    ...{
      tables: [],
      steering: { ...steering, pauses: [] },
      eta: late,
      cost: { budget: { verdict: 'stop', reason: 'spent' } },
    },
    decision: { verdict: 'HOLD', reasons: [{ code: 'WRITE_LOG_STALE', reason: 'never looked at', next: 'watch' }] },
  } as unknown as Parameters<typeof attentionOf>[0];
  const signal = {
    process: 'billing',
    status: 'failing',
    at: '2026-01-01T00:00:00Z',
    who: 'ann',
    reason: 'no invoices',
  };
  const items = attentionOf(status, [signal as Signals['signals'][number], { ...signal, status: 'ok' } as never]);
  expect(items.map(({ what, where, isGrave }) => [what, where, isGrave])).toEqual([
    ['Budget', '', true],
    ['Declared failing', 'billing', true],
    ['Later than planned', '', false],
    ['Proofs are not known to hold now', '', false],
  ]);
  expect(attentionOf({ ...status, eta: { ...late, isLate: false } as never }).map(({ what }) => what)).not.toContain(
    'Later than planned',
  );
});

it('the same of many tables is one thing to do', () => {
  const tables = ['a', 'b', 'c', 'd'].map((name) => table(name, { writes: 'gap' }));
  expect(
    attentionOf({ tables, steering: { ...steering, pauses: [] } }).map(({ where, href }) => [where, href]),
  ).toEqual([['a, b and 2 more', '#/tables']]);
});

it('chunks in quarantine of many tables are counted together, stops are told one by one', () => {
  const stop = {
    code: 'ROW_SECURITY',
    reason: 'r',
    next: 'n',
    since: '2026-01-01T00:00:00Z',
    digest: 'd',
    driftAcceptance: null,
  };
  const tables = ['a', 'b', 'c', 'd'].map((name, at) =>
    table(name, { stages: { ...STAGES, quarantined: at + 1, accepted: 0 }, stop: stop as TableStatus['stop'] }),
  );
  const items = attentionOf({ tables, steering: { ...steering, pauses: [] } });
  expect(items.map(({ what, where, href }) => [what, where, href])).toEqual([
    ...['a', 'b', 'c', 'd'].map((name) => ['Stopped: ROW_SECURITY', name, `#/tables/${name}-1`]),
    ['10 quarantined', 'a, b and 2 more', '#/quarantine'],
  ]);
});
