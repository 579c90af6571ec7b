/**
 * Cancelling UNLOADs that run, from any process: for when the source needs air now. The Data API cancels by the id that it
 * tells for a name. Loads are not cancelled: the REST cancel is documented for statements that were submitted over REST
 * (docs.databricks.com/api/statement-execution/v1/cancel-statement), and ours come over Thrift; the warehouse can be stopped.
 *
 * A cancelled UNLOAD is a failed one: its rows are read again by the next submission, and its attempt has one failure
 * more. So only what is paused may be cancelled: anything else would start again at once. A worker knows of a pause within
 * STEERING_AGE_MS, so what it was about to send when the pause came may show up a moment later: look again.
 */
import type { Source } from '@lakehaul/adapters';
import {
  chunkName,
  heldBy,
  LakehaulError,
  type LimitRow,
  matchesLimit,
  parseUnloadName,
  type TablePlan,
  unloadNamePrefix,
} from '@lakehaul/core';
import type { z } from 'zod';
import type { CANCEL_JSON } from './json/cancel.ts';

export type CancelAnswer = z.input<typeof CANCEL_JSON>;
export type RunningUnload = CancelAnswer['statements'][number];

export interface CancelDeps {
  source: Pick<Source, 'runningStatements' | 'cancelStatement'>;
  migration: string;
  plans: readonly TablePlan[];
  /** What is in force, pauses included. */
  limits: readonly LimitRow[];
}

/** What runs under a pattern (`schema.table::unload`). Changes nothing; refuses what no pause holds. */
export async function planCancel(deps: CancelDeps, pattern: string): Promise<RunningUnload[]> {
  const step = pattern.split('::')[1];
  if (step !== 'unload' && step !== '*')
    throw new LakehaulError('USAGE', `${pattern} names no UNLOAD, and nothing else is cancelled`, {
      next: 'name unload or a table; a load goes on to its end, or ends with its warehouse',
    });
  const paths = new Map(deps.plans.map(({ tableId, source }) => [tableId, `${source.schema}.${source.table}`]));
  const running: RunningUnload[] = [];
  for (const { statementId, statementName } of await deps.source.runningStatements(unloadNamePrefix(deps.migration))) {
    const attempt = parseUnloadName(deps.migration, statementName);
    const path = attempt === null ? undefined : paths.get(attempt.tableId);
    if (attempt === null || path === undefined || !matchesLimit(pattern, path, 'unload')) continue;
    if (heldBy(deps.limits, path, 'unload') === null)
      throw new LakehaulError(
        'USAGE',
        `UNLOADs of ${path} are not paused: what is cancelled would start again at once`,
        {
          where: path,
          next: `lakehaul pause ${path}::unload --reason "…" first`,
        },
      );
    running.push({ statementId, statementName, table: path, chunk: chunkName(attempt), attempt: attempt.attempt });
  }
  return running;
}

/** Done again it does nothing more: what has ended already is no error. */
export async function cancelUnloads(source: CancelDeps['source'], planned: readonly RunningUnload[]): Promise<void> {
  const failures: unknown[] = [];
  // All are tried: one that cannot be cancelled must not let the others go on.
  for (const { statementId } of planned)
    await source.cancelStatement(statementId).catch((thrown: unknown) => failures.push(thrown));
  if (failures.length > 0) throw failures[0];
}
