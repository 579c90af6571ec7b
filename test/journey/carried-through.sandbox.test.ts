import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haul } from '../support/drive.ts';
import { startWorld, type World } from '../support/world.ts';

/** What looks odd and must be carried through and proven all the same. */
let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "odd"');
});
afterAll(() => world[Symbol.asyncDispose]());

/** Redshift keeps 1 MB a column and slice, so that chunks of tiny tables overlap in blocks: acknowledged where they do. */
async function haulTable(table: string, options: Record<string, unknown> = {}, acknowledge: string[] = []) {
  const session = await world.session(
    world.config(
      {
        include: [`odd.${table}`],
        defaults: { level: 'full', ...options },
        overrides: acknowledge.length === 0 ? [] : [{ match: `odd.${table}`, acknowledge }],
      },
      { migration: `m-${Math.abs(hash(table))}` },
    ),
  );
  return haul(session);
}

const hash = (text: string) =>
  [...text].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) | 0, 7);

describe('carried through and proven', () => {
  it('a table without rows', async () => {
    await world.redshift.run('CREATE TABLE "odd"."empty" (id integer, name varchar(10)) SORTKEY (id)');
    const report = await haulTable('empty');
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'odd', table: 'empty' })).toMatchObject({ sourceRows: 0n, targetRows: 0n });
  });

  it('names with quotes, spaces, semicolons, unicode and mixed case', async () => {
    const columns = [
      'a b',
      'semi;colon',
      "it's",
      'täble ünï',
      'MixedCase',
      'double""quote',
      'back`tick',
      'dot.dot',
      'per%cent',
    ];
    await world.redshift.run(
      `CREATE TABLE "odd"."We;rd ""T'äble" (${columns.map((name) => `"${name}" varchar(20)`).join(', ')})`,
    );
    await world.redshift.run(
      `INSERT INTO "odd"."We;rd ""T'äble" VALUES ${[1, 2, 3].map((n) => `(${columns.map((_, i) => `'v${n}-${i}'`).join(', ')})`).join(', ')}`,
    );
    const tables = await world.redshift.run(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'odd' AND tablename LIKE '%rd%'`,
    );
    const name = tables.rows[0]?.[0] ?? '';
    const report = await haulTable(name);
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'odd', table: name })).toEqual({
      sourceRows: 3n,
      targetRows: 3n,
      missing: 0n,
      extra: 0n,
    });
  });

  it('1,600 columns, in statements below the limit', async () => {
    const names = Array.from({ length: 1600 }, (_, i) => `c${String(i).padStart(4, '0')}`);
    await world.redshift.run(
      `CREATE TABLE "odd"."wide" (${names.map((name, i) => `${name} ${i % 4 === 0 ? 'varchar(20)' : 'integer'}`).join(', ')})`,
    );
    const row = (n: number) =>
      names.map((_, i) => (i % 4 === 0 ? `'t${n}${i}'` : (n + i) % 11 === 0 ? 'NULL' : String(n * i)));
    for (const n of [1, 2, 3]) await world.redshift.run(`INSERT INTO "odd"."wide" VALUES (${row(n).join(', ')})`);
    const report = await haulTable('wide');
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'odd', table: 'wide' })).toEqual({
      sourceRows: 3n,
      targetRows: 3n,
      missing: 0n,
      extra: 0n,
    });
  });

  it('a text key with trailing blanks and mixed case over chunk boundaries', async () => {
    await world.redshift.run('CREATE TABLE "odd"."texts" (k varchar(40), n integer) SORTKEY (k)');
    const keys = Array.from(
      { length: 600 },
      (_, i) =>
        `${['a', 'A', 'ab', 'Ab ', 'b', 'ß', 'é', 'z  '][i % 8]}${' '.repeat(i % 3)}${i % 5 === 0 ? '' : i}${' '.repeat(i % 4)}`,
    );
    for (let start = 0; start < keys.length; start += 200)
      await world.redshift.run(
        `INSERT INTO "odd"."texts" VALUES ${keys
          .slice(start, start + 200)
          .map((key, i) => `('${key}', ${start + i})`)
          .join(', ')}, (NULL, -1)`,
      );
    const report = await haulTable('texts', { chunkBytes: '64KiB' }, ['scan-amplification']);
    expect(report.tables[0]?.chunks).toBeGreaterThan(3);
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'odd', table: 'texts' })).toEqual({
      sourceRows: 603n,
      targetRows: 603n,
      missing: 0n,
      extra: 0n,
    });
  });

  it('a table without a key: one shared scan makes many chunks', async () => {
    await world.redshift.run('CREATE TABLE "odd"."keyless" (n integer, t varchar(30)) DISTSTYLE EVEN');
    await world.redshift.run(
      `INSERT INTO "odd"."keyless" VALUES ${Array.from({ length: 500 }, (_, i) => `(${i}, 'text ${i}')`).join(', ')}`,
    );
    const report = await haulTable('keyless', { chunkBytes: '256KiB' });
    expect(report.tables[0]?.chunks).toBeGreaterThan(2);
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'odd', table: 'keyless' })).toEqual({
      sourceRows: 500n,
      targetRows: 500n,
      missing: 0n,
      extra: 0n,
    });
  });

  it('one key value that is too big for a chunk is cut by the next sort column', async () => {
    await world.redshift.run('CREATE TABLE "odd"."skewed" (d date, n bigint, t varchar(30)) COMPOUND SORTKEY (d, n)');
    await world.redshift.run(
      `INSERT INTO "odd"."skewed" VALUES ${Array.from({ length: 600 }, (_, i) => `(DATE '2026-01-${i < 500 ? '02' : String(3 + (i % 20)).padStart(2, '0')}', ${i % 7 === 0 ? 'NULL' : i}, 'x${i}')`).join(', ')}, (NULL, 1, 'null key')`,
    );
    const report = await haulTable('skewed', { chunkBytes: '64KiB' }, ['scan-amplification']);
    expect(report.tables[0]?.chunks).toBeGreaterThan(5);
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'odd', table: 'skewed' })).toEqual({
      sourceRows: 601n,
      targetRows: 601n,
      missing: 0n,
      extra: 0n,
    });
  });
});
