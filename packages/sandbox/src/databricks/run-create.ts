import { randomUUID } from 'node:crypto';
import type { Action, MetaData } from '../delta/actions.ts';
import type { Table } from '../delta/metastore.ts';
import { type DeltaColumn, findColumn, usesColumnMapping } from '../delta/schema.ts';
import { type WrittenFiles, writeFiles } from '../delta/write-files.ts';
import { type CreateTable, type EmittedQuery, emitQuery, type StatementBody } from '../sql/index.ts';
import { assignColumns, insertMismatch } from './assign-columns.ts';
import { addActions, removeActions, writeInto } from './rewrite.ts';
import { commit, done, type Run, tableId } from './run.ts';
import { emitOptions, prepareSources } from './scope.ts';
import { SqlError } from './sql-error.ts';
import { checkProperties, clusteringAction, newColumns, protocolFor, withColumns } from './table-metadata.ts';
import type { Outcome } from './warehouse.ts';

type CreateSchema = Extract<StatementBody, { kind: 'create-schema' }>;
type Drop = Extract<StatementBody, { kind: 'drop' }>;

export async function createSchema(run: Run, body: CreateSchema): Promise<Outcome> {
  const [schema = '', catalog = run.session.catalog] = [...body.name].reverse();
  if (run.metastore.hasSchema(catalog, schema)) {
    if (body.ifNotExists) return done();
    throw new SqlError('SCHEMA_ALREADY_EXISTS', '42P06', `Cannot create schema ${schema}: it already exists.`);
  }
  await run.metastore.createSchema({ catalog, schema, comment: body.comment });
  return done();
}

export async function createTable(run: Run, body: CreateTable): Promise<Outcome> {
  checkCreate(body);
  const id = tableId(run, body.name);
  if (!run.metastore.hasSchema(id.catalog, id.schema))
    throw new SqlError('SCHEMA_NOT_FOUND', '42704', `The schema \`${id.catalog}\`.\`${id.schema}\` cannot be found.`);
  const existing = await run.metastore.find(id);
  if (existing && !body.orReplace) {
    if (body.ifNotExists) return done();
    throw new SqlError('TABLE_OR_VIEW_ALREADY_EXISTS', '42P07', `Cannot create table ${id.table}: it already exists.`);
  }
  const table = existing ?? run.metastore.newTable(id, run.session.user, run.nowMs);
  const emitted = await emitSelect(run, body);
  const { metaData, columns } = describeNew(run, body, emitted);
  const written = emitted && (await writeSelect(run, { table, metaData, columns, emitted }));
  await commitCreate(run, { body, table, metaData, columns, written, isNew: !existing });
  return done();
}

function checkCreate(body: CreateTable): void {
  const refused = [
    [body.temporary, 'temporary tables'],
    [body.using !== null && body.using.toLowerCase() !== 'delta', `USING ${body.using}`],
    [body.partitionedBy.length > 0, 'PARTITIONED BY'],
    [body.location !== null, 'LOCATION'],
  ] as const;
  for (const [isThere, what] of refused) {
    if (isThere) throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', `CREATE TABLE with ${what} is not supported.`);
  }
  checkProperties(body.properties);
}

async function emitSelect(run: Run, body: CreateTable): Promise<EmittedQuery | null> {
  if (!body.query) return null;
  await prepareSources(run, body.query);
  return emitQuery(body.query, emitOptions(run));
}

function describeNew(
  run: Run,
  body: CreateTable,
  emitted: EmittedQuery | null,
): { metaData: MetaData; columns: DeltaColumn[] } {
  const mapped = usesColumnMapping(body.properties);
  const definitions = emitted
    ? emitted.columns.map((column) => ({ ...column, nullable: true, comment: null, default: null, attributes: {} }))
    : body.columns;
  const columns = newColumns(definitions, { mapped, firstId: 1 });
  const configuration = Object.fromEntries(
    Object.entries(body.properties).filter(([key]) => !key.startsWith('delta.feature.') && !/^delta\.min/.test(key)),
  );
  const metaData: MetaData = {
    id: randomUUID(),
    ...(body.comment === null ? {} : { description: body.comment }),
    format: { provider: 'parquet', options: {} },
    schemaString: '',
    partitionColumns: [],
    configuration,
    createdTime: run.nowMs,
  };
  return { metaData: withColumns(metaData, columns), columns };
}

