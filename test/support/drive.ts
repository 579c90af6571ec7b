/**
 * Runs a migration without a queue: every open chunk's next step, one after the other, through the very functions that
 * the services run. Deterministic, and fast enough for many small migrations.
 */

import { type ChunkRef, nextAttempt, nextStep, type Step, type TablePlan } from '@lakehaul/core';
import { readLedger, type Session, stagingPrefix } from '@lakehaul/fleet';
import { Ledger, runStep } from '@lakehaul/ledger';
import { type StatusReport, statusReport } from '@lakehaul/operate';
import {
  planDeps,
  planMigration,
  plannerSettings,
  SchemaWatch,
  TableGuard,
  watchOnce,
  writeMigrationPlan,
} from '@lakehaul/planner';
import { throttleOf } from '@lakehaul/runtime';
import { keepTables, verifyChunk } from '@lakehaul/verifier';
import { loadChunk, unloadChunk, voidAttempt } from '@lakehaul/worker';
import { watchDeps } from '../../packages/cli/src/fleet-watch.ts';

export async function planAll(session: Session): Promise<TablePlan[]> {
  const deps = planDeps(session);
  const migration = await planMigration(deps);
  const [refusal] = migration.refusals;
  if (refusal !== undefined) throw refusal;
  await writeMigrationPlan(deps, migration);
  return session.ledger.readPlans();
}

export interface DriveOptions {
  until?: (stages: Map<string, string>) => boolean;
  maxPasses?: number;
  /** Steps a pass; all that are open otherwise. */
  batch?: number;
  /** Steps at the same time; 1 unless said, which is deterministic. */
  lanes?: number;
  /** Runs the planner's own checks before each pass, and leaves the stopped tables alone. */
  isGuarded?: boolean;
}
/** Looks at the source after everything is proven; late rows that it finds are hauled, a few times over. */
const WATCH_ROUNDS = 5;

export interface Driver {
  /** Runs one step of one chunk now, whatever its state. */
  step(ref: ChunkRef, job: { attempt: number; step: Step }, signal?: AbortSignal): Promise<void>;
  /** Drives until nothing changes any more; tells the end. `until` may stop it earlier. */
  drive(options?: DriveOptions): Promise<StatusReport>;
  ledger: Ledger;
}

