/** The judge itself: whatever it is to find is planted here, or every end state would be equal. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ActiveTable, type CompareRequest, compareTables } from './oracle.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
const directory = mkdtempSync(join(tmpdir(), 'lakehaul-oracle-'));
let files = 0;

const SOURCE = `SELECT id, CASE WHEN id % 7 <> 0 THEN 'name ' || id END AS name, id / 3.0 AS share, DATE '2026-01-01' + CAST(id AS INTEGER) AS day FROM range(20) r(id)`;
const lineage = (chunk: number) => `${chunk * 65_536 + 1}`;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await connection.run(
    `CREATE TABLE source AS SELECT CAST(id AS INTEGER) AS id, name, CAST(share AS DOUBLE) AS share, day FROM (${SOURCE})`,
  );
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  rmSync(directory, { recursive: true, force: true });
});

/** A table whose files hold the rows of these queries. */
async function target(...selects: string[]): Promise<ActiveTable> {
  const paths: string[] = [];
  for (const select of selects) {
    const path = join(directory, `${++files}.parquet`);
    await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
    paths.push(path);
  }
  const columns = [
    { name: '_lakehaul', physicalName: '_lakehaul', type: 'long' },
    { name: 'id', physicalName: 'id', type: 'integer' },
    { name: 'name', physicalName: 'name', type: 'string' },
    { name: 'share', physicalName: 'share', type: 'double' },
    { name: 'day', physicalName: 'day', type: 'date' },
  ];
  return { paths, columns, version: 1 };
}

const hauled = (where = 'TRUE', chunk = 0) =>
  `SELECT CAST(${lineage(chunk)} AS BIGINT) AS _lakehaul, * FROM source WHERE ${where}`;
const live = (id: number) =>
  `SELECT CAST(NULL AS BIGINT) AS _lakehaul, CAST(${id} AS INTEGER) AS id, 'live' AS name, CAST(0 AS DOUBLE) AS share, DATE '2026-01-01' AS day`;

async function judge(
  table: ActiveTable,
  more: Partial<CompareRequest> = {},
): Promise<[missing: bigint, extra: bigint]> {
  const judged = await compareTables({
    connection,
    sourceSql: 'source',
    lineageColumn: '_lakehaul',
    target: table,
    ...more,
  });
  return [judged.missing, judged.extra];
}

describe('the oracle', () => {
  it('calls equal what is equal, over any number of files, live rows left out', async () => {
    expect(await judge(await target(hauled('id < 7'), hauled('id >= 7'), live(99)))).toEqual([0n, 0n]);
  });

  it.each<[string, string[], [bigint, bigint]]>([
    ['a row missing', [hauled('id <> 5')], [1n, 0n]],
    ['a row doubled', [hauled(), hauled('id = 5')], [0n, 1n]],
    ['every row doubled', [hauled(), hauled()], [0n, 20n]],
    ['a row missing and another doubled', [hauled('id <> 5'), hauled('id = 6')], [1n, 1n]],
    [
      'a value changed',
      [hauled('id <> 5'), `${hauled('id = 5').replace('*', "* REPLACE ('other' AS name)")}`],
      [1n, 1n],
    ],
    [
      'NULL become the empty text',
      [hauled('id <> 7'), `${hauled('id = 7').replace('*', "* REPLACE ('' AS name)")}`],
      [1n, 1n],
    ],
    [
      'a float off by its last bit',
      [hauled('id <> 5'), `${hauled('id = 5').replace('*', '* REPLACE (share + 2.3e-16 * 2 AS share)')}`],
      [1n, 1n],
    ],
    [
      'a foreign row under our lineage',
      [hauled(), hauled('id = 5').replace('*', '* REPLACE (CAST(500 AS INTEGER) AS id)')],
      [0n, 1n],
    ],
    ['nothing at all', [], [20n, 0n]],
  ])('sees %s', async (_what, selects, expected) => {
    expect(await judge(await target(...selects))).toEqual(expected);
  });

  it('counts equal rows of the source: one of two that is gone is missing', async () => {
    const sourceSql = '(SELECT * FROM source UNION ALL SELECT * FROM source)';
    expect(await judge(await target(hauled(), hauled()), { sourceSql })).toEqual([0n, 0n]);
    expect(await judge(await target(hauled(), hauled('id <> 5')), { sourceSql })).toEqual([1n, 0n]);
  });

  it('sees a live row that changed or is gone', async () => {
    const expected = {
      sourceSql: "(SELECT 99 AS id, 'live' AS name, CAST(0 AS DOUBLE) AS share, DATE '2026-01-01' AS day)",
      targetRows: 'live',
    } as const;
    expect(await judge(await target(hauled(), live(99)), expected)).toEqual([0n, 0n]);
    expect(await judge(await target(hauled()), expected)).toEqual([1n, 0n]);
    expect(await judge(await target(hauled(), live(98)), expected)).toEqual([1n, 1n]);
    expect(await judge(await target(hauled(), live(99), live(99)), expected)).toEqual([0n, 1n]);
  });

  it('looks at the chunks that it is asked for, and at no other', async () => {
    const both = await target(hauled('id < 10', 0), hauled('id >= 11', 1));
    expect(await judge(both, { chunks: [0], sourceWhere: 'id < 10' })).toEqual([0n, 0n]);
    expect(await judge(both, { chunks: [1], sourceWhere: 'id >= 10' })).toEqual([1n, 0n]);
  });

  it('does not call a table equal that lacks a column', async () => {
    const table = await target(hauled());
    await expect(judge({ ...table, columns: table.columns.slice(0, -1) })).rejects.toThrow(/lacks the columns day/);
  });
});
