import { afterAll, beforeAll, expect, test } from 'vitest';
import { emitAssignment, emitCopySelect, emitInsertRows, emitPredicate } from './emit-statement.ts';
import { parseDatabricks, parseExpressionText, parseRedshift } from './parse.ts';
import type { ColumnInfo } from './sql-type.ts';
import { openTestSql, type TestSql } from './test-sql.ts';

let sql: TestSql;
beforeAll(async () => {
  sql = await openTestSql();
});
afterAll(() => sql[Symbol.asyncDispose]());

const catalog = {
  resolve() {
    return { duckdbSql: `(SELECT 'ab' AS c1, 5::BIGINT AS c2)`, columns: COPY_COLUMNS };
  },
};
const COPY_COLUMNS: ColumnInfo[] = [
  { name: 'c1', type: { kind: 'string' } },
  { name: 'c2', type: { kind: 'bigint' } },
];

test('ranges over numbers and times stay plain comparisons, which DuckDB pushes into its scans', async () => {
  const where = `b >= '5'::bigint AND b < 9007199254740999 AND ts >= '2020-01-01 00:00:00'::timestamp AND tz < ('2021-01-01 00:00:00'::timestamp AT TIME ZONE 'UTC')`;
  const { sql: emitted } = sql.emitted('redshift', `SELECT i FROM t WHERE ${where}`);
  const reader = await sql.connection.runAndReadAll(`EXPLAIN ${emitted}`);
  const plan = String(reader.getRowsJson()[0]?.[1]);
  expect(plan).toMatch(/Filters:/);
  expect(plan).not.toMatch(/FILTER\s/);
  expect(await sql.rows('redshift', `SELECT i FROM t WHERE ${where}`)).toEqual([[7]]);
});

test('the halves of a row hash carry no test that hand-written SQL would not', () => {
  const halves = `SELECT STRTOL(SUBSTRING(g,1,15),16), STRTOL(SUBSTRING(g,16,15),16) FROM (SELECT MD5(s) AS g FROM t) r`;
  const { sql: redshift } = sql.emitted('redshift', halves);
  const { sql: databricks } = sql.emitted(
    'databricks',
    `SELECT CAST(conv(SUBSTRING(g,1,15),16,10) AS BIGINT) FROM (SELECT md5(s) AS g FROM t) r`,
  );
  for (const emitted of [redshift, databricks]) expect(emitted).not.toMatch(/lakehaul_|regexp/);
  // Sixteen digits may not fit, and are tested.
  expect(sql.emitted('redshift', 'SELECT STRTOL(SUBSTRING(MD5(s),1,16),16) FROM t').sql).toMatch(/lakehaul_hex_int/);
});

test('the catalog hears which rows are wanted, and nothing about sides of a join', () => {
  sql.emitted('databricks', 'SELECT i FROM t WHERE b BETWEEN 1 AND 5');
  expect(sql.asked[0]?.conjuncts.map((conjunct) => conjunct.op)).toEqual(['>=', '<=']);
  sql.emitted('databricks', 'SELECT x.i FROM t x LEFT JOIN t y ON x.i = y.i WHERE y.b = 1');
  expect(sql.asked.map((asked) => asked.conjuncts)).toEqual([[], []]);
});

const TABLE: ColumnInfo[] = [
  { name: 'id', type: { kind: 'bigint' } },
  { name: 'name', type: { kind: 'varchar', length: 3 } },
  { name: 'fixed', type: { kind: 'char', length: 3 } },
  { name: 'day', type: { kind: 'date' } },
];

async function insert(text: string): Promise<unknown[][]> {
  const body = parseRedshift(text)[0]?.body;
  if (body?.kind !== 'insert') throw new Error('no INSERT');
  const rows = emitInsertRows(body, TABLE, { dialect: 'redshift', catalog });
  return (await sql.connection.runAndReadAll(rows.sql)).getRowsJson();
}

test('INSERT gives every column in its order and type', async () => {
  expect(await insert(`INSERT INTO x (day, id, fixed) VALUES ('2020-01-31', '5', 'a  '), (null, 6, 'abc  ')`)).toEqual([
    ['5', null, 'a', '2020-01-31'],
    ['6', null, 'abc', null],
  ]);
  expect(await insert(`INSERT INTO x SELECT 1, 'ab ', 'c', date '2020-01-01'`)).toEqual([
    ['1', 'ab ', 'c', '2020-01-01'],
  ]);
  await expect(insert(`INSERT INTO x (name) VALUES ('abcd')`)).rejects.toThrow(/too long/);
  await expect(insert(`INSERT INTO x (name) VALUES (5)`)).rejects.toThrow(/cannot be stored/);
  await expect(insert(`INSERT INTO x (nothing) VALUES (5)`)).rejects.toThrow(/nothing/);
  await expect(insert(`INSERT INTO x (id, id) VALUES (5, 6)`)).rejects.toThrow(/more than once/);
  await expect(insert(`INSERT INTO x (id, name) VALUES (5)`)).rejects.toThrow(/1 values for 2/);
});

test('COPY INTO: the SELECT over the files', async () => {
  const body = parseDatabricks(
    `COPY INTO t FROM (SELECT CAST(65537 AS BIGINT) AS _lakehaul, unhex(c1) AS v, timestamp_micros(c2) ts FROM 's3://b/p') FILEFORMAT = PARQUET`,
  )[0]?.body;
  if (body?.kind !== 'copy-into' || body.select === null) throw new Error('no COPY INTO');
  const emitted = emitCopySelect(
    body.select,
    { path: body.source, format: body.fileFormat },
    { dialect: 'databricks', catalog },
  );
  expect(emitted.columns).toEqual([
    { name: '_lakehaul', type: { kind: 'bigint' } },
    { name: 'v', type: { kind: 'binary' } },
    { name: 'ts', type: { kind: 'timestamptz' } },
  ]);
  const reader = await sql.connection.runAndReadAll(emitted.sql);
  expect(reader.getRowsJson()).toEqual([['65537', '\\xAB', '1970-01-01 00:00:00.000005+00']]);
});

test('predicates and values over one table alone', async () => {
  const scope = { dialect: 'redshift' as const, catalog, columns: TABLE, name: 'x' };
  const predicate = emitPredicate(parseExpressionText(`name = 'a' AND x.id > 4`, 'redshift'), scope);
  const value = emitAssignment(
    parseExpressionText(`'2020-01-31'`, 'redshift'),
    { name: 'day', type: { kind: 'date' } },
    scope,
  );
  const reader = await sql.connection.runAndReadAll(
    `SELECT ${predicate}, ${value} FROM (VALUES (5, 'a  ')) AS x(id, name)`,
  );
  expect(reader.getRowsJson()).toEqual([[true, '2020-01-31']]);
  expect(() => emitPredicate(parseExpressionText('id', 'redshift'), scope)).toThrow(/boolean/);
});
