import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestSql, type TestSql } from './test-sql.ts';

let sql: TestSql;
beforeAll(async () => {
  sql = await openTestSql();
});
afterAll(() => sql[Symbol.asyncDispose]());

/** Expression, value in the row i = 7. */
const VALUES: [expression: string, value: unknown][] = [
  // integers
  ['i / 2', 3],
  ['-i / 2', -3],
  ['i % 4', 3],
  ['-7 % 3', -1],
  ['mod(-7, 3)', -1],
  ['2147483647::bigint + 1', '2147483648'],
  // text: blanks at the end do not count
  [`s = 'ab'`, true],
  [`s <> 'ab   '`, false],
  [`s = 'ab\tx'`, false],
  [`s in ('x', 'ab')`, true],
  [`s between 'ab' and 'ab'`, true],
  [`c = 'ab   '`, true],
  [`case s when 'ab' then 1 else 2 end`, 1],
  [`nullif(s, 'ab')`, null],
  [`decode(s, 'ab', 1, 2)`, 1],
  [`'a' = ' a'`, false],
  // … but they are there
  ['len(s)', 4],
  ['octet_length(s)', 4],
  ['len(c)', 2],
  ['octet_length(c)', 5],
  [`s || '|'`, 'ab  |'],
  [`'[' || rtrim(s) || ']'`, '[ab]'],
  [`trim(both 'a' from 'aba')`, 'b'],
  ['md5(s)', '264e6a74a1ac3e8e478fa72bb2ce8bad'],
  [`md5('abc')`, '900150983cd24fb0d6963f7d28e17f72'],
  // lengths of VARCHAR are bytes, and casts cut
  [`'abcdef'::varchar(3)`, 'abc'],
  [`'é€x'::varchar(4)`, 'é'],
  [`'é€x'::varchar(5)`, 'é€'],
  [`'𝒳𝒳'::varchar(7)`, '𝒳'],
  [`len(repeat('x', 300)::varchar)`, 256],
  [`len(repeat('x', 300)::varchar(300))`, 300],
  [`'ab  '::char(10) || '|'`, 'ab|'],
  [`'[' || left('a b', 2) || ']'`, '[a ]'],
  ['substring(s, 2, 1)', 'b'],
  ['substring(s from 2)', 'b  '],
  [`replace('aXbX', 'X', '--')`, 'a--b--'],
  [`charindex('b', s)`, 2],
  [`regexp_instr('{"a":1e309}', '(^|[:,[])-?[0-9.]+[eE][+]?3[0-9]{2}')`, 5],
  [`regexp_instr('{"a":1e30}', '(^|[:,[])-?[0-9.]+[eE][+]?3[0-9]{2}')`, 0],
  [
    `regexp_replace(replace(replace('{"a\\\\"b\\\\\\\\":1e4}', chr(92)||chr(92), ''), chr(92)||'"', ''), '"[^"]*"', '')`,
    '{:1e4}',
  ],
  [`regexp_replace(null, '"[^"]*"', '')`, null],
  [`null || 'a'`, null],
  [`'' is null`, false],
  [`'A\\\\b'`, 'A\\b'],
  // numbers as text
  ['n::varchar', '1.50'],
  ['(0.05::decimal(10,2))::varchar', '0.05'],
  ['b::varchar(20)', '9007199254740993'],
  ['cast(0 as decimal(38,10))::varchar(41)', '0.0000000000'],
  ['(d * 1)::varchar', '2.5'],
  [`'NaN'::float8::varchar`, 'NaN'],
  [`(1e20::float8)::varchar`, '1e+20'],
  [`('0.1'::float8 + '0.2'::float8)::varchar`, '0.3'],
  ['ts::varchar', '2020-01-31 10:59:00.000001'],
  ['n * n', '2.2500'],
  ['n + 1', '2.50'],
  // hashes
  [`strtol(substring(md5('abc'), 1, 15), 16)`, '648541476951500027'],
  [`strtol('7fffffffffffffff', 16)`, '9223372036854775807'],
  [`strtol('', 16)`, '0'],
  ['to_hex(bl)', 'ab00'],
  [`from_hex('ab00') = bl`, true],
  // floats
  [`'NaN'::float8 = 'NaN'::float8`, true],
  [`d <= '1.7976931348623157e+308'::float8`, true],
  [`cast(d * 2 as bigint)`, '5'],
  ['floor(d)', 2],
  ['abs(-i)', 7],
  // dates
  ['datediff(hour, ts, tz)', '1'],
  [`datediff(minute, timestamp '2020-01-01 10:59:59', timestamp '2020-01-01 11:00:00')`, '1'],
  [`datediff(year, date '2019-12-31', date '2020-01-01')`, '1'],
  [`datediff(day, date '1970-01-01', dt)`, '18292'],
  [`datediff(microsecond, timestamp '1970-01-01 00:00:00', ts)`, '1580468340000001'],
  [`datediff(microsecond, timestamp '1970-01-01', tz at time zone 'utc')`, '1580468400000000'],
  [`datediff(microsecond, time '00:00:00', time '00:00:01.000001')`, '1000001'],
  ['dt + 1', '2020-02-01'],
  [`dt - date '2020-01-01'`, 30],
  ['dateadd(month, 1, dt)', '2020-02-29 00:00:00'],
  [`ts + interval '1 day'`, '2020-02-01 10:59:00.000001'],
  [`date_trunc('month', ts)`, '2020-01-01 00:00:00'],
  ['trunc(ts)', '2020-01-31'],
  ['date_part(dow, dt)', 5],
  ['extract(epoch from ts)', '1580468340'],
  [`to_char(ts, 'YYYY-MM-DD HH24:MI:SS.US')`, '2020-01-31 10:59:00.000001'],
  // the rest
  ['coalesce(null, i)', 7],
  ['greatest(1, null, 3)', 3],
  [`s like 'a%'`, true],
  [`'a_b' like 'a\\\\_b'`, true],
  [`'axb' like 'a\\\\_b'`, false],
  [`'a%b' like 'a|%b' escape '|'`, true],
  ['-9223372036854775808', '-9223372036854775808'],
  ['1e3::float8', 1000],
];

