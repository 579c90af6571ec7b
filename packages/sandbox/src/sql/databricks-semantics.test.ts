import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestSql, type TestSql } from './test-sql.ts';

let sql: TestSql;
beforeAll(async () => {
  sql = await openTestSql();
});
afterAll(() => sql[Symbol.asyncDispose]());

/** Expression, value in the row i = 7. The twins of redshift-semantics.test.ts, where the two differ. */
const VALUES: [expression: string, value: unknown][] = [
  ['i / 2', 3.5],
  ['i % 4', 3],
  [`s = 'ab'`, false],
  [`s = 'ab  '`, true],
  [`s IN ('x', 'ab')`, false],
  [`nullif(s, 'ab')`, 'ab  '],
  [`regexp_replace('{"a":[1,"x"]}', '"[^"]*"', '')`, '{:[1,]}'],
  [`replace('a\\\\b', chr(92), '')`, 'ab'],
  [`regexp_like('{:12345}', '[0-9]{5}|[eE][+]?3')`, true],
  [`regexp_like('{:1234}', '[0-9]{5}|[eE][+]?3')`, false],
  [`regexp_like(NULL, '[0-9]{5}')`, null],
  ['length(s)', 4],
  ['md5(s)', '264e6a74a1ac3e8e478fa72bb2ce8bad'],
  [`conv(substring(md5('abc'), 1, 15), 16, 10)`, '648541476951500027'],
  [`CAST(conv(substring(md5('abc'), 1, 15), 16, 10) AS BIGINT)`, '648541476951500027'],
  [`conv('ffffffffffffffff', 16, 10)`, '18446744073709551615'],
  ['CAST(n AS STRING)', '1.50'],
  ['CAST(CAST(0 AS DECIMAL(38,10)) AS STRING)', '0.0000000000'],
  ['CAST(bo AS STRING)', 'true'],
  ['CAST(d AS BIGINT)', '2'],
  ['CAST(-d AS BIGINT)', '-2'],
  [`CAST(' 12 ' AS INT)`, 12],
  [`try_cast('x' AS INT)`, null],
  [`try_cast('12' AS INT)`, 12],
  ['hex(bl)', 'AB00'],
  [`unhex('ab00') = bl`, true],
  [`X'ab00' = bl`, true],
  [`concat(s, i, '|')`, 'ab  7|'],
  [`concat('a', null)`, null],
  [`concat_ws('|', 'a', null, 'b')`, 'a|b'],
  [`"a" || 'b'`, 'ab'],
  [`'a' 'b'`, 'ab'],
  [`'it\\'s \\u00e9\\t'`, "it's é\t"],
  [`r'\\d'`, '\\d'],
  ['unix_micros(tz)', '1580468400000000'],
  ['unix_micros(CAST(ts AS TIMESTAMP))', '1580468340000001'],
  ['unix_date(dt)', 18292],
  ['date_from_unix_date(18292)', '2020-01-31'],
  ['timestamp_micros(1580468400000000) = tz', true],
  ['CAST(timestamp_micros(5) AS TIMESTAMP_NTZ)', '1970-01-01 00:00:00.000005'],
  [`date_format(ts, 'yyyy-MM-dd HH:mm:ss.SSSSSS')`, '2020-01-31 10:59:00.000001'],
  [`isnan(CAST('NaN' AS DOUBLE))`, true],
  ['isnan(CAST(NULL AS DOUBLE))', false],
  [`s <=> null`, false],
  ['null <=> null', true],
  ['i IS NOT DISTINCT FROM 7', true],
  ['1.5D', 1.5],
  ['5L', '5'],
  ['1e3', 1000],
  ['1.50', '1.50'],
  ['if(i > 0, 1, 2)', 1],
  ['coalesce(null, s)', 'ab  '],
];

describe('values as Databricks computes them', () => {
  test.each(VALUES)('%s', async (expression, value) => {
    const [row] = await sql.rows('databricks', `SELECT ${expression} FROM t WHERE i = 7`);
    expect(row).toEqual([value]);
  });
});

