import { type CreateTable, parseRedshift, type SqlType } from '../sql/index.ts';
import {
  type Attribute,
  engineName,
  findNamespace,
  findRelation,
  insertNamespace,
  type Relation,
  rows,
} from './catalogue.ts';
import { createTable } from './ddl.ts';
import { fitSql } from './dml.ts';
import type { QueryEntry } from './query-history.ts';
import { quoteLiteral, quoteName } from './quote.ts';
import { DatabaseError } from './service-error.ts';
import { Session, type SessionOptions } from './session.ts';
import type { StatementRecord } from './statement-store.ts';

export interface LoadFilesRequest {
  schema: string;
  table: string;
  /** Paths of Parquet, NDJSON (.json, .jsonl, .ndjson), CSV or TSV files, also with .gz; all of one kind. */
  files: readonly string[];
  /** CREATE TABLE whose columns and keys are taken; the name in it is not. Without it the types come from the files. */
  ddl?: string;
}

/**
 * Puts files into a table, which is created unless it is there: columns meet by name. Rows are stored in the order of
 * the sort key, as VACUUM would leave them.
 */
export async function loadFiles(
  options: Omit<SessionOptions, 'record'>,
  request: LoadFilesRequest,
): Promise<{ rowCount: number }> {
  const session = new Session({ ...options, record: LOADER });
  await session.open();
  await session.begin();
  const entry = copyEntry(options, session, request);
  session.entry = entry;
  options.history.begin(entry);
  try {
    const reader = readerSql(request.files);
    const given = await describeFiles(session, reader);
    const relation = await needRelation(session, request, reader, given);
    const rowCount = await insertFiles(session, relation, reader, given);
    endEntry(options, entry, 'success');
    await session.commit();
    return { rowCount };
  } catch (error) {
    endEntry(options, entry, 'failed');
    await session.rollback();
    throw error;
  }
}

/** In the history it is a COPY like any other. */
function copyEntry(options: Omit<SessionOptions, 'record'>, session: Session, request: LoadFilesRequest): QueryEntry {
  const { history } = options;
  return {
    queryId: history.nextId(),
    transactionId: session.transactionId,
    sessionId: 0,
    userId: 100,
    userName: LOADER.dbUser,
    databaseName: session.database,
    queryType: 'COPY',
    queryLabel: 'default',
    status: 'running',
    startMicros: history.nowMicros(),
    endMicros: null,
    queueMicros: 0,
    executionMicros: 0,
    returnedRows: 0,
    returnedBytes: 0,
    errorMessage: '',
    queryText: `COPY ${request.schema}.${request.table} FROM (files)`,
    unload: null,
    steps: [],
  };
}

function endEntry(options: Omit<SessionOptions, 'record'>, entry: QueryEntry, status: 'success' | 'failed'): void {
  entry.status = status;
  entry.endMicros = options.history.nowMicros();
  entry.executionMicros = entry.endMicros - entry.startMicros;
  options.history.end(entry);
}

const LOADER = { dbUser: 'sandbox', pid: 0 } as StatementRecord;

interface FileColumn {
  name: string;
  type: SqlType;
}

function readerSql(files: readonly string[]): string {
  const [first] = files;
  if (first === undefined) throw new DatabaseError('no files to load');
  const list = `[${files.map(quoteLiteral).join(', ')}]`;
  const ending = /\.(parquet|ndjson|jsonl|json|csv|tsv)(?:\.gz)?$/i.exec(first)?.[1]?.toLowerCase();
  switch (ending) {
    case 'parquet':
      return `read_parquet(${list}, union_by_name = true)`;
    case 'ndjson':
    case 'jsonl':
    case 'json':
      return `read_json(${list}, union_by_name = true, maximum_object_size = 67108864)`;
    case 'csv':
    case 'tsv':
      return `read_csv(${list}, union_by_name = true)`;
    default:
      throw new DatabaseError(
        `the kind of ${first} is not known by its ending (parquet, ndjson, jsonl, json, csv, tsv)`,
      );
  }
}

async function describeFiles(session: Session, reader: string): Promise<FileColumn[]> {
  const found = await rows(session.connection, `DESCRIBE SELECT * FROM ${reader}`);
  return found.map((row) => ({ name: String(row['column_name']), type: redshiftType(String(row['column_type'])) }));
}

const PLAIN: Readonly<Record<string, SqlType>> = {
  BOOLEAN: { kind: 'boolean' },
  TINYINT: { kind: 'smallint' },
  UTINYINT: { kind: 'smallint' },
  SMALLINT: { kind: 'smallint' },
  USMALLINT: { kind: 'integer' },
  INTEGER: { kind: 'integer' },
  UINTEGER: { kind: 'bigint' },
  BIGINT: { kind: 'bigint' },
  UBIGINT: { kind: 'decimal', precision: 20, scale: 0 },
  HUGEINT: { kind: 'decimal', precision: 38, scale: 0 },
  FLOAT: { kind: 'real' },
  DOUBLE: { kind: 'double' },
  DATE: { kind: 'date' },
  TIME: { kind: 'time' },
  TIMESTAMP: { kind: 'timestamp' },
  TIMESTAMP_S: { kind: 'timestamp' },
  TIMESTAMP_MS: { kind: 'timestamp' },
  TIMESTAMP_NS: { kind: 'timestamp' },
  'TIMESTAMP WITH TIME ZONE': { kind: 'timestamptz' },
  BLOB: { kind: 'varbyte', length: 1_024_000 },
  JSON: { kind: 'super' },
};

