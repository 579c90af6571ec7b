import type { Table } from '../delta/metastore.ts';
import { identifier } from '../delta/quote.ts';
import { renderFileScan } from '../delta/read-files.ts';
import type { Snapshot } from '../delta/snapshot.ts';
import { type WrittenFiles, writeFiles } from '../delta/write-files.ts';
import { emitInsertRows, type Insert } from '../sql/index.ts';
import {
  addActions,
  findMatches,
  type Predicate,
  predicateOf,
  readsOf,
  removeActions,
  writeInto,
  writeKept,
} from './rewrite.ts';
import { affected, commit, needTable, type Run, tableId } from './run.ts';
import { emitOptions, pathsOf, prepareSources, sourcesOf, tableColumns } from './scope.ts';
import { SqlError } from './sql-error.ts';
import type { Outcome } from './warehouse.ts';

type Target = { table: Table; snapshot: Snapshot };

export async function insert(run: Run, body: Insert): Promise<Outcome> {
  const target = await needTable(run, body.table);
  await prepareSources(run, body.query);
  const { sql: select } = emitInsertRows(body, tableColumns(target.snapshot.columns), emitOptions(run));
  const written = await writeFiles({ ...writeInto(run, target), select });
  if (body.mode === 'append') return append(run, body, target, written);
  return replace(run, body, target, written);
}

async function append(run: Run, body: Insert, target: Target, written: WrittenFiles): Promise<Outcome> {
  const readsItself = sourcesOf(body.query).some(
    (source) => source.kind === 'table' && sameName(run, source.name, body.table),
  );
  await commit({
    run,
    ...target,
    point: 'databricks.insert.commit',
    operation: 'WRITE',
    parameters: { mode: 'Append', statsOnLoad: 'false', partitionBy: '[]' },
    metrics: writeMetrics(written),
    actions: addActions(written.adds),
    isBlindAppend: !readsItself,
    ...(readsItself ? { transaction: { readPaths: new Set(target.snapshot.files.map((file) => file.path)) } } : {}),
  });
  return inserted(written.rowCount, written.rowCount);
}

/** REPLACE WHERE is an atomic delete and insert; INSERT OVERWRITE is the same with every row matching. */
async function replace(run: Run, body: Insert, target: Target, written: WrittenFiles): Promise<Outcome> {
  const predicate = predicateOf(run, target, body.replaceWhere);
  await checkInside(run, target, written, predicate);
  const match = await findMatches(run, target, predicate);
  const kept = await writeKept(run, target, match, predicate);
  await commit({
    run,
    ...target,
    point: 'databricks.insert.commit',
    operation: 'WRITE',
    parameters: {
      mode: 'Overwrite',
      statsOnLoad: 'false',
      partitionBy: '[]',
      ...(body.replaceWhere ? { predicate: JSON.stringify([predicate.sql]) } : {}),
    },
    metrics: {
      ...writeMetrics(written),
      numDeletedRows: match.rowCount.toString(),
      numRemovedFiles: String(match.files.length),
      numCopiedRows: kept.rowCount.toString(),
    },
    actions: [...removeActions(match.files, run.nowMs), ...addActions([...kept.adds, ...written.adds])],
    isBlindAppend: false,
    transaction: readsOf(match, predicate),
  });
  return inserted(written.rowCount, written.rowCount);
}

async function checkInside(run: Run, target: Target, written: WrittenFiles, predicate: Predicate): Promise<void> {
  if (written.adds.length === 0 || !predicate.expression) return;
  const scan = renderFileScan(pathsOf(target.table, written.adds), target.snapshot.columns);
  const reader = await run.connection.runAndReadAll(
    `SELECT count(*) FROM ${scan} AS ${identifier(predicate.relation)} WHERE NOT coalesce(${predicate.sql}, false)`,
  );
  const outside = String(reader.getRowsJson()[0]?.[0] ?? '0');
  if (outside === '0') return;
  await run.objects.remove(
    target.table.log.location.bucket,
    written.adds.map((file) => target.table.log.keyOf(file.path)),
  );
  throw new SqlError(
    'DELTA_REPLACE_WHERE_MISMATCH',
    '44000',
    `Written data does not conform with partial table overwrite condition or constraint: ${outside} rows are outside.`,
  );
}

function writeMetrics(written: WrittenFiles): Record<string, string> {
  return {
    numFiles: String(written.adds.length),
    numOutputRows: written.rowCount.toString(),
    numOutputBytes: String(written.sizeBytes),
  };
}

function inserted(affectedRows: bigint, insertedRows: bigint): Outcome {
  return affected(
    [
      ['num_affected_rows', affectedRows],
      ['num_inserted_rows', insertedRows],
    ],
    affectedRows,
  );
}

function sameName(run: Run, left: readonly string[], right: readonly string[]): boolean {
  const text = (name: readonly string[]): string => Object.values(tableId(run, name)).join('\0').toLowerCase();
  return text(left) === text(right);
}