/** `aheadMs`: how much later than S3's clock this driver lives; ages of submissions count by it. */
export function driver(session: Session, name = 'driver', { aheadMs = 0 } = {}): Driver {
  const { config, clouds, clock, log } = session;
  const ledger = new Ledger({
    store: clouds.ledgerStore,
    prefix: config.ledger.prefix,
    migration: config.migration,
    actor: { service: name, instance: name, version: 'test' },
    clock,
    ids: session.ids,
  });
  const serverTimeMs = async () => (await ledger.serverTimeMs()) + aheadMs;
  const unload = {
    ledger,
    source: clouds.source,
    stage: clouds.stage,
    clock,
    stagingPrefix: stagingPrefix(config),
    sourceTimeoutMs: config.statements.sourceTimeoutMs,
    inFlightMs: 0,
    gate: throttleOf(config.throttle),
    serverTimeMs,
  };
  const load = {
    ledger,
    target: clouds.target,
    stage: clouds.stage,
    nowMs: () => clock.nowMs(),
    sleep: (ms: number, signal: AbortSignal) => clock.sleep(ms, signal),
    serverTimeMs,
    targetTimeoutMs: config.statements.targetTimeoutMs,
    startWithinMs: config.statements.startWithinMs,
  };
  const verify = {
    ledger,
    target: clouds.target,
    stage: clouds.stage,
    maxAttempts: config.attempts.max,
    diffRows: 100,
  };
  const limits = { maxAttempts: config.attempts.max, maxFailures: config.attempts.failuresPerAttempt };

  const step: Driver['step'] = async (ref, job, signal = new AbortController().signal) => {
    await runStep({
      ledger,
      log,
      limits,
      job: { ...ref, ...job },
      signal,
      act: (attempt, stepLog) => {
        if (job.step === 'unload') return unloadChunk(unload, attempt, signal, stepLog);
        return job.step === 'load' ? loadChunk(load, attempt, signal, stepLog) : verifyChunk(verify, attempt, stepLog);
      },
      voidAttempt: (attempt, error) =>
        job.step === 'verify' ? Promise.reject(error) : voidAttempt(load, attempt, error),
    });
  };

  return {
    ledger,
    step,
    async drive({ until, maxPasses = 60, batch = Number.POSITIVE_INFINITY, lanes = 1, isGuarded = false } = {}) {
      const { plans, scan } = await readLedger(ledger);
      const checks = plannerChecks({ ledger, scan, clock, log, source: clouds.source, target: clouds.target }, config);
      const diffSweep = ledger.diffSweep({ keepMs: config.ledger.diffMs, log });
      for (let round = 0; round < WATCH_ROUNDS; round++) {
        let isStopped = true;
        for (let pass = 0; pass < maxPasses; pass++) {
          const stopped = isGuarded ? await checks(plans) : new Set<string>();
          const open: { ref: ChunkRef; attempt: number; step: Step }[] = [];
          const stages = new Map<string, string>();
          for (const plan of plans)
            scan.forEach(plan, (chunk, state) => {
              stages.set(`${plan.source.table}/${chunk}`, state.stage);
              const next = nextStep(state);
              if (next !== null && !stopped.has(plan.tableId))
                open.push({
                  ref: { tableId: plan.tableId, generation: plan.generation, chunk },
                  attempt: nextAttempt(state),
                  step: next,
                });
            });
          isStopped = until?.(stages) === true;
          if (open.length === 0 || isStopped) break;
          isStopped = true;
          const due = open.slice(0, batch).values();
          const lane = async () => {
            for (const { ref, attempt, step: name } of due) await step(ref, { attempt, step: name });
          };
          await Promise.all(Array.from({ length: lanes }, lane));
          await scan.refresh();
        }
        if (isStopped) break;
        const watched = await watchOnce(watchDeps(session, ledger, scan, 0), plans);
        await scan.refresh();
        if (watched.reopened === 0) break;
      }
      // A seal in the same second as a receipt does not count yet (S3 tells whole seconds); the service's loop comes again.
      for (let pass = 0; ; pass++) {
        await keepTables(
          { ledger, target: clouds.target, stage: clouds.stage, scan, log, graceMs: config.staging.graceMs, diffSweep },
          plans,
        );
        const report = await statusReport(ledger, plans, scan, config.watch);
        const waits = report.tables.some(
          (table) => table.done + table.stages.accepted === table.chunks && !table.isSealCurrent,
        );
        // As little as a seal does a look count that is no later than the newest proof.
        const isBehind = report.decision.reasons.some((reason) => reason.code === 'WRITE_LOG_STALE');
        if ((!waits && !isBehind) || pass === 20) return report;
        await clock.sleep(200);
        if (isBehind) await watchOnce(watchDeps(session, ledger, scan, 0), plans);
      }
    },
  };
}

/** Schema watch and systemic guard, as the planner's loop runs them; the tables that are stopped. */
function plannerChecks(
  deps: Omit<ConstructorParameters<typeof TableGuard>[0], 'limits'> & { clock: Session['clock'] },
  config: Session['config'],
): (plans: readonly TablePlan[]) => Promise<ReadonlySet<string>> {
  const guard = new TableGuard({ ...deps, limits: plannerSettings(config).systemic });
  const watch = new SchemaWatch({ ...deps, everyMs: 3_600_000 });
  return async (plans) => {
    const halts = await deps.ledger.stops.all();
    await watch.runOnce(plans, halts);
    await guard.runOnce(plans, halts);
    const now = await deps.ledger.stops.all();
    return new Set([...now.values()].filter((halt) => halt.stop !== null).map((halt) => halt.tableId));
  };
}

/** Plan, drive to the end, and the report. */
export async function haul(session: Session): Promise<StatusReport> {
  await planAll(session);
  return driver(session).drive();
}