/** Nested values become SUPER; whatever else DuckDB knows is kept as text. */
function redshiftType(text: string): SqlType {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(text);
  if (decimal) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  if (/\[\]$|^STRUCT|^MAP|^UNION/.test(text)) return { kind: 'super' };
  return PLAIN[text] ?? { kind: 'varchar', length: 65535 };
}

async function needRelation(
  session: Session,
  request: LoadFilesRequest,
  reader: string,
  given: readonly FileColumn[],
): Promise<Relation> {
  const { schema, table } = request;
  const existing = await findRelation(session.connection, schema, table);
  if (existing && existing.kind !== 'table') throw new DatabaseError(`"${table}" is not a table`);
  if (existing) return existing;
  if ((await findNamespace(session.connection, schema)) === null)
    await insertNamespace(session.connection, session.options.catalogue.nextOid(), schema);
  const body = request.ddl === undefined ? await inferTable(session, request, reader, given) : readDdl(request);
  await createTable(session, body);
  return (await findRelation(session.connection, schema, table)) as Relation;
}

function readDdl({ ddl, schema, table }: LoadFilesRequest): CreateTable {
  const body = parseRedshift(ddl ?? '')[0]?.body;
  if (body?.kind !== 'create-table') throw new DatabaseError('the DDL is not a CREATE TABLE');
  return { ...body, name: [schema, table], ifNotExists: false };
}

const TEXT_LENGTHS = [16, 64, 256, 1024, 4096, 16_384, 65_535];

async function inferTable(
  session: Session,
  { schema, table }: LoadFilesRequest,
  reader: string,
  given: readonly FileColumn[],
): Promise<CreateTable> {
  const texts = given.filter((column) => column.type.kind === 'varchar');
  const lengths = texts.map((column) => `max(strlen(CAST(${quoteName(column.name)} AS VARCHAR)))`);
  const [found = {}] =
    texts.length === 0 ? [] : await rows(session.connection, `SELECT ${lengths.join(', ')} FROM ${reader}`);
  const longest = new Map(texts.map((column, index) => [column.name, Number(Object.values(found)[index] ?? 0)]));
  const typeOf = (column: FileColumn): SqlType => {
    const needed = longest.get(column.name);
    if (needed === undefined) return column.type;
    return { kind: 'varchar', length: TEXT_LENGTHS.find((length) => length >= needed) ?? 65_535 };
  };
  return {
    ...{ kind: 'create-table', name: [schema, table], ifNotExists: false, orReplace: false, temporary: false },
    columns: given.map((column) => ({
      ...{ name: column.name.toLowerCase(), type: typeOf(column), nullable: true, comment: null, default: null },
      attributes: {},
    })),
    ...{ query: null, comment: null, using: null, clusterBy: [], partitionedBy: [], properties: {}, location: null },
    ...{ distStyle: null, distKey: null, sortKey: null, primaryKey: [] },
  };
}

async function insertFiles(
  session: Session,
  relation: Relation,
  reader: string,
  given: readonly FileColumn[],
): Promise<number> {
  const pairs = given.map((column) => {
    const target = relation.attributes.find((each) => each.name.toLowerCase() === column.name.toLowerCase());
    if (!target)
      throw new DatabaseError(`the files have a column "${column.name}" that table "${relation.name}" has not`);
    return { column, target };
  });
  const targets = pairs.map(({ target }) => quoteName(target.name));
  const values = pairs.map(({ column, target }) => valueSql(column, target));
  const keys =
    relation.sortStyle === 'compound' ? sortKeys(relation, new Set(pairs.map(({ target }) => target.name))) : [];
  const order = keys.length === 0 ? '' : ` ORDER BY ${keys.map((name) => `${quoteName(name)} NULLS LAST`).join(', ')}`;
  const result = await session.connection.run(
    `INSERT INTO ${engineName(relation.schema, relation.name)} (${targets.join(', ')})
     SELECT * FROM (SELECT ${values.map((value, index) => `${value} AS ${targets[index]}`).join(', ')} FROM ${reader})${order}`,
  );
  session.noteWrite({
    name: 'insert',
    tableId: Number(relation.oid),
    tableName: relation.name,
    rowCount: result.rowsChanged,
  });
  return result.rowsChanged;
}

/** Text that is JSON becomes the SUPER value that it means, other text a SUPER string. */
function valueSql(column: FileColumn, target: Attribute): string {
  // DuckDB infers types from JSON that Redshift has not (UUID): what is kept as text is text from here on.
  const name = column.type.kind === 'varchar' ? `CAST(${quoteName(column.name)} AS VARCHAR)` : quoteName(column.name);
  if (target.type.kind === 'super' && column.type.kind === 'varchar')
    return `CASE WHEN json_valid(${name}) THEN CAST(${name} AS JSON) ELSE to_json(${name}) END`;
  if (target.type.kind === 'super') return `to_json(${name})`;
  return fitSql(name, column.type, target.type);
}

function sortKeys(relation: Relation, loaded: ReadonlySet<string>): string[] {
  return relation.attributes
    .filter((attribute) => attribute.sortKeyOrdinal > 0 && loaded.has(attribute.name))
    .sort((a, b) => a.sortKeyOrdinal - b.sortKeyOrdinal)
    .map((attribute) => attribute.name);
}
