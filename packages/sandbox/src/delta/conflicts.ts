/**
 * Optimistic concurrency at commit time, as delta-io/delta docs/source/concurrency-control.md and ConflictChecker.scala
 * have it for WriteSerializable: blind appends never conflict; what read files conflicts with commits that removed one of
 * them or added rows that its predicate may match; a change of metadata or protocol fails everybody. Row-level
 * concurrency (deletion vectors) is not offered: rewriting whole files is the stricter behaviour.
 */
import { SqlError } from '../databricks/sql-error.ts';
import type { Action, AddFile } from './actions.ts';
import { type Bounds, mayMatch } from './prune.ts';
import type { DeltaColumn } from './schema.ts';
import type { Commit } from './snapshot.ts';
import type { FileStats } from './stats.ts';

export interface Transaction {
  readVersion: number;
  operation: string;
  /** Reads nothing of the table: plain INSERT and COPY INTO. */
  isBlindAppend: boolean;
  /** Paths whose rows were read to decide what to write. */
  readPaths: ReadonlySet<string>;
  removedPaths: ReadonlySet<string>;
  /** What the read predicate says about columns; empty means every row. */
  readBounds: readonly Bounds[];
  /** False for a compaction: rows that others append are none of its business. */
  readsAppends: boolean;
  columns: readonly DeltaColumn[];
  isSerializable: boolean;
  /** Source files that this COPY INTO loads. */
  copiedUrls: readonly string[];
  /** Aborted when the statement is cancelled or timed out: from then on nothing may be committed. */
  signal: AbortSignal;
  /** The actions, commitInfo first; called again when the version was taken. Throws for duplicate COPY files. */
  build(state: { hasLoaded(url: string): boolean }): Action[];
}

export function checkConflicts(
  transaction: Transaction,
  since: readonly Commit[],
  statsOf: (file: AddFile) => FileStats | null,
): void {
  for (const commit of since) {
    for (const action of commit.actions) checkAction(transaction, commit, action, statsOf);
  }
}

function checkAction(
  transaction: Transaction,
  commit: Commit,
  action: Action,
  statsOf: (file: AddFile) => FileStats | null,
): void {
  const by = `Conflicting commit: version ${commit.version}, ${commit.info.operation}.`;
  if (action.protocol)
    throw new SqlError('DELTA_PROTOCOL_CHANGED', '2D521', `The protocol changed since this statement began. ${by}`);
  if (action.metaData)
    throw new SqlError('DELTA_METADATA_CHANGED', '2D521', `The metadata changed since this statement began. ${by}`);
  if (transaction.isBlindAppend) return;
  if (action.remove) {
    if (transaction.removedPaths.has(action.remove.path))
      throw new SqlError('DELTA_CONCURRENT_DELETE_DELETE', '2D521', `A file to rewrite was removed meanwhile. ${by}`);
    if (transaction.readPaths.has(action.remove.path))
      throw new SqlError('DELTA_CONCURRENT_DELETE_READ', '2D521', `A file that was read was removed meanwhile. ${by}`);
  }
  if (
    action.add?.dataChange &&
    transaction.readsAppends &&
    (transaction.isSerializable || !commit.info.isBlindAppend)
  ) {
    if (mayMatch(statsOf(action.add), transaction.readBounds, transaction.columns))
      throw new SqlError(
        'DELTA_CONCURRENT_APPEND.WITHOUT_HINT',
        '2D521',
        `Files were added meanwhile by a concurrent update that may match the predicate. ${by}`,
      );
  }
}
