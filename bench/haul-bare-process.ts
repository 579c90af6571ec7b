/**
 * The bare script: what a person would write in DuckDB alone to do the same work, in one process with DuckDB's default
 * threads, one statement after another. argv: file of a DuckDB database with the table `events`, output directory, number
 * of chunks. For each chunk: UNLOAD (wire columns and row-hash halves), load of those files into files of the target
 * layout, fingerprint over the source, fingerprint over the target, the two compared.
 *
 * The SQL is the product's own, translated as the local clouds translate it, written with their codecs, row groups and
 * file sizes. NOT in it: a plan, counts, lineage counts, the sums of carried hashes, a seal, statistics and log of Delta,
 * manifests, receipts, queues, protocols. Rendering of the SQL is outside the measured time.
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { RowPredicate } from '@lakehaul/core';
import { copyStatements } from '../packages/adapters/src/databricks/load-sql.ts';
import { targetFingerprintSelect } from '../packages/adapters/src/databricks/verify-sql.ts';
import { renderUnloadBatch } from '../packages/adapters/src/redshift/unload-sql.ts';
import { CODEC, ROW_GROUP_ROWS } from '../packages/sandbox/src/delta/write-files.ts';
import {
  type ColumnInfo,
  emitCopySelect,
  emitQuery,
  MACROS,
  parseDatabricks,
  parseRedshift,
} from '../packages/sandbox/src/sql/index.ts';
import { COLUMN_TYPES, chunkBounds, planOfEvents } from './haul-rows.ts';

/** As an UNLOAD and a COPY INTO of the local clouds write. */
const UNLOAD_OPTIONS =
  "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE_BYTES 33554432, PER_THREAD_OUTPUT true, FILE_SIZE_BYTES '128MiB', RETURN_STATS";
const LOAD_OPTIONS = `FORMAT parquet, COMPRESSION ${CODEC}, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, FILE_SIZE_BYTES '512MB', OVERWRITE_OR_IGNORE true, RETURN_STATS`;
const LEVEL = { hashForm: 'joined', level: 'full', buckets: null } as const;

interface ChunkSql {
  unload: string;
  load: (files: readonly string[]) => string;
  sourceFingerprint: string;
  targetFingerprint: (files: readonly string[]) => string;
}

const [database = '', directory = '', chunkText = '', rowText = ''] = process.argv.slice(2);
const plan = planOfEvents();

function renderChunk(chunk: number, predicate: RowPredicate): ChunkSql {
  const { statements, layout } = renderUnloadBatch(
    { plan, predicate, ...LEVEL, dataUrl: 's3://bare/data/', statementName: 'bare', clientToken: 'bare' },
    {
      unloadRoleArn: 'arn:aws:iam::123456789012:role/bare',
      region: 'us-east-1',
      staging: { region: 'us-east-1' },
      statements: { bytes: 100_000, perBatch: 40, sourceTimeoutMs: 0 },
    },
  );
  const one = { plan, hashForm: LEVEL.hashForm, chunk, attempt: 1 };
  const [copy = ''] = copyStatements({
    ...one,
    dataUrl: 's3://bare/data/',
    fileNames: ['all.parquet'],
    statementTag: 'bare',
    statementTimeoutMs: 0,
    sendBeforeMs: Number.POSITIVE_INFINITY,
    startBeforeMs: Date.now() + 3_600_000,
  });
  const fingerprint = targetFingerprintSelect({ ...one, version: '0' });
  return {
    unload: sourceSql(statements[layout.unload] ?? ''),
    load: (files) => loadSql(copy, files),
    sourceFingerprint: sourceSql(statements[layout.fingerprints[0]?.statement ?? -1] ?? ''),
    targetFingerprint: (files) => targetSql(fingerprint, files),
  };
}

/** A query of the source, or the query in its UNLOAD. */
function sourceSql(text: string): string {
  const body = parseRedshift(text)[0]?.body;
  const query = body?.kind === 'unload' ? body.query : body;
  if (query?.kind !== 'query') throw new Error('no query of the source');
  const columns = COLUMN_TYPES.map(({ name, engine }) => ({ name, type: engine }));
  const catalog = { resolve: () => ({ duckdbSql: 'source.events', columns, name: 'events' }) };
  return emitQuery(query, { dialect: 'redshift', catalog, timeZone: 'UTC' }).sql;
}

