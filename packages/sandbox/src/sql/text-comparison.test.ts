import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quoteText } from './scope.ts';
import { openTestSql, type TestSql } from './test-sql.ts';

let sql: TestSql;
beforeAll(async () => {
  sql = await openTestSql();
});
afterAll(() => sql[Symbol.asyncDispose]());

/** Short texts over an alphabet in which blanks, what sorts below a blank, and long characters are frequent. */
const text = fc
  .array(fc.constantFrom(' ', ' ', 'a', 'b', '\t', '!', 'é', '𝒳', "'"), { maxLength: 4 })
  .map((parts) => parts.join(''));

const trimmed = (value: string): string => value.replace(/ +$/, '');
const order = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

test('Redshift compares texts without their trailing blanks, Databricks with them, both by bytes', async () => {
  await fc.assert(
    fc.asyncProperty(text, text, async (left, right) => {
      const values = `SELECT ${quoteText(left)} AS x, ${quoteText(right)} AS y`;
      const tests = 'x = y, x <> y, x < y, x <= y, x IN (y), x BETWEEN y AND y';
      const expected = (a: string, b: string) => [
        a === b,
        a !== b,
        order(a, b) < 0,
        order(a, b) <= 0,
        a === b,
        a === b,
      ];
      const [redshift] = await sql.rows('redshift', `SELECT ${tests} FROM (${values}) q`);
      expect(redshift).toEqual(expected(trimmed(left), trimmed(right)));
      const spark = (value: string) => `'${value.replaceAll("'", "\\'")}'`;
      const quoted = `SELECT ${spark(left)} AS x, ${spark(right)} AS y`;
      const [databricks] = await sql.rows('databricks', `SELECT ${tests} FROM (${quoted}) q`);
      expect(databricks).toEqual(expected(left, right));
    }),
    { numRuns: 60 },
  );
});

test('groups, distinct values and order follow the same rule', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), async (texts) => {
      const rows = texts.map((value) => `SELECT ${quoteText(value)} AS x`).join(' UNION ALL ');
      const distinct = new Set(texts.map(trimmed));
      expect(await sql.rows('redshift', `SELECT count(DISTINCT x) FROM (${rows}) q`)).toEqual([
        [String(distinct.size)],
      ]);
      const groups = await sql.rows('redshift', `SELECT x, count(*) FROM (${rows}) q GROUP BY x ORDER BY x`);
      expect(groups.map(([value]) => trimmed(String(value)))).toEqual([...distinct].sort(order));
      expect(await sql.rows('redshift', `SELECT DISTINCT x FROM (${rows}) q`)).toHaveLength(distinct.size);
      // Which of the equal texts is shown is one of those that are there.
      expect(groups.every(([value]) => texts.includes(String(value)))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('a cast to VARCHAR(n) keeps whole characters within n bytes', async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (value, bytes) => {
      let expected = '';
      for (const character of value) {
        if (Buffer.byteLength(expected + character) > bytes) break;
        expected += character;
      }
      const [row] = await sql.rows(
        'redshift',
        `SELECT (x || '')::varchar(${bytes}) FROM (SELECT ${quoteText(value)} AS x) q`,
      );
      expect(row).toEqual([expected]);
    }),
    { numRuns: 60 },
  );
});
