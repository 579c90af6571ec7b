import { heldBy, type LimitRow, limitRows } from '@lakehaul/core';
import type { Ledger } from './ledger.ts';
import type { StepJob } from './run-step.ts';
import { STEERING_AGE_MS } from './steering-log.ts';

/**
 * The pause that holds a job, asked where it begins: it may have waited in a queue since before the pause. The caller lets
 * it leave the queue, and the feeder lets it in again when it may go.
 */
export async function heldJob(ledger: Ledger, job: StepJob): Promise<LimitRow | null> {
  const rows = limitRows([], await ledger.steering.current(STEERING_AGE_MS)).filter((row) => row.max === 0);
  if (rows.length === 0) return null;
  const plan = await ledger.readPlan(job.tableId, job.generation);
  return plan === null ? null : heldBy(rows, `${plan.source.schema}.${plan.source.table}`, job.step);
}