function loadSql(text: string, files: readonly string[]): string {
  const body = parseDatabricks(text)[0]?.body;
  if (body?.kind !== 'copy-into' || body.select === null) throw new Error('no load');
  const wire = COLUMN_TYPES.map(
    ({ engine }, index): ColumnInfo => ({
      name: `c${index + 1}`,
      type: engine.kind === 'timestamp' ? { kind: 'bigint' } : engine.kind === 'varchar' ? { kind: 'string' } : engine,
    }),
  );
  const columns: ColumnInfo[] = [
    ...wire,
    { name: 'h1', type: { kind: 'bigint' } },
    { name: 'h2', type: { kind: 'bigint' } },
  ];
  const catalog = { resolve: () => ({ duckdbSql: scan(files), columns, name: 'files' }) };
  return emitCopySelect(body.select, { path: body.source, format: 'parquet' }, databricks(catalog)).sql;
}

function targetSql(text: string, files: readonly string[]): string {
  const query = parseDatabricks(text)[0]?.body;
  if (query?.kind !== 'query') throw new Error('no fingerprint of the target');
  const columns: ColumnInfo[] = [
    { name: '_lakehaul', type: { kind: 'bigint' } },
    ...COLUMN_TYPES.map(({ name, engine }) => ({
      name,
      type: engine.kind === 'varchar' ? { kind: 'string' as const } : engine,
    })),
  ];
  const catalog = { resolve: () => ({ duckdbSql: scan(files), columns, name: 'events' }) };
  return emitQuery(query, databricks(catalog)).sql;
}

function databricks(catalog: Parameters<typeof emitQuery>[1]['catalog']): Parameters<typeof emitQuery>[1] {
  const extraFunction = (name: string) =>
    name === 'current_timezone' ? { sql: "'UTC'", type: { kind: 'string' as const } } : null;
  return { dialect: 'databricks', catalog, timeZone: 'UTC', ansiMode: true, extraFunction };
}

function scan(files: readonly string[]): string {
  return `read_parquet([${files.map((file) => `'${file}'`).join(', ')}])`;
}

/** Runs a COPY and names the files that it wrote, those without a row left out. */
async function copy(connection: DuckDBConnection, sql: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader
    .getRowObjects()
    .filter((row) => Number(row['count']) > 0)
    .map((row) => String(row['filename']));
}

async function haulChunk(connection: DuckDBConnection, chunk: number, sql: ChunkSql): Promise<void> {
  const staged = await copy(
    connection,
    `COPY (${sql.unload}) TO '${join(directory, `staged/${chunk}`)}' (${UNLOAD_OPTIONS})`,
  );
  const loaded = await copy(
    connection,
    `COPY (${sql.load(staged)}) TO '${join(directory, 'target')}' (${LOAD_OPTIONS}, FILENAME_PATTERN 'chunk-${chunk}-{i}')`,
  );
  const [source] = (await connection.runAndReadAll(sql.sourceFingerprint)).getRowsJson();
  const [target] = (await connection.runAndReadAll(sql.targetFingerprint(loaded))).getRowsJson();
  const [, count, ...sums] = source ?? [];
  if (count === undefined || [count, ...sums].some((value, index) => String(value) !== String(target?.[index])))
    throw new Error(`chunk ${chunk}: the fingerprints differ`);
}

async function sizeOf(path: string): Promise<number> {
  const files = await readdir(path, { recursive: true, withFileTypes: true });
  const sizes = files.filter((file) => file.isFile()).map((file) => stat(join(file.parentPath, file.name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}

// As the engine of the local clouds: no order is kept, which UNLOAD's row groups by bytes need, and which is faster.
const instance = await DuckDBInstance.create(':memory:', {
  preserve_insertion_order: 'false',
  max_expression_depth: '200000',
  temp_directory: join(directory, 'spill'),
});
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");
await connection.run(`ATTACH '${database}' AS source (READ_ONLY)`);
for (const macro of MACROS) await connection.run(macro);
await mkdir(join(directory, 'target'), { recursive: true });
await mkdir(join(directory, 'staged'), { recursive: true });
const chunks = chunkBounds(Number(rowText), Number(chunkText)).map((predicate, chunk) => renderChunk(chunk, predicate));

const startedCpu = process.cpuUsage();
const started = performance.now();
for (const [chunk, sql] of chunks.entries()) await haulChunk(connection, chunk, sql);
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(startedCpu);
connection.closeSync();
instance.closeSync();
process.send?.({
  seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  bytes: await sizeOf(join(directory, 'staged')),
  chunks: chunks.length,
});
process.disconnect?.();
