/** Names of a statement resolved against the metastore and the staged files. */

import type { AddFile } from '../delta/actions.ts';
import type { Table } from '../delta/metastore.ts';
import type { Bounds } from '../delta/prune.ts';
import { mayMatch } from '../delta/prune.ts';
import { literal } from '../delta/quote.ts';
import { renderFileScan } from '../delta/read-files.ts';
import type { DeltaColumn } from '../delta/schema.ts';
import type { Snapshot } from '../delta/snapshot.ts';
import {
  type Catalog,
  type ColumnInfo,
  type Conjunct,
  type EmitOptions,
  type Literal,
  type Query,
  type ResolvedSource,
  referencedSources,
  type Source,
} from '../sql/index.ts';
import { isInformationSchema, resolveInformationSchema } from './information-schema.ts';
import { filesKey, needTable, type Run, tableId } from './run.ts';
import { SqlError } from './sql-error.ts';
import { describeStagedFiles } from './staged-files.ts';
import { sqlTypeOfDelta, sqlTypeOfDuckDBText } from './types.ts';

/** Tables and files that a query names, sub-queries included. */
export function sourcesOf(query: Query): Source[] {
  return referencedSources({ body: query, raw: '', at: 0 });
}

/** Loads everything that a query names, so that the emitter's questions can be answered at once. */
export async function prepareSources(run: Run, query: Query): Promise<void> {
  for (const source of sourcesOf(query)) {
    if (source.kind !== 'table') run.files.set(filesKey(source), await describeStagedFiles(run, source));
    else if (isInformationSchema(tableId(run, source.name))) await readAllLogs(run, tableId(run, source.name).catalog);
    else await needTable(run, source.name);
  }
}

async function readAllLogs(run: Run, catalog: string): Promise<void> {
  await Promise.all(run.metastore.tables(catalog).map((entry) => run.metastore.find(entry)));
}

export function emitOptions(run: Run): EmitOptions {
  const catalog: Catalog = { resolve: (source, conjuncts) => resolve(run, source, conjuncts) };
  return {
    dialect: 'databricks',
    catalog,
    parameters: run.parameters,
    timeZone: 'UTC',
    ansiMode: true,
    nowMicros: BigInt(run.nowMs) * 1000n,
    extraFunction: (name, args) => {
      if (args.length > 0) return null;
      if (name === 'current_user' || name === 'session_user' || name === 'user')
        return { sql: literal(run.session.user), type: { kind: 'string' } };
      if (name === 'current_catalog') return { sql: literal(run.session.catalog), type: { kind: 'string' } };
      if (name === 'current_schema' || name === 'current_database')
        return { sql: literal(run.session.schema), type: { kind: 'string' } };
      if (name === 'current_timezone')
        return { sql: literal(run.session.settings.get('TIMEZONE') ?? 'UTC'), type: { kind: 'string' } };
      if (name === 'version') return { sql: literal('3.5.0 lakehaul-sandbox'), type: { kind: 'string' } };
      if (name !== 'current_version') return null;
      // A struct on the real one; its text form names the same three things.
      const text = JSON.stringify({ dbr_version: null, dbsql_version: '2026.30', u_build_hash: 'lakehaul-sandbox' });
      return { sql: literal(text), type: { kind: 'string' } };
    },
  };
}

function resolve(run: Run, source: Source, conjuncts: readonly Conjunct[]): ResolvedSource {
  if (source.kind === 'table') return resolveTable(run, source, conjuncts);
  const staged = run.files.get(filesKey(source));
  if (!staged) throw new SqlError('PATH_NOT_FOUND', '42K03', `Path does not exist: ${source.path}.`);
  const paths = staged.paths.map((path) => literal(path)).join(', ');
  return { duckdbSql: `read_parquet([${paths}])`, columns: staged.columns.map(columnInfo), name: 'files' };
}

function columnInfo(column: { name: string; duckdbType: string }): ColumnInfo {
  return { name: column.name, type: sqlTypeOfDuckDBText(column.duckdbType) };
}