function writeSelect(
  run: Run,
  {
    table,
    metaData,
    columns,
    emitted,
  }: { table: Table; metaData: MetaData; columns: DeltaColumn[]; emitted: EmittedQuery },
): Promise<WrittenFiles> {
  const select = assignColumns({ emitted, target: columns, columns: null, by: 'position', mismatch: insertMismatch });
  return writeFiles({ ...writeInto(run, { table, snapshot: { columns, metaData } }), select });
}

async function commitCreate(
  run: Run,
  create: {
    body: CreateTable;
    table: Table;
    metaData: MetaData;
    columns: DeltaColumn[];
    written: WrittenFiles | null;
    isNew: boolean;
  },
): Promise<void> {
  const { body, table, metaData, columns, written } = create;
  const clustered = body.clusterBy.map((name) => {
    const column = findColumn(columns, name);
    if (!column) throw new SqlError('UNRESOLVED_COLUMN.WITHOUT_SUGGESTION', '42703', `Column ${name} does not exist.`);
    return column;
  });
  const before = table.log.snapshot();
  const actions: Action[] = [
    { protocol: protocolFor(metaData, columns, clustered.length > 0) },
    { metaData },
    ...(clustered.length > 0 ? [clusteringAction(clustered)] : []),
    ...removeActions(before?.files ?? [], run.nowMs),
    ...addActions(written?.adds ?? []),
  ];
  const verb = body.orReplace ? 'CREATE OR REPLACE TABLE' : 'CREATE TABLE';
  await commit({
    run,
    table,
    snapshot: before ?? {
      version: -1,
      metaData,
      protocol: { minReaderVersion: 1, minWriterVersion: 2 },
      columns,
      files: [],
    },
    point: 'databricks.commit',
    operation: body.query ? `${verb} AS SELECT` : verb,
    parameters: {
      partitionBy: '[]',
      clusterBy: JSON.stringify(clustered.map((column) => column.name)),
      description: body.comment ?? '',
      isManaged: 'true',
      properties: JSON.stringify(metaData.configuration),
      statsOnLoad: 'false',
    },
    metrics: written
      ? {
          numFiles: String(written.adds.length),
          numOutputRows: written.rowCount.toString(),
          numOutputBytes: String(written.sizeBytes),
        }
      : {},
    actions,
    isBlindAppend: create.isNew,
  });
  if (create.isNew) await run.metastore.register(table, body.ifNotExists);
}

export async function drop(run: Run, body: Drop): Promise<Outcome> {
  for (const name of body.names) {
    if (body.object === 'schema') await dropSchema(run, body, name);
    else await dropTable(run, body, name);
  }
  return done();
}

async function dropSchema(run: Run, body: Drop, name: readonly string[]): Promise<void> {
  const [schema = '', catalog = run.session.catalog] = [...name].reverse();
  if (!run.metastore.hasSchema(catalog, schema)) {
    if (body.ifExists) return;
    throw new SqlError('SCHEMA_NOT_FOUND', '42704', `The schema ${catalog}.${schema} cannot be found.`);
  }
  const entries = run.metastore.tables(catalog, schema);
  if (entries.length > 0 && !body.cascade)
    throw new SqlError('SCHEMA_NOT_EMPTY', '2BP01', `Cannot drop the schema ${schema}: it contains objects.`);
  for (const entry of entries) {
    const table = await run.metastore.find(entry);
    if (table) await run.metastore.drop(table);
  }
  await run.metastore.dropSchema(catalog.toLowerCase(), schema.toLowerCase());
}

async function dropTable(run: Run, body: Drop, name: readonly string[]): Promise<void> {
  const table = body.object === 'table' ? await run.metastore.find(tableId(run, name)) : null;
  if (table) await run.metastore.drop(table);
  else if (!body.ifExists)
    throw new SqlError('TABLE_OR_VIEW_NOT_FOUND', '42P01', `The ${body.object} ${name.join('.')} cannot be found.`);
}
