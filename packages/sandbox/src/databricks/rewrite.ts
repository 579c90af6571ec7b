/** Copy-on-write: the files that hold matching rows are found, and written again without or with changed rows. */
import type { Action, AddFile } from '../delta/actions.ts';
import type { Transaction } from '../delta/conflicts.ts';
import type { Table } from '../delta/metastore.ts';
import { identifier } from '../delta/quote.ts';
import { renderFileScan } from '../delta/read-files.ts';
import type { Snapshot } from '../delta/snapshot.ts';
import { type WrittenFiles, writeFiles } from '../delta/write-files.ts';
import { conjunctsOf, type Expression, emitPredicate } from '../sql/index.ts';
import type { Run } from './run.ts';
import { boundsOf, emitOptions, matchingFiles, pathsOf, tableColumns } from './scope.ts';

const FILE_COLUMN = '__lakehaul_sandbox_file';

export interface Predicate {
  expression: Expression | null;
  /** DuckDB SQL over the table's columns. */
  sql: string;
  /** The name that the predicate may qualify columns by. */
  relation: string;
  bounds: ReturnType<typeof boundsOf>;
}

export interface Match {
  /** Files with at least one matching row. */
  files: AddFile[];
  /** Of those, the ones that also hold other rows. */
  partial: AddFile[];
  rowCount: bigint;
}

export function predicateOf(
  run: Run,
  target: { table: Table; snapshot: Snapshot },
  expression: Expression | null,
  alias: string | null = null,
): Predicate {
  const relation = alias ?? target.table.entry.table;
  if (!expression) return { expression, sql: 'true', relation, bounds: [] };
  const scope = { ...emitOptions(run), columns: tableColumns(target.snapshot.columns), name: relation };
  const bounds = boundsOf(conjunctsOf(expression));
  return { expression, sql: emitPredicate(expression, scope), relation, bounds };
}

export async function findMatches(
  run: Run,
  { table, snapshot }: { table: Table; snapshot: Snapshot },
  predicate: Predicate,
): Promise<Match> {
  const conjuncts = predicate.expression ? conjunctsOf(predicate.expression) : [];
  const candidates = matchingFiles(table, snapshot, conjuncts);
  if (candidates.length === 0) return { files: [], partial: [], rowCount: 0n };
  const paths = pathsOf(table, candidates);
  const scan = renderFileScan(paths, snapshot.columns, FILE_COLUMN);
  const counts = await run.connection.runAndReadAll(
    `SELECT ${identifier(FILE_COLUMN)}, count(*), count(*) FILTER (WHERE ${predicate.sql}) FROM ${scan} AS ${identifier(predicate.relation)} GROUP BY 1`,
  );
  const byPath = new Map(
    counts.getRowsJson().map((row) => [String(row[0]), [BigInt(String(row[1])), BigInt(String(row[2]))]]),
  );
  const match: Match = { files: [], partial: [], rowCount: 0n };
  candidates.forEach((file, index) => {
    const [all = 0n, matching = 0n] = byPath.get(paths[index] ?? '') ?? [];
    if (matching === 0n) return;
    match.files.push(file);
    if (matching < all) match.partial.push(file);
    match.rowCount += matching;
  });
  return match;
}

/** The rows of these files that do not match, in new files. */
export async function writeKept(
  run: Run,
  { table, snapshot }: { table: Table; snapshot: Snapshot },
  match: Match,
  predicate: Predicate,
): Promise<WrittenFiles> {
  if (match.partial.length === 0) return { adds: [], rowCount: 0n, sizeBytes: 0 };
  const scan = renderFileScan(pathsOf(table, match.partial), snapshot.columns);
  return writeFiles({
    ...writeInto(run, { table, snapshot }),
    select: `SELECT * FROM ${scan} AS ${identifier(predicate.relation)} WHERE NOT coalesce(${predicate.sql}, false)`,
  });
}

/** Where and how new files of the table are written. */
export function writeInto(
  run: Run,
  { table, snapshot }: { table: Table; snapshot: Pick<Snapshot, 'columns' | 'metaData'> },
): Omit<Parameters<typeof writeFiles>[0], 'select'> {
  const { columns, metaData } = snapshot;
  const { connection, objects, nowMs } = run;
  return { connection, objects, location: table.log.location, columns, configuration: metaData.configuration, nowMs };
}

export function removeActions(files: readonly AddFile[], nowMs: number): Action[] {
  return files.map((file) => ({
    remove: {
      path: file.path,
      deletionTimestamp: nowMs,
      dataChange: true,
      extendedFileMetadata: true,
      partitionValues: {},
      size: file.size,
    },
  }));
}

export function addActions(files: readonly AddFile[]): Action[] {
  return files.map((add) => ({ add }));
}

/** What the commit has to check against concurrent ones: every row that the predicate may match was read. */
export function readsOf(
  match: Match,
  predicate: Predicate,
): Pick<Transaction, 'readPaths' | 'removedPaths' | 'readBounds'> {
  const paths = new Set(match.files.map((file) => file.path));
  return { readPaths: paths, removedPaths: paths, readBounds: predicate.bounds };
}
