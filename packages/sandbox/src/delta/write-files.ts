import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { LocalObjects } from '../contracts.ts';
import { SqlError } from '../databricks/sql-error.ts';
import type { AddFile } from './actions.ts';
import { identifier, literal } from './quote.ts';
import { type DeltaColumn, duckdbTypeOf } from './schema.ts';
import type { TableLocation } from './snapshot.ts';
import { type ColumnWritten, indexedColumns, renderStats } from './stats.ts';

/** Databricks' own default codec for Parquet, and the cheapest to write. */
export const CODEC = 'snappy';
export const ROW_GROUP_ROWS = 122_880;
/** Past this size DuckDB starts another file, so that skipping and rewriting keep a grain. */
const FILE_BYTES = '512MB';

export interface WriteRequest {
  connection: DuckDBConnection;
  objects: LocalObjects;
  location: TableLocation;
  /** A query whose columns are exactly these, by logical name, in order. */
  select: string;
  columns: readonly DeltaColumn[];
  /** The table's properties: which columns get statistics. */
  configuration: Readonly<Record<string, string>>;
  nowMs: number;
}

export interface WrittenFiles {
  adds: AddFile[];
  rowCount: bigint;
  sizeBytes: number;
}

/**
 * Runs the query straight into Parquet files of the table: DuckDB casts, encodes and counts in parallel, RETURN_STATS
 * gives the log's statistics without another scan, and NOT NULL is judged by the null counts. Nothing is in the table
 * before the commit names the files.
 */
export async function writeFiles(request: WriteRequest): Promise<WrittenFiles> {
  const { connection, objects } = request;
  const directory = objects.scratchPath('-delta');
  await mkdir(directory, { recursive: true });
  try {
    const reader = await connection.runAndReadAll(renderCopy(request, directory));
    const files = reader.getRowsJson().map((row) => parseWritten(row));
    const written = files.filter((file) => file.rowCount > 0n);
    await checkNotNull(request, written);
    const adds: AddFile[] = [];
    for (const file of written) adds.push(await adoptFile(request, file));
    return {
      adds,
      rowCount: written.reduce((sum, file) => sum + file.rowCount, 0n),
      sizeBytes: adds.reduce((sum, add) => sum + add.size, 0),
    };
  } finally {
    if (existsSync(directory)) await rm(directory, { recursive: true, force: true });
  }
}

function renderCopy({ select, columns }: WriteRequest, directory: string): string {
  const items = columns.map(
    (column) =>
      `CAST(${identifier(column.name)} AS ${duckdbTypeOf(column.type)}) AS ${identifier(column.physicalName)}`,
  );
  const fieldIds = columns.map((column) => `${literal(column.physicalName)}: ${column.id}`);
  return `COPY (SELECT ${items.join(', ')} FROM (${select}) AS "written") TO ${literal(directory)} (
    FORMAT parquet, COMPRESSION ${CODEC}, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, FILE_SIZE_BYTES '${FILE_BYTES}',
    FIELD_IDS {${fieldIds.join(', ')}}, OVERWRITE_OR_IGNORE true, RETURN_STATS true)`;
}

interface WrittenFile {
  path: string;
  rowCount: bigint;
  columns: Map<string, ColumnWritten>;
}

/** A row of RETURN_STATS: filename, count, file_size_bytes, footer_size_bytes, column_statistics, partition_keys. */
function parseWritten(row: readonly unknown[]): WrittenFile {
  const entries = (row[4] ?? []) as { key: string; value: { key: string; value: string }[] }[];
  const columns = new Map<string, ColumnWritten>();
  for (const { key, value } of entries) {
    const stats = new Map(value.map((entry) => [entry.key, entry.value]));
    const name = columnOf(key);
    // A VARIANT has statistics of its leaves only: they say nothing about the value itself.
    if (name === null) continue;
    columns.set(name, {
      min: stats.get('min') ?? null,
      max: stats.get('max') ?? null,
      nullCount: stats.get('null_count') ?? '0',
      hasNaN: stats.get('has_nan') === 'true',
    });
  }
  return { path: String(row[0]), rowCount: BigInt(String(row[1])), columns };
}

/** `"a ""b"""` -> `a "b"`; null for a path into a nested column. */
function columnOf(key: string): string | null {
  const whole = /^"((?:[^"]|"")*)"$/.exec(key);
  return whole ? (whole[1] ?? '').replaceAll('""', '"') : null;
}

async function checkNotNull({ connection, columns }: WriteRequest, files: readonly WrittenFile[]): Promise<void> {
  for (const column of columns) {
    if (column.nullable || files.length === 0) continue;
    const counts = files.map((file) => file.columns.get(column.physicalName)?.nullCount);
    const hasNulls = counts.includes(undefined)
      ? await findNulls(connection, files, column)
      : counts.some((count) => count !== '0');
    if (hasNulls)
      throw new SqlError(
        'DELTA_NOT_NULL_CONSTRAINT_VIOLATED',
        '23502',
        `NOT NULL constraint violated for column: ${column.name}.`,
      );
  }
}

/** For what has no null count of its own. */
async function findNulls(
  connection: DuckDBConnection,
  files: readonly WrittenFile[],
  column: DeltaColumn,
): Promise<boolean> {
  const paths = files.map((file) => literal(file.path)).join(', ');
  const name = identifier(column.physicalName);
  const reader = await connection.runAndReadAll(`SELECT 1 FROM read_parquet([${paths}]) WHERE ${name} IS NULL LIMIT 1`);
  return reader.currentRowCount > 0;
}

async function adoptFile(request: WriteRequest, file: WrittenFile): Promise<AddFile> {
  const name = `part-00000-${randomUUID()}.c000.${CODEC}.parquet`;
  const { location, objects, columns, nowMs } = request;
  const { sizeBytes } = await objects.adopt(location.bucket, location.prefix + name, file.path);
  return {
    path: name,
    partitionValues: {},
    size: sizeBytes,
    modificationTime: nowMs,
    dataChange: true,
    stats: renderStats(file.rowCount, indexedColumns(columns, request.configuration), file.columns),
  };
}
