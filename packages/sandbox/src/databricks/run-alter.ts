import type { Action, MetaData } from '../delta/actions.ts';
import type { Table } from '../delta/metastore.ts';
import { identifier } from '../delta/quote.ts';
import { renderFileScan } from '../delta/read-files.ts';
import { type DeltaColumn, findColumn, usesColumnMapping } from '../delta/schema.ts';
import type { Snapshot } from '../delta/snapshot.ts';
import type { StatementBody } from '../sql/index.ts';
import { commit, done, needTable, type Run } from './run.ts';
import { pathsOf } from './scope.ts';
import { SqlError } from './sql-error.ts';
import {
  checkProperties,
  clusteringAction,
  clusteringColumns,
  maxColumnId,
  newColumns,
  protocolFor,
  withColumns,
} from './table-metadata.ts';
import type { Outcome } from './warehouse.ts';

type Alter = Extract<StatementBody, { kind: 'alter-table' }>;
type AlterAction = Alter['actions'][number];
type Target = { table: Table; snapshot: Snapshot };

interface Change {
  metaData: MetaData;
  columns: DeltaColumn[];
  operation: string;
  parameters: Record<string, string>;
  actions: Action[];
}

export async function alterTable(run: Run, body: Alter): Promise<Outcome> {
  for (const action of body.actions) {
    run.seen.clear();
    const target = await needTable(run, body.table);
    const change = await changeOf(run, target, action);
    if (change) await commitChange(run, target, change);
  }
  return done();
}

async function commitChange(run: Run, target: Target, change: Change): Promise<void> {
  const before = target.snapshot.protocol;
  const isClustered = clusteringNames(target.table, target.snapshot.columns).length > 0;
  const needed = protocolFor(change.metaData, change.columns, isClustered || hasClustering(change.actions));
  const metaData = withColumns(change.metaData, change.columns);
  const isWider =
    needed.minReaderVersion > before.minReaderVersion ||
    needed.minWriterVersion > before.minWriterVersion ||
    (needed.writerFeatures ?? []).some((feature) => !before.writerFeatures?.includes(feature));
  await commit({
    run,
    ...target,
    point: 'databricks.commit',
    operation: change.operation,
    parameters: change.parameters,
    metrics: {},
    actions: [...(isWider ? [{ protocol: needed }] : []), { metaData }, ...change.actions],
    isBlindAppend: false,
  });
}

function hasClustering(actions: readonly Action[]): boolean {
  return actions.some((action) => action.domainMetadata !== undefined);
}

export function clusteringNames(table: Table, columns: readonly DeltaColumn[]): string[] {
  const commit = table.log.commits().findLast(({ actions }) => hasClustering(actions));
  return clusteringColumns(commit?.actions ?? [], columns);
}

async function changeOf(run: Run, target: Target, action: AlterAction): Promise<Change | null> {
  const { metaData } = target.snapshot;
  const columns = target.snapshot.columns.map((column) => ({ ...column }));
  const change = (operation: string, parameters: Record<string, string> = {}): Change => ({
    metaData,
    columns,
    operation,
    parameters,
    actions: [],
  });
  switch (action.kind) {
    case 'add-columns':
      return addColumns(change('ADD COLUMNS'), action);
    case 'drop-columns':
      return dropColumns(change('DROP COLUMNS', { columns: JSON.stringify(action.columns) }), action);
    case 'rename-column': {
      needMapping(metaData, 'RENAME COLUMN');
      if (findColumn(columns, action.to)) throw duplicate(action.to);
      needColumn(columns, action.from).name = action.to;
      return change('RENAME COLUMN', { oldColumnPath: action.from, newColumnPath: action.to });
    }
    case 'set-properties':
      return setProperties(change('SET TBLPROPERTIES', { properties: JSON.stringify(action.properties) }), action);
    case 'unset-properties': {
      const kept = Object.entries(metaData.configuration).filter(([key]) => !action.keys.includes(key));
      const changed = change('UNSET TBLPROPERTIES', { properties: JSON.stringify(action.keys) });
      return { ...changed, metaData: { ...metaData, configuration: Object.fromEntries(kept) } };
    }
    case 'column-comment':
      needColumn(columns, action.column).comment = action.comment;
      return change('CHANGE COLUMN', { column: action.column });
    case 'column-nullable':
      if (!action.nullable) await checkNoNulls(run, target, action.column);
      needColumn(columns, action.column).nullable = action.nullable;
      return change('CHANGE COLUMN', { column: action.column });
    case 'column-position':
      place(columns, needColumn(columns, action.column), action.position);
      return change('CHANGE COLUMN', { column: action.column });
    case 'cluster-by': {
      const clustered = action.columns.map((name) => needColumn(columns, name));
      return {
        ...change('CLUSTER BY', { newClusteringColumns: action.columns.join(',') }),
        actions: [clusteringAction(clustered)],
      };
    }
    default:
      throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', `ALTER TABLE ${action.kind} is not supported.`);
  }
}

