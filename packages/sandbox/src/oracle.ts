/**
 * The judge of every end state, in tests and in drills. It imports nothing of this project, least of all the verifier: it
 * reads the Delta log and the Parquet files by itself, and compares them with the source table as multisets (EXCEPT ALL
 * both ways), floats by their shortest round-trip text, which differs wherever the bits do (NaN payloads aside).
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { registerCanonicalJson } from './oracle-json.ts';

/** How the oracle reaches the bytes of a bucket: a listing and a local path for each key. */
export interface BucketFiles {
  list(prefix: string): { key: string }[];
  pathOf(key: string): string;
}

export interface ActiveTable {
  paths: string[];
  /** Logical column names with the names inside the Parquet files. */
  columns: { name: string; physicalName: string; type: string }[];
  version: number;
}

interface LogAction {
  add?: { path: string; deletionVector?: unknown };
  remove?: { path: string };
  metaData?: { schemaString: string; configuration?: Record<string, string> };
}

interface SchemaField {
  name: string;
  type: unknown;
  metadata: Record<string, unknown>;
}

/** Replays `_delta_log` from version 0. `tablePrefix` ends with '/'. */
export function readActiveTable(files: BucketFiles, tablePrefix: string): ActiveTable {
  const commits = files
    .list(`${tablePrefix}_delta_log/`)
    .map((object) => object.key)
    .filter((key) => /\/\d{20}\.json$/.test(key))
    .sort();
  if (commits.length === 0) throw new Error(`no Delta log under ${tablePrefix}`);
  const active = new Map<string, string>();
  let fields: SchemaField[] = [];
  for (const key of commits) {
    for (const line of readFileSync(files.pathOf(key), 'utf8').split('\n')) {
      if (line.trim() === '') continue;
      const action = JSON.parse(line) as LogAction;
      if (action.metaData !== undefined)
        fields = (JSON.parse(action.metaData.schemaString) as { fields: SchemaField[] }).fields;
      if (action.add?.deletionVector !== undefined && action.add.deletionVector !== null)
        throw new Error('the oracle reads no deletion vectors');
      if (action.add !== undefined) active.set(action.add.path, `${tablePrefix}${decodeURIComponent(action.add.path)}`);
      if (action.remove !== undefined) active.delete(action.remove.path);
    }
  }
  return {
    paths: [...active.values()].map((key) => files.pathOf(key)),
    columns: fields.map((field) => ({
      name: field.name,
      physicalName: String(field.metadata['delta.columnMapping.physicalName'] ?? field.name),
      type: typeof field.type === 'string' ? field.type : JSON.stringify(field.type),
    })),
    version: commits.length - 1,
  };
}

export interface Comparison {
  sourceRows: bigint;
  targetRows: bigint;
  /** Rows of the source that the target lacks, counted with multiplicity. */
  missing: bigint;
  /** Rows of the target that the source lacks. */
  extra: bigint;
}