const QUERIES: [query: string, rows: unknown[][]][] = [
  [`SELECT count(*) FROM t WHERE s = 'ab'`, [['1']]],
  ['SELECT count(DISTINCT s) FROM t', [['3']]],
  ['SELECT DISTINCT s FROM t ORDER BY s', [[''], ['ab'], ['ab  ']]],
  ['SELECT i FROM t ORDER BY i', [[null], [-7], [7]]],
  ['SELECT i FROM t ORDER BY i DESC', [[7], [-7], [null]]],
  ['SELECT avg(i) FROM t', [[0]]],
  ['SELECT avg(x) FROM VALUES (1), (2) AS v(x)', [[1.5]]],
  ['SELECT count(*) FILTER (WHERE i > 0), count_if(i > 0) FROM t', [['1', '1']]],
  ['SELECT i FROM (SELECT i, row_number() OVER (ORDER BY i DESC) n FROM t) WHERE n = 1', [[7]]],
  ['SELECT i, row_number() OVER (ORDER BY i DESC) k FROM t QUALIFY k = 1', [[7, 1]]],
  ['SELECT i FROM t EXCEPT ALL SELECT 7 ORDER BY 1', [[null], [-7]]],
  ['SELECT a.i FROM t a LEFT ANTI JOIN t z ON a.i = z.i', [[null]]],
  ['SELECT * EXCEPT (b, s, c, d, r, n, dt, ts, tz, bl, bo) FROM t WHERE i = 7', [[7]]],
  ['SELECT `I`, T.i FROM t WHERE I = 7', [[7, 7]]],
  ["SELECT x FROM VALUES (1, 'a'), (2, NULL) AS v(x, y) WHERE y IS NULL", [[2]]],
  ['SELECT sum(CAST(i AS DECIMAL(38,0))) FROM t', [['0']]],
];

test.each(QUERIES)('%s', async (query, rows) => {
  expect(await sql.rows('databricks', query)).toEqual(rows);
});

const ERRORS: [query: string, message: RegExp][] = [
  ['SELECT 1 / 0', /division by zero/],
  ['SELECT CAST(s AS INT) FROM t', /integer/],
  [`SELECT CAST('x' AS INT)`, /constant/],
  ['SELECT CAST(d AS BIGINT) FROM t WHERE i = -7', /out of range/],
  ['SELECT CAST(b AS INT) FROM t', /out of range|cast/i],
  [`SELECT unhex('xy')`, /hexadecimal/],
  [`SELECT conv('xyz', 16, 10)`, /conv/],
  ['SELECT crc32(s) FROM t', /crc32\(\) is not supported/],
  [`SELECT regexp_like(s, '[:,[]a') FROM t`, /REGEXP_LIKE with this pattern is not supported/],
  [`SELECT regexp_like(s, 'a.b') FROM t`, /REGEXP_LIKE with this pattern is not supported/],
  [`SELECT regexp_like(s, s) FROM t`, /REGEXP_LIKE with this pattern is not supported/],
  [`SELECT regexp_replace(s, 'a?', '') FROM t`, /REGEXP_REPLACE with this pattern is not supported/],
  ['SELECT datediff(DAY, dt, dt) FROM t', /DATEDIFF\(day/],
  ['SELECT CAST(ts AS STRING) FROM t', /a cast from timestamp to string/],
  ['SELECT CAST(d AS STRING) FROM t', /a cast from double to string/],
  [`SELECT 'it''s'`, /doubled quote/],
  ['SELECT s:a FROM t', /operator :/],
  ['SELECT unix_micros(ts) FROM t', /needs a TIMESTAMP/],
  ['SELECT s::varchar(2) FROM t', /a cast from string to varchar/],
  ['SELECT dt - dt FROM t', /date - date/],
  ['SELECT i FROM t LATERAL VIEW explode(array(1)) x', /not supported|syntax/],
  ['SELECT r + r FROM t', /single precision/],
];

test.each(ERRORS)('%s fails', async (query, message) => {
  await expect((async () => sql.rows('databricks', query))()).rejects.toThrow(message);
});

test('without ANSI mode nothing is run', () => {
  expect(() => sql.emitted('databricks', 'SELECT 1', { ansiMode: false })).toThrow(/ANSI_MODE/);
});

test('sums of decimals get ten digits more, up to 38', () => {
  const { columns } = sql.emitted('databricks', 'SELECT sum(n) AS a, sum(CAST(n AS DECIMAL(38,2))) AS b FROM t');
  expect(columns.map((column) => column.type)).toEqual([
    { kind: 'decimal', precision: 20, scale: 2 },
    { kind: 'decimal', precision: 38, scale: 2 },
  ]);
});

test('parameters are values, whatever they hold', async () => {
  const parameters = {
    p: { type: { kind: 'string' }, value: "ab  ' OR 1=1 --" },
    q: { type: { kind: 'integer' }, value: '7' },
  } as const;
  const query = 'SELECT count_if(s = :p), count_if(i = :q) FROM t';
  expect(await sql.rows('databricks', query, { parameters })).toEqual([['0', '1']]);
  expect(() => sql.emitted('databricks', 'SELECT :z', { parameters })).toThrow(/:z/);
});
