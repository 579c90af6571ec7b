/** The source port against the local Data API: the same adapter and the same AWS SDK as against the cloud. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DiscoveredTable, type OpenSource, openRedshift, type SourceCatalogue } from '@lakehaul/adapters';
import { LakehaulError, must, type SourceColumn } from '@lakehaul/core';
import { type Sandbox, startSandbox } from '@lakehaul/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRedshiftSql, type SqlClient } from '../../packages/cli/src/sandbox/sql-clients.ts';
import { testDeps } from '../support/adapter-deps.ts';

const NO_ROWS_LEFT_OUT = { parts: [], cutLine: null };
let directory: string;
let clouds: Sandbox;
let sql: SqlClient;
let source: OpenSource;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lakehaul-source-'));
  clouds = await startSandbox({ directory });
  sql = openRedshiftSql(clouds);
  source = openSource();
  await sql.run('CREATE SCHEMA shop');
  await sql.run(`CREATE TABLE shop.orders (id BIGINT NOT NULL, placed TIMESTAMP, price DECIMAL(20,2), note VARCHAR(40),
ratio DOUBLE PRECISION, day DATE, code CHAR(4)) DISTKEY(id) COMPOUND SORTKEY(placed, id)`);
  await sql.run('CREATE TABLE shop.empty_one (a INT)');
  await sql.run('CREATE VIEW shop.cheap AS SELECT id FROM shop.orders WHERE price < 1');
  await sql.run(`INSERT INTO shop.orders VALUES
(9007199254740993, '2024-01-01 00:00:00.000001', 1.10, 'Abc', 1.5, '2024-01-01', 'x'),
(-9223372036854775808, '2024-01-02 00:00:00', 2.20, 'abd', 'NaN', '2024-06-01', 'y'),
(9223372036854775807, NULL, NULL, NULL, 'Infinity', NULL, NULL)`);
});

afterAll(async () => {
  source?.close();
  await sql?.[Symbol.asyncDispose]();
  await clouds?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function openSource(
  change: { clusterIdentifier?: string; secretAccessKey?: string; perBatch?: number } = {},
): OpenSource {
  const { accessKeyId, secretAccessKey } = clouds.credentials;
  return openRedshift(
    {
      kind: 'provisioned',
      clusterIdentifier: change.clusterIdentifier ?? 'sandbox',
      region: 'us-east-1',
      database: 'dev',
      dbUser: 'lakehaul',
      unloadRoleArn: 'arn:aws:iam::000000000000:role/lakehaul-unload',
      endpoint: clouds.endpoints.redshift,
      credentials: { accessKeyId, secretAccessKey: change.secretAccessKey ?? secretAccessKey },
      staging: { region: 'us-east-1' },
      statements: { bytes: 100_000, perBatch: change.perBatch ?? 40, sourceTimeoutMs: 60_000 },
    },
    testDeps(),
  );
}

let discovered: Promise<SourceCatalogue> | undefined;

async function orders(): Promise<DiscoveredTable> {
  discovered ??= source.discover();
  const { tables } = await discovered;
  return must(
    tables.find((table) => table.name.table === 'orders'),
    'table orders',
  );
}

async function column(name: string): Promise<SourceColumn> {
  return must(
    (await orders()).columns.find((each) => each.name === name),
    name,
  );
}

describe('discover', () => {
  it('tells columns and keys, and lists empty tables too', async () => {
    const { tables, notMoved } = await source.discover();
    expect(tables.map((table) => table.name.table)).toEqual(['empty_one', 'orders']);
    const [empty, table] = tables;
    expect(empty?.estimatedRows).toBeNull();
    expect(table?.estimatedRows).toBe(3n);
    expect(table?.sortKeyStyle).toBe('compound');
    expect(table?.columns.map((each) => [each.name, each.type.kind, each.nullable, each.sortKeyPosition])).toEqual([
      ['id', 'bigint', false, 2],
      ['placed', 'timestamp', true, 1],
      ['price', 'decimal', true, 0],
      ['note', 'varchar', true, 0],
      ['ratio', 'double', true, 0],
      ['day', 'date', true, 0],
      ['code', 'char', true, 0],
    ]);
    expect(table?.columns.filter((each) => each.isDistKey).map((each) => each.name)).toEqual(['id']);
    expect(notMoved).toContainEqual({ kind: 'view', name: 'shop.cheap', detail: '' });
  });
});

describe('measure', () => {
  it('keeps 64-bit numbers exact and counts by condition', async () => {
    const table = await orders();
    const answer = await source.measure({
      table: table.name,
      predicate: NO_ROWS_LEFT_OUT,
      measures: [
        { id: 'rows', kind: 'rowCount' },
        { id: 'min', kind: 'minText', column: await column('id') },
        { id: 'max', kind: 'maxText', column: await column('id') },
        { id: 'time', kind: 'minText', column: await column('placed') },
        { id: 'nulls', kind: 'nullCount', column: await column('placed') },
        { id: 'odd', kind: 'nonFiniteCount', column: await column('ratio') },
        { id: 'range', kind: 'outOfRangeCount', column: await column('day') },
        { id: 'bytes', kind: 'maxBytes', column: await column('note') },
      ],
    });
    expect(Object.fromEntries(answer)).toEqual({
      rows: '3',
      min: '-9223372036854775808',
      max: '9223372036854775807',
      time: '2024-01-01 00:00:00.000001',
      nulls: '1',
      odd: '2',
      range: '0',
      bytes: '3',
    });
  });
});

describe('histogram', () => {
  it('counts equal parts of dates, timestamps, decimals and the whole of BIGINT', async () => {
    const table = (await orders()).name;
    const ask = async (name: string, from: string, to: string, buckets: number) =>
      source.histogram(table, { column: await column(name), predicate: NO_ROWS_LEFT_OUT, from, to, buckets });
    expect(await ask('day', '2024-01-01', '2025-01-01', 2)).toEqual([2n, 0n]);
    expect(await ask('placed', '2024-01-01 00:00:00.000000', '2024-01-03 00:00:00.000000', 2)).toEqual([1n, 1n]);
    expect(await ask('price', '1.10', '2.21', 3)).toEqual([1n, 0n, 1n]);
    const wide = await ask('id', '-9223372036854775808', '9223372036854775807', 4096);
    expect(wide.reduce((sum, count) => sum + count, 0n)).toBe(2n);
    expect(wide[0]).toBe(1n);
  });

  it('asks for text prefixes in the order of the source', async () => {
    const answer = await source.textPrefixes({
      table: (await orders()).name,
      column: await column('code'),
      predicate: NO_ROWS_LEFT_OUT,
      length: 1,
      limit: 10,
    });
    expect(answer).toEqual([
      { prefix: 'x', rowCount: 1n },
      { prefix: 'y', rowCount: 1n },
    ]);
  });
});

describe('refusals', () => {
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: unknown) => (error instanceof LakehaulError ? error.code : String(error)),
    );

  it('names wrong credentials and a wrong cluster', async () => {
    expect(await codeOf(openSource({ secretAccessKey: 'wrong' }).check())).toBe('CREDENTIALS_REJECTED');
    expect(await codeOf(openSource({ clusterIdentifier: 'nobody' }).check())).toBe('CONFIG_INVALID');
  });

  it('says that a result is past its retention, and that nobody knows a name', async () => {
    expect(
      await codeOf(source.awaitStatement('00000000-0000-4000-8000-000000000000', AbortSignal.timeout(5_000))),
    ).toBe('SOURCE_RESULT_EXPIRED');
    expect(await source.findStatement('lakehaul-none')).toBeNull();
  });

  it('tells the user and the version', async () => {
    const { user, version } = await source.check();
    expect(user).toBe('lakehaul');
    expect(version).not.toBe('');
  });
});