export interface CompareRequest {
  connection: DuckDBConnection;
  /** FROM text of the source relation. */
  sourceSql: string;
  /** WHERE text on the source (a cut line); default all rows. */
  sourceWhere?: string;
  target: ActiveTable;
  /** Column of the target that tells hauled rows from live ones; null compares all rows. */
  lineageColumn?: string | null;
  /** Which rows of the target: those with a lineage value (the default), or those without, which came by the live path. */
  targetRows?: 'hauled' | 'live';
  /** Only rows of these chunks, the upper part of their lineage value. */
  chunks?: readonly number[];
  /** Columns that are left out, as acknowledged. */
  excluded?: readonly string[];
  /** Per column: other texts than the default ones. */
  texts?: Readonly<Record<string, { source: string; target: string }>>;
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Exact text of a value by its DuckDB type, the same for whatever form the target keeps it in. */
function exactText(expression: string, type: string): string {
  const kind = type.toUpperCase();
  if (kind === 'BLOB') return `lower(hex(${expression}))`;
  if (kind === 'TIME') return `CAST(epoch_us(${expression}) AS VARCHAR)`;
  if (kind.startsWith('TIMESTAMP')) return `CAST(epoch_us(${expression}) AS VARCHAR)`;
  if (kind === 'INTERVAL')
    return `CAST(CASE WHEN datepart('year', ${expression}) * 12 + datepart('month', ${expression}) <> 0 THEN datepart('year', ${expression}) * 12 + datepart('month', ${expression}) ELSE CAST(epoch(${expression}) * 1000000 AS BIGINT) END AS VARCHAR)`;
  return `CAST(${expression} AS VARCHAR)`;
}

export async function compareTables(request: CompareRequest): Promise<Comparison> {
  const { connection, target } = request;
  const run = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson() as string[][];
  const sourceTypes = new Map(
    (await run(`DESCRIBE SELECT * FROM ${request.sourceSql}`)).map((row) => [
      String(row[0]).toLowerCase(),
      String(row[1]),
    ]),
  );
  const excluded = new Set((request.excluded ?? []).map((name) => name.toLowerCase()));
  const columns = target.columns.filter(
    (column) => column.name !== request.lineageColumn && !excluded.has(column.name.toLowerCase()),
  );
  const unmatched = [...sourceTypes.keys()].filter(
    (name) => !excluded.has(name) && !columns.some((column) => column.name.toLowerCase() === name),
  );
  if (unmatched.length > 0) throw new Error(`the target lacks the columns ${unmatched.join(', ')}`);

  const files =
    target.paths.length === 0 ? null : `read_parquet([${target.paths.map(literal).join(', ')}], union_by_name = true)`;
  const targetTypes =
    files === null
      ? new Map<string, string>()
      : new Map((await run(`DESCRIBE SELECT * FROM ${files}`)).map((row) => [String(row[0]), String(row[1])]));
  const sourceTexts = columns.map(
    (column) =>
      request.texts?.[column.name]?.source ??
      (column.type === 'variant'
        ? `oracle_json(CAST(${quote(column.name)} AS VARCHAR))`
        : exactText(quote(column.name), sourceTypes.get(column.name.toLowerCase()) ?? 'VARCHAR')),
  );
  const targetTexts = columns.map(
    (column) =>
      request.texts?.[column.name]?.target ??
      targetText(
        column,
        targetTypes.get(column.physicalName) ?? 'VARCHAR',
        sourceTypes.get(column.name.toLowerCase()) ?? '',
      ),
  );
  const aliased = (texts: readonly string[]) => texts.map((text, index) => `${text} AS c${index}`).join(', ');
  const lineage = target.columns.find((column) => column.name === request.lineageColumn);
  const isChosen = lineage === undefined ? 'TRUE' : chosenRows(quote(lineage.physicalName), request);
  const none = columns.map((_, index) => `CAST(NULL AS VARCHAR) AS c${index}`).join(', ');
  const sourceSelect = `SELECT ${aliased(sourceTexts)} FROM ${request.sourceSql} WHERE ${request.sourceWhere ?? 'TRUE'}`;
  const targetSelect =
    files === null ? `SELECT ${none} WHERE FALSE` : `SELECT ${aliased(targetTexts)} FROM ${files} WHERE ${isChosen}`;
  const count = async (sql: string) =>
    BigInt((await run(`SELECT CAST(count(*) AS VARCHAR) FROM (${sql})`))[0]?.[0] ?? '0');
  return {
    sourceRows: await count(sourceSelect),
    targetRows: await count(targetSelect),
    missing: await count(`${sourceSelect} EXCEPT ALL ${targetSelect}`),
    extra: await count(`${targetSelect} EXCEPT ALL ${sourceSelect}`),
  };
}

/** The lineage value is chunk number · 2^16 + attempt. */
function chosenRows(lineage: string, { targetRows, chunks }: Pick<CompareRequest, 'targetRows' | 'chunks'>): string {
  if (targetRows === 'live') return `${lineage} IS NULL`;
  return chunks === undefined ? `${lineage} IS NOT NULL` : `${lineage} // 65536 IN (${chunks.join(', ')})`;
}

/** A TIME travels as microseconds, bytes may be kept as hexadecimal text: the source's type tells. */
function targetText(column: { physicalName: string; type: string }, type: string, sourceType: string): string {
  const expression = quote(column.physicalName);
  if (column.type === 'variant') return variantText(expression);
  if (sourceType === 'BLOB' && type === 'VARCHAR') return `lower(${expression})`;
  return exactText(expression, type);
}

/** The two binaries of a VARIANT, read by DuckDB's own decoder, to which a JSON null is NULL. */
function variantText(expression: string): string {
  const bytes = `${expression}.metadata || ${expression}."value"`;
  const json = `coalesce(CAST(CAST(variant_bytes_to_variant(${bytes}) AS JSON) AS VARCHAR), 'null')`;
  return `oracle_json(CASE WHEN ${expression} IS NOT NULL THEN ${json} END)`;
}

/** Opens a copy of a DuckDB database file that another engine holds open (the write-ahead log comes along). */
export async function openCopy(databaseFile: string): Promise<AsyncDisposable & { connection: DuckDBConnection }> {
  const directory = mkdtempSync(join(tmpdir(), 'oracle-'));
  const copy = join(directory, 'source.db');
  copyFileSync(databaseFile, copy);
  if (existsSync(`${databaseFile}.wal`)) copyFileSync(`${databaseFile}.wal`, `${copy}.wal`);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  registerCanonicalJson(connection);
  await connection.run(`SET TimeZone = 'UTC'; ATTACH ${literal(copy)} AS source`);
  return {
    connection,
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