function addColumns(change: Change, action: Extract<AlterAction, { kind: 'add-columns' }>): Change | null {
  const mapped = usesColumnMapping(change.metaData.configuration);
  const wanted = action.columns.filter((column) => !(action.ifNotExists && findColumn(change.columns, column.name)));
  if (wanted.length === 0) return null;
  const added = newColumns(wanted, { mapped, firstId: maxColumnId(change.metaData, change.columns) + 1 });
  added.forEach((column, index) => {
    if (findColumn(change.columns, column.name)) throw duplicate(column.name);
    if (!column.nullable)
      throw new SqlError('DELTA_ADD_COLUMN_NOT_NULL', '0A000', `NOT NULL is not supported when adding ${column.name}.`);
    change.columns.push(column);
    const position = wanted[index]?.position ?? null;
    if (position) place(change.columns, column, position);
  });
  return { ...change, parameters: { columns: JSON.stringify(added.map((column) => column.name)) } };
}

function dropColumns(change: Change, action: Extract<AlterAction, { kind: 'drop-columns' }>): Change | null {
  needMapping(change.metaData, 'DROP COLUMN');
  const names = action.columns.filter((name) => !action.ifExists || findColumn(change.columns, name));
  const dropped = names.map((name) => needColumn(change.columns, name));
  if (dropped.length === 0) return null;
  const columns = change.columns.filter((column) => !dropped.includes(column));
  // The id counter must not fall: a later column may not take a dropped one's id.
  const counter = String(maxColumnId(change.metaData, change.columns));
  const configuration = { ...change.metaData.configuration, 'delta.columnMapping.maxColumnId': counter };
  return { ...change, columns, metaData: { ...change.metaData, configuration } };
}

function setProperties(change: Change, action: Extract<AlterAction, { kind: 'set-properties' }>): Change {
  checkProperties(action.properties);
  const entries = Object.entries(action.properties).filter(
    ([key]) => !key.startsWith('delta.feature.') && !/^delta\.min/.test(key),
  );
  const configuration = { ...change.metaData.configuration, ...Object.fromEntries(entries) };
  if (usesColumnMapping(change.metaData.configuration) && !usesColumnMapping(configuration))
    throw new SqlError(
      'DELTA_UNSUPPORTED_COLUMN_MAPPING_MODE_CHANGE',
      '0AKDC',
      'Column mapping cannot be removed here.',
    );
  // Upgraded tables keep their names as physical names, so that no file has to be written again.
  return { ...change, metaData: { ...change.metaData, configuration } };
}

function place(
  columns: DeltaColumn[],
  column: DeltaColumn,
  position: { kind: 'first' } | { kind: 'after'; column: string },
): void {
  const after = position.kind === 'first' ? null : needColumn(columns, position.column);
  columns.splice(columns.indexOf(column), 1);
  columns.splice(after ? columns.indexOf(after) + 1 : 0, 0, column);
}

async function checkNoNulls(run: Run, { table, snapshot }: Target, name: string): Promise<void> {
  const column = needColumn(snapshot.columns, name);
  const scan = renderFileScan(pathsOf(table, snapshot.files), snapshot.columns);
  const reader = await run.connection.runAndReadAll(
    `SELECT count(*) FROM ${scan} AS t WHERE ${identifier(column.name)} IS NULL`,
  );
  if (String(reader.getRowsJson()[0]?.[0] ?? '0') !== '0')
    throw new SqlError('DELTA_NOT_NULL_CONSTRAINT_VIOLATED', '23502', `Column ${name} holds NULLs.`);
}

function needMapping(metaData: MetaData, what: string): void {
  if (!usesColumnMapping(metaData.configuration))
    throw new SqlError('DELTA_UNSUPPORTED_DROP_COLUMN', '0AKDC', `${what} is not supported without column mapping.`);
}

function needColumn<T extends DeltaColumn>(columns: readonly T[], name: string): T {
  const column = findColumn(columns, name) as T | undefined;
  if (!column) throw new SqlError('UNRESOLVED_COLUMN.WITHOUT_SUGGESTION', '42703', `Column ${name} does not exist.`);
  return column;
}

function duplicate(name: string): SqlError {
  return new SqlError('FIELD_ALREADY_EXISTS', '42710', `Column ${name} already exists.`);
}

export async function commentOn(run: Run, body: Extract<StatementBody, { kind: 'comment-on' }>): Promise<Outcome> {
  if (body.object === 'schema')
    throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', 'COMMENT ON SCHEMA is not supported.');
  if (body.object === 'column') {
    const column = body.name.at(-1) ?? '';
    const actions: AlterAction[] = [{ kind: 'column-comment', column, comment: body.comment }];
    return alterTable(run, { kind: 'alter-table', table: body.name.slice(0, -1), actions });
  }
  const target = await needTable(run, body.name);
  const { description: _, ...metaData } = target.snapshot.metaData;
  await commitChange(run, target, {
    metaData: body.comment === null ? metaData : { ...metaData, description: body.comment },
    columns: [...target.snapshot.columns],
    operation: 'SET TBLPROPERTIES',
    parameters: { properties: JSON.stringify({ comment: body.comment }) },
    actions: [],
  });
  return done();
}
