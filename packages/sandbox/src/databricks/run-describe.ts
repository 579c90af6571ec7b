import type { Table, TableEntry } from '../delta/metastore.ts';
import type { Snapshot } from '../delta/snapshot.ts';
import type { StatementBody } from '../sql/index.ts';
import { databricksTypeText } from '../sql/index.ts';
import { done, ENGINE_INFO, needTable, type Run } from './run.ts';
import { clusteringNames } from './run-alter.ts';
import { SqlError } from './sql-error.ts';
import { sqlTypeOfDelta } from './types.ts';
import { resultOf, type SqlTypeKind, type SqlValue } from './values.ts';
import type { Outcome } from './warehouse.ts';

type Describe = Extract<StatementBody, { kind: 'describe' }>;
type Target = { table: Table; snapshot: Snapshot };

export async function describe(run: Run, body: Describe): Promise<Outcome> {
  const target = await needTable(run, body.table);
  if (body.what === 'detail') return done(describeDetail(run, target));
  if (body.what === 'history') return done(describeHistory(target, limitOf(body)));
  return done(describeTable(run, target, body.what === 'extended'));
}

function describeTable(run: Run, { table, snapshot }: Target, extended: boolean): ReturnType<typeof resultOf> {
  const rows: SqlValue[][] = snapshot.columns.map((column) => [
    column.name,
    databricksTypeText(sqlTypeOfDelta(column.type)),
    column.comment,
  ]);
  const clustered = clusteringNames(table, snapshot.columns);
  if (clustered.length > 0) {
    rows.push(['# Clustering Information', '', ''], ['# col_name', 'data_type', 'comment']);
    for (const name of clustered) rows.push(rows.find(([column]) => column === name) ?? [name, '', null]);
  }
  if (extended) rows.push(...extendedRows(run, { table, snapshot }));
  return resultOf(
    [
      ['col_name', 'STRING'],
      ['data_type', 'STRING'],
      ['comment', 'STRING'],
    ],
    rows,
  );
}

function extendedRows(run: Run, { table, snapshot }: Target): SqlValue[][] {
  const { entry } = table;
  const name = fullName(entry);
  const properties = Object.entries(snapshot.metaData.configuration).map(([key, value]) => `${key}=${value}`);
  const rows: SqlValue[][] = [
    ['', '', ''],
    ['# Detailed Table Information', '', ''],
    ['Catalog', entry.catalog, ''],
    ['Database', entry.schema, ''],
    ['Table', entry.table, ''],
    ['Owner', entry.owner, ''],
    ['Created Time', new Date(entry.createdMs).toUTCString(), ''],
    ['Created By', ENGINE_INFO, ''],
    ['Type', 'MANAGED', ''],
    ['Location', location(run, entry), ''],
    ['Provider', 'delta', ''],
    ['Table Properties', `[${properties.join(',')}]`, ''],
  ];
  if (snapshot.metaData.description !== undefined) rows.push(['Comment', snapshot.metaData.description, '']);
  // Layout of docs.databricks "row filters and column masks": sections of their own at the end.
  const filter = run.switches.rowFilters[name];
  if (filter !== undefined)
    rows.push(['', '', ''], ['# Row Filter', '', ''], ['Function', filter, ''], ['Column Names', '', '']);
  const masks = Object.entries(run.switches.columnMasks[name] ?? {});
  if (masks.length > 0)
    rows.push(['', '', ''], ['# Column Masks', '', ''], ...masks.map(([column, mask]) => [column, mask, '']));
  return rows;
}

export function fullName(entry: TableEntry): string {
  return `${entry.catalog}.${entry.schema}.${entry.table}`;
}

export function location(run: Run, entry: TableEntry): string {
  return `s3://${run.metastore.bucket}/${entry.prefix.slice(0, -1)}`;
}

function describeDetail(run: Run, { table, snapshot }: Target): ReturnType<typeof resultOf> {
  const { protocol, metaData } = snapshot;
  const sizeInBytes = snapshot.files.reduce((sum, file) => sum + BigInt(file.size), 0n);
  const lastCommit = table.log.commits().at(-1);
  const features = [...new Set([...(protocol.readerFeatures ?? []), ...(protocol.writerFeatures ?? [])])];
  const columns: [string, SqlTypeKind, SqlValue][] = [
    ['format', 'STRING', 'delta'],
    ['id', 'STRING', metaData.id],
    ['name', 'STRING', fullName(table.entry)],
    ['description', 'STRING', metaData.description ?? null],
    ['location', 'STRING', location(run, table.entry)],
    ['createdAt', 'TIMESTAMP', BigInt(metaData.createdTime) * 1000n],
    ['lastModified', 'TIMESTAMP', BigInt(lastCommit?.info.timestamp ?? metaData.createdTime) * 1000n],
    ['partitionColumns', 'ARRAY', '[]'],
    ['clusteringColumns', 'ARRAY', JSON.stringify(clusteringNames(table, snapshot.columns))],
    ['numFiles', 'BIGINT', BigInt(snapshot.files.length)],
    ['sizeInBytes', 'BIGINT', sizeInBytes],
    ['properties', 'MAP', JSON.stringify(metaData.configuration)],
    ['minReaderVersion', 'INT', protocol.minReaderVersion],
    ['minWriterVersion', 'INT', protocol.minWriterVersion],
    ['tableFeatures', 'ARRAY', JSON.stringify(features)],
  ];
  return resultOf(
    columns.map(([name, kind]) => [name, kind] as const),
    [columns.map(([, , value]) => value)],
  );
}

const HISTORY: readonly [name: string, kind: SqlTypeKind][] = [
  ['version', 'BIGINT'],
  ['timestamp', 'TIMESTAMP'],
  ['userId', 'STRING'],
  ['userName', 'STRING'],
  ['operation', 'STRING'],
  ['operationParameters', 'MAP'],
  ['job', 'STRUCT'],
  ['notebook', 'STRUCT'],
  ['clusterId', 'STRING'],
  ['readVersion', 'BIGINT'],
  ['isolationLevel', 'STRING'],
  ['isBlindAppend', 'BOOLEAN'],
  ['operationMetrics', 'MAP'],
  ['userMetadata', 'STRING'],
  ['engineInfo', 'STRING'],
];

function describeHistory({ table }: Target, limit: number): ReturnType<typeof resultOf> {
  const rows = table.log
    .commits()
    .toReversed()
    .slice(0, limit)
    .map(({ version, info }): SqlValue[] => [
      BigInt(version),
      BigInt(info.timestamp) * 1000n,
      info.userId,
      info.userName,
      info.operation,
      JSON.stringify(info.operationParameters),
      null,
      null,
      null,
      info.readVersion === undefined ? null : BigInt(info.readVersion),
      info.isolationLevel,
      info.isBlindAppend,
      JSON.stringify(info.operationMetrics),
      null,
      info.engineInfo,
    ]);
  return resultOf(HISTORY, rows);
}

function limitOf(body: Describe): number {
  if (!body.limit) return Number.POSITIVE_INFINITY;
  const value = body.limit.kind === 'literal' ? body.limit.value : null;
  if (value?.type !== 'integer') throw new SqlError('INVALID_LIMIT_LIKE_EXPRESSION', '42K0E', 'LIMIT needs a number.');
  return Number(value.text);
}
