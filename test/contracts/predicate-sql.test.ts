/** Which rows a chunk is: the rendered conditions, run on DuckDB. Every row before the cut line has one chunk (I1). */
import type { CutLine, KeyPart } from '@lakehaul/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { predicateSql } from '../../packages/adapters/src/redshift/predicate.ts';
import { openTestSql, type TestSql } from '../../packages/sandbox/src/sql/test-sql.ts';
import { plannedColumn } from '../support/planned-table.ts';

let sql: TestSql;
beforeAll(async () => {
  sql = await openTestSql();
  // Keys on and beside the boundaries; times before, at and after the cut line, and none.
  await sql.connection.run('DELETE FROM t');
  await sql.connection.run(
    `INSERT INTO t (i, b, ts) SELECT row_number() OVER (), k.b, c.ts FROM (VALUES (-1), (9), (10), (11), (19), (20), (21), (NULL)) k(b),
     (VALUES (TIMESTAMP '2026-03-14 23:59:59.999999'), (TIMESTAMP '2026-03-15'), (TIMESTAMP '2026-03-15 00:00:00.000001'), (NULL)) c(ts)`,
  );
});
afterAll(() => sql[Symbol.asyncDispose]());

const COLUMNS = [plannedColumn('b', { kind: 'bigint' }, 1), plannedColumn('ts', { kind: 'timestamp' }, 2)].map(
  (column) => column.source,
);
const range = (from: string | null, to: string | null): KeyPart[] => [{ kind: 'range', column: 'b', from, to }];
const CHUNKS: KeyPart[][] = [range(null, '10'), range('10', '20'), range('20', null), [{ kind: 'null', column: 'b' }]];

async function rowsOf(parts: readonly KeyPart[], cutLine: CutLine | null): Promise<string[]> {
  const where = predicateSql({ parts, cutLine }, COLUMNS);
  const rows = await sql.rows('redshift', `SELECT i FROM t t${where === null ? '' : ` WHERE ${where}`} ORDER BY i`);
  return rows.map(([i]) => String(i));
}

it.each([null, { column: 'ts', before: '2026-03-15 00:00:00.000000' }])(
  'the chunks hold every row once, cut line %j',
  async (cutLine) => {
    const all = await rowsOf([], cutLine);
    // Of four times a key, the one before the line and the one without a time are hauled.
    expect(all).toHaveLength(cutLine === null ? 32 : 16);
    const chunks = await Promise.all(CHUNKS.map((parts) => rowsOf(parts, cutLine)));
    expect(chunks.flat().sort()).toEqual([...all].sort());
    expect(chunks.map((rows) => rows.length * (cutLine === null ? 1 : 2))).toEqual([8, 12, 8, 4]);
  },
);