describe('values as Redshift computes them', () => {
  test.each(VALUES)('%s', async (expression, value) => {
    const [row] = await sql.rows('redshift', `SELECT ${expression} FROM t WHERE i = 7`);
    expect(row).toEqual([value]);
  });
});

const QUERIES: [query: string, rows: unknown[][]][] = [
  [`SELECT count(*) FROM t WHERE s = 'ab'`, [['2']]],
  ['SELECT count(*) FROM t GROUP BY s ORDER BY 1', [['1'], ['2']]],
  ['SELECT count(DISTINCT s) FROM t', [['2']]],
  ['SELECT DISTINCT s FROM t ORDER BY s', [[''], ['ab']]],
  [`SELECT a.i FROM t a JOIN t z ON a.s = z.s WHERE a.i <> z.i ORDER BY 1`, [[-7], [7]]],
  ['SELECT s FROM t WHERE i IS NOT NULL UNION SELECT s FROM t WHERE i = 7', [['ab']]],
  ['SELECT i FROM t ORDER BY i', [[-7], [7], [null]]],
  ['SELECT i FROM t ORDER BY i DESC', [[null], [7], [-7]]],
  ['SELECT i FROM t ORDER BY i NULLS FIRST', [[null], [-7], [7]]],
  ['SELECT TOP 1 i FROM t ORDER BY i', [[-7]]],
  ['SELECT i FROM t ORDER BY 1 LIMIT 1 OFFSET 1', [[7]]],
  ['SELECT i FROM t EXCEPT SELECT 7', [[null], [-7]]],
  ['SELECT i FROM t MINUS SELECT 7 MINUS SELECT -7', [[null]]],
  [`SELECT avg(x) FROM (SELECT 1 AS x UNION ALL SELECT 2) q`, [['1']]],
  [`SELECT avg(x) FROM (SELECT -1 AS x UNION ALL SELECT -2) q`, [['-1']]],
  ['SELECT sum(n), sum(i) FROM t', [['1.45', '0']]],
  ['SELECT sum(b::decimal(38,0))::varchar(40) FROM t', [['9007199254740992']]],
  ['SELECT sum(n::decimal(38,2)) FROM t', [['1.45']]],
  ['SELECT sum(n::decimal(38,2)) FROM t WHERE i = 0', [[null]]],
  [`SELECT listagg(coalesce(i::varchar(11), 'x'), ',') WITHIN GROUP (ORDER BY i) FROM t`, [['-7,7,x']]],
  [
    'SELECT i, row_number() OVER (ORDER BY i) FROM t ORDER BY 2',
    [
      [-7, '1'],
      [7, '2'],
      [null, '3'],
    ],
  ],
  ['SELECT count(*) OVER (PARTITION BY s) FROM t WHERE i = 7', [['1']]],
  [`WITH x AS (SELECT i FROM t), t AS (SELECT 5 AS i) SELECT x.i FROM x, t WHERE x.i > t.i`, [[7]]],
  ['SELECT (SELECT max(i) FROM t), EXISTS (SELECT 1 FROM t WHERE i = 8)', [[7, false]]],
  ['SELECT i FROM t o WHERE EXISTS (SELECT 1 FROM t WHERE t.i = -o.i) ORDER BY i', [[-7], [7]]],
  [`SELECT i FROM t WHERE s IN (SELECT 'ab   ' FROM t) ORDER BY i`, [[-7], [7]]],
  [
    'SELECT i AS k, count(*) FROM t GROUP BY k HAVING count(*) > 0 ORDER BY k NULLS FIRST',
    [
      [null, '1'],
      [-7, '1'],
      [7, '1'],
    ],
  ],
  [
    "SELECT q.* FROM (SELECT i, s x FROM t) q WHERE q.x = 'ab ' ORDER BY i",
    [
      [-7, 'ab'],
      [7, 'ab  '],
    ],
  ],
  ['SELECT I, "I", T.i FROM t WHERE "I" = 7', [[7, 7, 7]]],
  ['SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 2', [[1], [2]]],
];

