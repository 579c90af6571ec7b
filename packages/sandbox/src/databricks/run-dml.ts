import { identifier } from '../delta/quote.ts';
import { renderFileScan } from '../delta/read-files.ts';
import { duckdbTypeOf, findColumn } from '../delta/schema.ts';
import { writeFiles } from '../delta/write-files.ts';
import { emitAssignment, type StatementBody } from '../sql/index.ts';
import { addActions, findMatches, predicateOf, readsOf, removeActions, writeInto, writeKept } from './rewrite.ts';
import { affected, commit, done, needTable, type Run } from './run.ts';
import { emitOptions, pathsOf, tableColumns } from './scope.ts';
import { SqlError } from './sql-error.ts';
import { sqlTypeOfDelta } from './types.ts';
import type { Outcome } from './warehouse.ts';

type Update = Extract<StatementBody, { kind: 'update' }>;
type Delete = Extract<StatementBody, { kind: 'delete' }>;

export async function deleteRows(run: Run, body: Delete): Promise<Outcome> {
  const target = await needTable(run, body.table);
  const predicate = predicateOf(run, target, body.where, body.alias);
  const match = await findMatches(run, target, predicate);
  if (match.files.length > 0) {
    const kept = await writeKept(run, target, match, predicate);
    await commit({
      run,
      ...target,
      point: 'databricks.commit',
      operation: 'DELETE',
      parameters: { predicate: JSON.stringify(body.where ? [predicate.sql] : []) },
      metrics: {
        numRemovedFiles: String(match.files.length),
        numAddedFiles: String(kept.adds.length),
        numDeletedRows: match.rowCount.toString(),
        numCopiedRows: kept.rowCount.toString(),
      },
      actions: [...removeActions(match.files, run.nowMs), ...addActions(kept.adds)],
      isBlindAppend: false,
      transaction: readsOf(match, predicate),
    });
  }
  return affected([['num_affected_rows', match.rowCount]], match.rowCount);
}

export async function truncateTable(run: Run, body: Extract<StatementBody, { kind: 'truncate' }>): Promise<Outcome> {
  await deleteRows(run, { kind: 'delete', table: body.table, alias: null, where: null });
  return done();
}

export async function updateRows(run: Run, body: Update): Promise<Outcome> {
  const target = await needTable(run, body.table);
  const { table, snapshot } = target;
  const predicate = predicateOf(run, target, body.where, body.alias);
  const values = newValues(run, body, target);
  const match = await findMatches(run, target, predicate);
  if (match.files.length === 0) return affected([['num_affected_rows', 0n]], 0n);
  const items = snapshot.columns.map((column) => {
    const value = values.get(column.name);
    const name = identifier(column.name);
    return value === undefined ? name : `CASE WHEN ${predicate.sql} THEN ${value} ELSE ${name} END AS ${name}`;
  });
  const scan = renderFileScan(pathsOf(table, match.files), snapshot.columns);
  const written = await writeFiles({
    ...writeInto(run, { table, snapshot }),
    select: `SELECT ${items.join(', ')} FROM ${scan} AS ${identifier(predicate.relation)}`,
  });
  await commit({
    run,
    ...target,
    point: 'databricks.commit',
    operation: 'UPDATE',
    parameters: { predicate: JSON.stringify(body.where ? [predicate.sql] : []) },
    metrics: {
      numRemovedFiles: String(match.files.length),
      numAddedFiles: String(written.adds.length),
      numUpdatedRows: match.rowCount.toString(),
      numCopiedRows: (written.rowCount - match.rowCount).toString(),
    },
    actions: [...removeActions(match.files, run.nowMs), ...addActions(written.adds)],
    isBlindAppend: false,
    transaction: readsOf(match, predicate),
  });
  return affected([['num_affected_rows', match.rowCount]], match.rowCount);
}

function newValues(run: Run, body: Update, target: Awaited<ReturnType<typeof needTable>>): Map<string, string> {
  const { columns } = target.snapshot;
  const scope = {
    ...emitOptions(run),
    columns: tableColumns(columns),
    name: body.alias ?? target.table.entry.table,
  };
  const values = new Map<string, string>();
  for (const { column: name, value } of body.set) {
    const column = findColumn(columns, name);
    if (!column) throw new SqlError('UNRESOLVED_COLUMN.WITHOUT_SUGGESTION', '42703', `Column ${name} does not exist.`);
    const info = { name: column.name, type: sqlTypeOfDelta(column.type) };
    values.set(column.name, `CAST(${emitAssignment(value, info, scope)} AS ${duckdbTypeOf(column.type)})`);
  }
  return values;
}
