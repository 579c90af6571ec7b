import { describe, expect, it } from 'vitest';
import type { Statements } from './statements.ts';
import { sampleWrites } from './write-history.ts';
import { stepLessSql, writesSql } from './write-history-sql.ts';

const window = { from: '2026-01-01 00:00:00.000000', to: '2026-01-01 00:05:00.000000' };

it('a statement falls in the window in which it ended, however long before that it began', () => {
  for (const sql of [writesSql(window, ['7']), stepLessSql(window)]) {
    const where = sql.slice(sql.indexOf(' WHERE '), sql.includes(' GROUP BY ') ? sql.indexOf(' GROUP BY ') : undefined);
    expect(where).toContain(`h.end_time >= '${window.from}'::timestamp AND h.end_time < '${window.to}'::timestamp`);
    expect(where).not.toContain('start_time');
  }
});

/** The answers of the batch in its order: open transactions, writes, names, statements without a step, clock. */
function answering(status: string, names: string[][]): Statements {
  const write = ['7', '70', 'INSERT', '1', window.from, window.from];
  const answers: Record<string, (string | null)[][][]> = {
    writes: [[], [write], names, [], [[window.to]]],
    outcomes: [[['70', status, status === 'committed' ? window.from : null]]],
  };
  return { query: (what: string) => Promise.resolve(answers[what]) } as unknown as Statements;
}

const request = { ...window, tables: [{ oid: '7', schema: 'public', table: 'flights' }], pending: [] };

it('only a transaction that is said to be rolled back leaves its writes out: another word is not known', async () => {
  const outcomeOf = async (status: string) =>
    (await sampleWrites(answering(status, [['7', 'public', 'flights']]), request)).outcomes.get('70');
  expect(await outcomeOf('committed')).toEqual({ kind: 'committed', at: window.from });
  expect(await outcomeOf('rolledback')).toEqual({ kind: 'rolled-back' });
  expect(await outcomeOf('running')).toBeUndefined();
  expect(await outcomeOf('')).toBeUndefined();
});

it('tells which tables have lost their name to another one', async () => {
  const displaced = async (names: string[][]) => (await sampleWrites(answering('committed', names), request)).displaced;
  expect(await displaced([['7', 'public', 'flights']])).toEqual([]);
  expect(await displaced([['7', 'public', 'flights_old']])).toEqual(['7']);
  expect(await displaced([])).toEqual(['7']);
});

describe('a statement without steps whose text is cut', () => {
  const two = {
    ...window,
    tables: [
      { oid: '7', schema: 'public', table: 'flights' },
      { oid: '8', schema: 'public', table: 'fares' },
    ],
    pending: [],
  };
  async function written(text: string): Promise<string[]> {
    const row = ['70', 'UTILITY', window.from, window.from, text, '4711'];
    const answers = [
      [],
      [],
      [
        ['7', 'public', 'flights'],
        ['8', 'public', 'fares'],
      ],
      [row],
      [[window.to]],
    ];
    const statements = { query: (what: string) => Promise.resolve(what === 'writes' ? answers : [[]]) };
    const sample = await sampleWrites(statements as unknown as Statements, two);
    return sample.writes.map((write) => `${write.oid} ${write.kind}`);
  }
  const any = ['7 truncate in the cut text of query 4711', '8 truncate in the cut text of query 4711'];
  const comment = (length: number) => `/* flights ${'x'.repeat(length)}`;

  it('may have written any table, with the query named, where it truncates or has not yet begun', async () => {
    expect(await written(`truncate ${comment(4_000)}`.slice(0, 4_000))).toEqual(any);
    expect(await written(comment(4_000).slice(0, 4_000))).toEqual(any);
    expect(await written(`-- ${'x'.repeat(4_000)}`.slice(0, 4_000))).toEqual(any);
  });

  it('is no write where its beginning says what it is, and a whole text names its table', async () => {
    expect(await written(`create view v as select ${'x'.repeat(4_000)}`.slice(0, 4_000))).toEqual([]);
    expect(await written('truncate flights')).toEqual(['7 truncate']);
    expect(await written(`${comment(100)} */ grant`)).toEqual([]);
  });
});