test.each(QUERIES)('%s', async (query, rows) => {
  const found = await sql.rows('redshift', query);
  const isOrdered = /ORDER BY/.test(query) || rows.length === 1;
  expect(isOrdered ? found : new Set(found.map(String))).toEqual(isOrdered ? rows : new Set(rows.map(String)));
});

const ERRORS: [query: string, message: RegExp][] = [
  ['SELECT i / (i - 7) FROM t', /division by zero/],
  ['SELECT i % 0 FROM t', /division by zero/],
  ['SELECT 1.5::float8 / (i - 7) FROM t', /division by zero/],
  ['SELECT 2147483647 + 1', /overflow/i],
  [`SELECT strtol('8000000000000000', 16)`, /convert|range/i],
  [`SELECT strtol('xyz', 16)`, /STRTOL/],
  [`SELECT s::integer FROM t`, /integer/],
  ['SELECT cast(d AS bigint) FROM t WHERE i = 7', /rounding/],
  ['SELECT cast(d AS bigint) FROM t WHERE i = -7', /not supported|range/i],
  [
    'SELECT sum(x) FROM (SELECT 99999999999999999999999999999999999999::decimal(38,0) x UNION ALL SELECT 99999999999999999999999999999999999999) q',
    /overflow|convert|range/i,
  ],
  ['SELECT 99999999999999999999999999999999999999::decimal(38,0) + 1', /overflow/i],
  ['SELECT 99999999999999999999::decimal(38,0) * 9999999999999999999', /overflow/i],
  [`SELECT lower('É')`, /ASCII/],
  ['SELECT 123456::varchar(3)', /too long/],
  // refused before anything runs
  ['SELECT bo::varchar FROM t', /cannot cast type boolean/],
  ['SELECT crc32(s) FROM t', /crc32\(\) is not supported/],
  ["SELECT regexp_instr(s, 'b$') FROM t", /REGEXP_INSTR with this pattern is not supported/],
  ["SELECT regexp_instr(s, 'a.b') FROM t", /REGEXP_INSTR with this pattern is not supported/],
  ["SELECT regexp_replace(s, 'a|ab', '') FROM t", /REGEXP_REPLACE with this pattern is not supported/],
  ["SELECT regexp_replace(s, 'a', 'b') FROM t", /REGEXP_REPLACE by other than an empty text/],
  ["SELECT replace(s, '' || chr(92), '') FROM t", /REPLACE of other than a constant text/],
  ['SELECT n / 3 FROM t', /decimals is not supported/],
  [`SELECT to_char(ts, 'D') FROM t`, /format/],
  [`SELECT s ~ 'a' FROM t`, /operator ~/],
  [`SELECT '\\d'`, /escape/],
  ['SELECT i = s FROM t', /without a cast/],
  ['SELECT b = d FROM t', /without a cast/],
  [`SELECT datediff(week, dt, dt) FROM t`, /week/],
  ['SELECT s FROM t EXCEPT SELECT s FROM t', /VARCHAR/],
  ['SELECT s FROM t GROUP BY i', /GROUP BY/],
  ['SELECT i FROM t GROUP BY s', /GROUP BY/],
  ['SELECT nothing FROM t', /"nothing" does not exist/],
  ['SELECT t.i FROM t, t z WHERE i = 1', /ambiguous/],
  ['SELECT i FROM t WHERE count(*) > 1', /not allowed/],
  ['SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i) FROM t', /not supported/],
  [`SELECT tz AT TIME ZONE 'Europe/Berlin' FROM t`, /UTC/],
  ['SELECT round(n) FROM t', /round\(\) is not supported/],
  ['SELECT count(*) FILTER (WHERE i > 0) FROM t', /FILTER/],
  ['SELECT 1e10', /exponent/],
];

test.each(ERRORS)('%s fails', async (query, message) => {
  await expect((async () => sql.rows('redshift', query))()).rejects.toThrow(message);
});
