/**
 * The hash SQL of both dialects, run on DuckDB over a few values that are easily taken for each other, against the
 * referee. The whole set of types and values goes through the clouds in type-torture.sandbox.test.ts; this is its fast twin.
 */
import type { HashForm, SourceType } from '@lakehaul/core';
import { type ExactValue, type HashColumn, halfSql, hashLevels, rowHash, type SqlDialect } from '@lakehaul/fingerprint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestSql, type TestSql } from '../../packages/sandbox/src/sql/test-sql.ts';

let sql: TestSql;
beforeAll(async () => {
  sql = await openTestSql();
  // Beside the rows that are there: what is empty, what is NULL, what has one bit more.
  await sql.connection.run(`INSERT INTO t VALUES
    (1, 0, NULL, NULL, '-0'::DOUBLE, 0, 0, '2020-01-31', '2020-01-31 10:59:00', NULL, NULL, NULL),
    (2, NULL, '-1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\\x2D\\x31'::BLOB, NULL)`);
});
afterAll(() => sql[Symbol.asyncDispose]());

const COLUMNS: { name: string; type: SourceType }[] = [
  { name: 'b', type: { kind: 'bigint' } },
  { name: 's', type: { kind: 'varchar', maxBytes: 20 } },
  { name: 'd', type: { kind: 'double' } },
  { name: 'n', type: { kind: 'decimal', precision: 10, scale: 2 } },
  { name: 'dt', type: { kind: 'date' } },
  { name: 'ts', type: { kind: 'timestamp' } },
  { name: 'bl', type: { kind: 'varbyte', maxBytes: 20 } },
  { name: 'bo', type: { kind: 'boolean' } },
];
const columns: (HashColumn & { name: string })[] = COLUMNS.map(({ name, type }, index) => ({
  position: index + 1,
  type,
  name,
}));

/** The rows of `t` by their column `i`, as exact texts in the order of COLUMNS. */
const ROWS: Record<string, ExactValue[]> = {
  7: ['9007199254740993', 'ab  ', '2.5', '1.50', '2020-01-31', '2020-01-31 10:59:00.000001', 'ab00', 'true'],
  '-7': ['-1', 'ab', 'NaN', '-0.05', '1969-12-31', '1969-12-31 23:59:59.999999', '', 'false'],
  1: ['0', null, '0', '0', '2020-01-31', '2020-01-31 10:59:00', null, null],
  2: [null, '-1', null, null, null, null, '2d31', null],
  null: [null, '', null, null, null, null, null, null],
};

async function hashes(dialect: SqlDialect, form: HashForm): Promise<Map<string, [string, string]>> {
  const read = columns.map((column) => ({ ...column, reference: `t.${column.name}` }));
  const from = hashLevels(
    { dialect, columns: read, extra: ['t.i AS i'], from: 'FROM t AS t', groups: [{ name: 'g1', columns, form }] },
    'r',
  );
  const rows = await sql.rows(
    dialect,
    `SELECT i, ${halfSql(dialect, 'g1', 1)}, ${halfSql(dialect, 'g1', 2)} FROM ${from}`,
  );
  return new Map(rows.map(([i, h1, h2]) => [String(i), [String(h1), String(h2)]]));
}

describe.each(['redshift', 'databricks'] as const)('the row hash in %s', (dialect) => {
  it.each(['joined', 'digest'] as const)('is the referee’s, form %s', async (form) => {
    const found = await hashes(dialect, form);
    const expected = Object.entries(ROWS).map(([row, values]): [string, [string, string]] => {
      const { h1, h2 } = rowHash(columns, values, form);
      return [row, [h1.toString(), h2.toString()]];
    });
    expect(found).toEqual(new Map(expected));
    expect(new Set([...found.values()].flat()).size).toBe(2 * expected.length);
  });
});
