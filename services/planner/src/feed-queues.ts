/**
 * The reconciler: compares the ledger with the queues and lets in what is missing, never more than the window holds.
 * It is the only answer to a lost Redis, a lost job, a killed worker and a failure whose time has come again.
 */
import {
  type ChunkRef,
  type ChunkState,
  type Clock,
  heldBy,
  type LimitRow,
  type Log,
  limitRows,
  nextAttempt,
  nextStep,
  priorityOf,
  STEPS,
  type Steering,
  type Step,
  type TablePlan,
} from '@lakehaul/core';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';
import { type Candidate, type ChunkQueues, jobIdOf, selectJobs, surplusJobs } from '@lakehaul/queue';
import type { Calibrator } from './calibrate/calibrator.ts';

export interface FeedDeps {
  ledger: Ledger;
  scan: LedgerScan;
  queues: ChunkQueues;
  clock: Clock;
  log: Log;
  /** Jobs that may wait in all queues together. */
  windowSize: number;
  /** Of the configuration; what people have set since replaces it. */
  limits: readonly LimitRow[];
  steering: Steering;
  /** Tables of which nothing is let in (ledger.stops). */
  stopped: ReadonlySet<string>;
  calibrator?: Pick<Calibrator, 'look'>;
}

/** First wait after a failure; doubles with each one, up to the longest. */
const RETRY_FIRST_MS = 1_000;
const RETRY_LONGEST_MS = 300_000;

/**
 * One pass: refreshes the scan, adds what may go on. Returns how many jobs were added, how many chunks may go on, and how
 * many of those a pause or a limit of 0 holds.
 */
export async function feedQueues(
  deps: FeedDeps,
  plans: readonly TablePlan[],
): Promise<{ added: number; open: number; held: number; waiting: number }> {
  await deps.scan.refresh();
  // What is finished and cleaned need not be listed again by anybody.
  await deps.scan.fold();
  const inQueue = new Set<string>();
  for (const step of STEPS) for (const id of await deps.queues.jobIdsInQueue(step)) inQueue.add(id);
  const nowMs = await deps.ledger.serverTimeMs();
  const tables: { tableId: string; path: string; priority: number; candidates: Candidate[] }[] = [];
  const limits = limitRows(deps.limits, deps.steering);
  const gate = await deps.calibrator?.look(plans, inQueue, {
    mayUnload: (plan) => !deps.stopped.has(plan.tableId) && heldBy(limits, tablePathOf(plan), 'unload') === null,
    jobId: (ref) => jobIdOf({ ...ref, attempt: 1, step: 'unload' }),
  });
  let open = 0;
  let held = 0;
  let waiting = 0;
  for (const plan of plans) {
    if (deps.stopped.has(plan.tableId)) continue;
    const leaders = await sharedScanLeaders(deps.ledger, plan);
    const path = tablePathOf(plan);
    const heldSteps = new Set(STEPS.filter((step) => heldBy(limits, path, step) !== null));
    const candidates: Candidate[] = [];
    deps.scan.forEach(plan, (chunk, state) => {
      const step = nextStep(state);
      if (step === null) return;
      open++;
      const isTooLarge = step === 'unload' && isNew(state) && gate?.tooLarge.has(plan) === true;
      if (heldSteps.has(step) || isTooLarge) held++;
      if (isTooLarge) return;
      // Members of a shared scan are staged by their leader.
      if (leaders !== null && chunk !== leaders && step === 'unload' && state.attempt === 0) return;
      if (step === 'unload' && state.attempt === 0 && gate?.mayBegin(plan, chunk) === false) return;
      const notBeforeMs = state.failures === 0 ? 0 : state.lastModifiedMs + backoffMs(state.failures);
      if (notBeforeMs > nowMs) waiting++;
      candidates.push({
        ref: { tableId: plan.tableId, generation: plan.generation, chunk },
        attempt: nextAttempt(state),
        step,
        notBeforeMs,
      });
    });
    tables.push({
      tableId: plan.tableId,
      path,
      priority: priorityOf(deps.steering, path, plan.priority),
      candidates,
    });
  }
  const jobs = selectJobs({
    tables,
    inQueue,
    windowSize: deps.windowSize,
    limits,
    nowMs,
  });
  if (jobs.length > 0)
    await deps.queues.add(jobs.map((job) => ({ job: chunkJob(deps.ledger.migration, job), priority: job.priority })));
  return { added: jobs.length, open, held, waiting };
}

/**
 * Takes out of the queues what may not run as things are set now, so that a change counts at once and not only for what
 * is let in later. A job that has just been fetched is not touched: the step itself looks at the pauses.
 */
export async function retractJobs(
  deps: Pick<FeedDeps, 'queues' | 'limits' | 'steering'>,
  plans: readonly TablePlan[],
  isReordered: boolean,
): Promise<number> {
  const tables = plans.map((plan) => ({ tableId: plan.tableId, path: tablePathOf(plan) }));
  const waiting: string[] = [];
  const running: string[] = [];
  for (const step of STEPS) {
    waiting.push(...(await deps.queues.waitingIds(step)));
    running.push(...(await deps.queues.runningIds(step)));
  }
  const limits = limitRows(deps.limits, deps.steering);
  // A priority belongs to the job in the queue: it goes and comes again with the new one.
  const surplus = isReordered ? waiting : surplusJobs({ tables, running, waiting, limits });
  return deps.queues.remove(surplus);
}

/** An attempt that was not opened yet: what runs already goes on. */
function isNew(state: ChunkState): boolean {
  return nextAttempt(state) > state.attempt;
}

function tablePathOf(plan: TablePlan): string {
  return `${plan.source.schema}.${plan.source.table}`;
}

function chunkJob(migration: string, candidate: { ref: ChunkRef; attempt: number; step: Step }) {
  return { schemaVersion: 1 as const, migration, ...candidate.ref, attempt: candidate.attempt, step: candidate.step };
}

export function backoffMs(failures: number): number {
  return Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_LONGEST_MS);
}

/** Chunk number of the leader of a table that is staged by one shared scan, else null. */
async function sharedScanLeaders(ledger: Ledger, plan: TablePlan): Promise<number | null> {
  if (plan.chunkCount < 2 || plan.keyColumns.length > 0) return null;
  const first = await ledger.readChunk({ tableId: plan.tableId, generation: plan.generation, chunk: plan.firstChunk });
  return first.scanGroup;
}

export type { ChunkState };
export { jobIdOf };
