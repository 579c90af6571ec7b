/** One pass over all tables: seals the ones whose last chunk is proven, deletes staged files and diffs past their time. */
import type { Stage, Target } from '@lakehaul/adapters';
import { asLakehaulError, isDone, isEnded, type Log, type TablePlan } from '@lakehaul/core';
import {
  byTable,
  type DiffSweep,
  isSealCurrent,
  type Ledger,
  type LedgerScan,
  newestReceiptMs,
} from '@lakehaul/ledger';
import { cleanStage } from './clean-stage.ts';
import { sealTable } from './seal-table.ts';

export interface KeepDeps {
  ledger: Ledger;
  target: Target;
  stage: Stage;
  scan: LedgerScan;
  log: Log;
  /** Staged files stay this long after the proof. */
  graceMs: number;
  /** Removes rows of diffs past their time. */
  diffSweep: DiffSweep;
  /**
   * The caller refreshed the scan in this very pass (the feeder does). An older scan can only be behind: a chunk that was
   * taken back since is seen by the next one, whose newer receipts make a seal on this one out of date, and what is cleaned
   * is looked at again, chunk by chunk.
   */
  isScanFresh?: boolean;
}

export async function keepTables(
  deps: KeepDeps,
  plans: readonly TablePlan[],
): Promise<{ sealed: number; cleaned: number }> {
  if (deps.isScanFresh !== true) await deps.scan.refresh();
  const nowMs = await deps.ledger.serverTimeMs();
  let sealed = 0;
  let cleaned = 0;
  for (const generations of byTable(plans)) {
    try {
      if (await isToBeSealed(deps, generations)) {
        await sealTable(deps, generations, deps.scan, deps.log);
        sealed++;
      }
      for (const plan of generations) cleaned += await cleanChunks(deps, plan, nowMs);
    } catch (thrown) {
      // One table's trouble is not the others'; it comes again in the next pass. What stops the run stops it.
      const error = asLakehaulError(thrown);
      if (error.disposition === 'stop') throw error;
      deps.log.warn('table not kept', { tableId: generations[0]?.tableId, code: error.code, reason: error.message });
    }
  }
  await deps.diffSweep.runOnce(nowMs);
  return { sealed, cleaned };
}

async function isToBeSealed(deps: KeepDeps, generations: readonly TablePlan[]): Promise<boolean> {
  if (!generations.every((plan) => isComplete(deps.scan, plan))) return false;
  // S3 tells whole seconds: a seal in the second of the last proof would be out of date as soon as it is written.
  if (deps.scan.observedMs <= newestReceiptMs(deps.scan, generations)) return false;
  return !(await isSealCurrent(deps.ledger, deps.scan, generations));
}

function isComplete(scan: LedgerScan, plan: TablePlan): boolean {
  let complete = true;
  scan.forEach(plan, (_chunk, state) => {
    if (!isEnded(state)) complete = false;
  });
  return complete;
}

async function cleanChunks(deps: KeepDeps, plan: TablePlan, nowMs: number): Promise<number> {
  const due: { chunk: number; attempt: number }[] = [];
  deps.scan.forEach(plan, (chunk, state) => {
    if (isDone(state) && !state.isCleaned && nowMs - state.lastModifiedMs > deps.graceMs)
      due.push({ chunk, attempt: state.attempt });
  });
  let cleaned = 0;
  for (const { chunk, attempt } of due) {
    const ref = { tableId: plan.tableId, generation: plan.generation, chunk, attempt };
    if (await cleanStage(deps, ref, deps.log)) cleaned++;
  }
  return cleaned;
}
