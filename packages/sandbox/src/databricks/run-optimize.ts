import { identifier } from '../delta/quote.ts';
import { renderFileScan } from '../delta/read-files.ts';
import { writeFiles } from '../delta/write-files.ts';
import type { StatementBody } from '../sql/index.ts';
import { addActions, removeActions, writeInto } from './rewrite.ts';
import { commit, done, needTable, type Run } from './run.ts';
import { clusteringNames } from './run-alter.ts';
import { pathsOf } from './scope.ts';
import { SqlError } from './sql-error.ts';
import { resultOf } from './values.ts';
import type { Outcome } from './warehouse.ts';

/** Files below this are put together. */
const SMALL_BYTES = 64 * 1024 * 1024;

/** Compaction: the same rows in fewer files, sorted by the clustering columns. It changes no data and says so. */
export async function optimize(run: Run, body: Extract<StatementBody, { kind: 'optimize' }>): Promise<Outcome> {
  if (body.where) throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', 'OPTIMIZE … WHERE is not supported.');
  const { table, snapshot } = await needTable(run, body.table);
  const small = snapshot.files.filter((file) => body.full || file.size < SMALL_BYTES);
  const removed = small.length > 1 ? small : [];
  let addedCount = 0;
  if (removed.length > 0) {
    const scan = renderFileScan(pathsOf(table, removed), snapshot.columns);
    const order = clusteringNames(table, snapshot.columns).map(identifier);
    const written = await writeFiles({
      ...writeInto(run, { table, snapshot }),
      select: `SELECT * FROM ${scan} AS t ${order.length > 0 ? `ORDER BY ${order.join(', ')}` : ''}`,
    });
    addedCount = written.adds.length;
    const paths = new Set(removed.map((file) => file.path));
    const unchanged = { dataChange: false };
    await commit({
      run,
      table,
      snapshot,
      point: 'databricks.commit',
      operation: 'OPTIMIZE',
      parameters: { predicate: '[]', auto: 'false', zOrderBy: '[]' },
      metrics: { numRemovedFiles: String(removed.length), numAddedFiles: String(addedCount) },
      actions: [
        ...removeActions(removed, run.nowMs).flatMap(({ remove }) =>
          remove ? [{ remove: { ...remove, ...unchanged } }] : [],
        ),
        ...addActions(written.adds.map((add) => ({ ...add, ...unchanged }))),
      ],
      isBlindAppend: false,
      // It reads files, not a predicate: rows appended meanwhile do not matter to it.
      transaction: { readPaths: paths, removedPaths: paths, readsAppends: false },
    });
  }
  const metrics = JSON.stringify({ numFilesAdded: addedCount, numFilesRemoved: removed.length });
  return done(
    resultOf(
      [
        ['path', 'STRING'],
        ['metrics', 'STRUCT'],
      ],
      [[table.log.location.prefix, metrics]],
    ),
  );
}
