import { LakehaulError, type Log } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { ROW_SECURITY_SQL, SUPERUSER_SQL, TABLES_SQL } from './catalogue-sql.ts';
import { discover } from './discover.ts';
import type { Statements } from './statements.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };

/** A catalogue with one table; each answer by its statement, empty otherwise. */
function catalogue(answers: ReadonlyMap<string, string[][] | LakehaulError>): Statements {
  const query = async (_what: string, sqls: readonly string[]) =>
    sqls.map((sql) => {
      const answer = answers.get(sql) ?? (sql === TABLES_SQL ? [['public', 'orders', '7']] : []);
      if (answer instanceof LakehaulError) throw answer;
      return answer;
    });
  return { query } as unknown as Statements;
}

const unknownPolicies = async (answers: ReadonlyMap<string, string[][] | LakehaulError>) =>
  (await discover(catalogue(answers), 'dev', log)).notMoved
    .filter((entry) => entry.kind === 'policy')
    .map((entry) => entry.name);

describe('policies that may hide rows', () => {
  it('a superuser who sees none knows that there are none', async () => {
    expect(await unknownPolicies(new Map([[SUPERUSER_SQL.sql, [['1']]]]))).toEqual([]);
  });

  it.each([
    ['another user who sees none', [['0']]],
    ['a user whose rights are not known', []],
  ])('%s knows nothing', async (_who, answer) => {
    expect(await unknownPolicies(new Map([[SUPERUSER_SQL.sql, answer]]))).toEqual([
      '(row-level security)',
      '(masking)',
    ]);
  });

  it('a view that is denied says nothing either', async () => {
    const answers = new Map<string, string[][] | LakehaulError>([
      [SUPERUSER_SQL.sql, [['1']]],
      [ROW_SECURITY_SQL.sql, new LakehaulError('PERMISSION_DENIED', 'denied')],
    ]);
    expect(await unknownPolicies(answers)).toEqual(['(row-level security)']);
  });

  it('what any user sees is there', async () => {
    const { tables } = await discover(catalogue(new Map([[ROW_SECURITY_SQL.sql, [['public', 'orders']]]])), 'dev', log);
    expect(tables[0]).toMatchObject({ hasRowSecurity: true, hasMasking: false });
  });
});