function resolveTable(
  run: Run,
  source: Extract<Source, { kind: 'table' }>,
  conjuncts: readonly Conjunct[],
): ResolvedSource {
  const id = tableId(run, source.name);
  if (isInformationSchema(id)) return resolveInformationSchema(run, id);
  const key = [id.catalog, id.schema, id.table].join('\0').toLowerCase();
  const seen = run.seen.get(key);
  if (!seen)
    throw new SqlError('TABLE_OR_VIEW_NOT_FOUND', '42P01', `The table ${source.name.join('.')} cannot be found.`);
  const snapshot = travel(seen, source);
  const files = matchingFiles(seen.table, snapshot, conjuncts);
  run.scans.push(`Files read of ${source.name.join('.')}: ${files.length} of ${snapshot.files.length}`);
  return {
    duckdbSql: renderFileScan(pathsOf(seen.table, files), snapshot.columns),
    columns: tableColumns(snapshot.columns),
    name: id.table,
  };
}

function travel(seen: { table: Table; snapshot: Snapshot }, source: Extract<Source, { kind: 'table' }>): Snapshot {
  if (!source.timeTravel) return seen.snapshot;
  const { log } = seen.table;
  const wanted =
    source.timeTravel.kind === 'version' ? Number(source.timeTravel.version) : versionAt(seen.table, source.timeTravel);
  const snapshot = log.snapshot(wanted);
  if (snapshot) return snapshot;
  throw new SqlError(
    'DELTA_VERSION_NOT_FOUND',
    '22003',
    `Cannot time travel Delta table to version ${wanted}. Available versions: [0, ${log.version}].`,
  );
}

function versionAt(table: Table, at: { kind: 'timestamp'; expression: { kind: string } }): number {
  const { expression } = at as { expression: { kind: string; value?: Literal } };
  const value = expression.kind === 'literal' ? expression.value : undefined;
  const text = value && 'value' in value && typeof value.value === 'string' ? value.value : null;
  const timestampMs = text === null ? Number.NaN : Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(timestampMs))
    throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', 'TIMESTAMP AS OF needs a literal timestamp.');
  const version = table.log.versionAt(timestampMs);
  if (version !== null) return version;
  throw new SqlError('DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION', '42816', 'The timestamp is before version 0.');
}

export function tableColumns(columns: readonly DeltaColumn[]): ColumnInfo[] {
  return columns.map((column) => ({ name: column.name, type: sqlTypeOfDelta(column.type) }));
}

/** Files that may hold rows for these conjuncts, by the log's statistics alone. */
export function matchingFiles(table: Table, snapshot: Snapshot, conjuncts: readonly Conjunct[]): AddFile[] {
  const bounds = boundsOf(conjuncts);
  return snapshot.files.filter((file) => mayMatch(table.log.statsOf(file), bounds, snapshot.columns));
}

export function pathsOf(table: Table, files: readonly AddFile[]): string[] {
  return files.map((file) => {
    const path = table.log.pathOf(file);
    if (path === null)
      throw new SqlError('DELTA_FILE_NOT_FOUND', '42K03', `The data file ${file.path} of the table does not exist.`);
    return path;
  });
}

export function boundsOf(conjuncts: readonly Conjunct[]): Bounds[] {
  const bounds: Bounds[] = [];
  for (const conjunct of conjuncts) {
    const column = conjunct.column.at(-1);
    if (column === undefined) continue;
    const bound = boundOf(column, conjunct);
    if (bound) bounds.push(bound);
  }
  return bounds;
}

function boundOf(column: string, conjunct: Conjunct): Bounds | null {
  if (conjunct.op === 'is-null') return { column, low: null, high: null, matches: 'null' };
  const open: Bounds = { column, low: null, high: null, matches: 'value' };
  if (conjunct.op === 'is-not-null') return open;
  const values = conjunct.values.map(constantText);
  if (values.some((value) => value === null)) return open;
  const texts = values as string[];
  const [first = null] = texts;
  if (conjunct.op === '<' || conjunct.op === '<=') return { ...open, high: first };
  if (conjunct.op === '>' || conjunct.op === '>=') return { ...open, low: first };
  if (conjunct.op === '=') return { ...open, low: first, high: first };
  // IN: the hull of its integers is enough to skip by.
  if (!texts.every((text) => /^-?\d+$/.test(text))) return open;
  const sorted = texts.map(BigInt).sort((left, right) => (left < right ? -1 : Number(left > right)));
  return { ...open, low: String(sorted[0]), high: String(sorted.at(-1)) };
}

function constantText(value: Literal): string | null {
  if (value.type === 'integer') return value.text;
  return value.type === 'typed' && value.sqlType.kind === 'date' ? value.value : null;
}
