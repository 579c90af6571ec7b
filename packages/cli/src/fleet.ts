/** Planner, workers and verifier in one process: what `run` and `demo` start. In a cluster each is a service of its own. */

import { LakehaulError, type TablePlan } from '@lakehaul/core';
import {
  openLedgerSealer,
  type RunningLoop,
  type Session,
  stagingPrefix,
  startLoop,
  startReporting,
  VERSION,
} from '@lakehaul/fleet';
import { type DiffSweep, joinedPlans, Ledger, type LedgerScan } from '@lakehaul/ledger';
import { type StatusReport, statusOptions, statusReport } from '@lakehaul/operate';
import { openGovernor, PlannerLoop, plannerSettings } from '@lakehaul/planner';
import { ChunkQueues, type QueueStore } from '@lakehaul/queue';
import { throttleOf } from '@lakehaul/runtime';
import { keepTables, startVerifier } from '@lakehaul/verifier';
import { startWorker } from '@lakehaul/worker';
import { FleetWatch } from './fleet-watch.ts';

export interface FleetRequest {
  session: Session;
  store: QueueStore;
  signal: AbortSignal;
  onProgress: (report: StatusReport) => void;
  /** Between two looks at the ledger while something happens; `IDLE_TICKS` of it while nothing does. */
  tickMs?: number;
}

const TICK_MS = 500;
/** A look costs a LIST of each shard. Two seconds are soon enough for what other processes do: a pause, a retry, a top-up. */
const IDLE_TICKS = 4;

/** Runs until every chunk is done or waits for a person and every table is sealed, or until drained by the signal. */
export async function runFleet(request: FleetRequest): Promise<StatusReport> {
  const { session, store, signal } = request;
  const { config, clouds, clock, log, metrics } = session;
  const ledger = new Ledger({
    store: clouds.ledgerStore,
    prefix: config.ledger.prefix,
    migration: config.migration,
    actor: { ...session.ledger.actor, service: 'fleet', version: VERSION },
    clock,
    ids: session.ids,
  });
  const stop = new StopSignal();
  const queues = new ChunkQueues({ store, migration: config.migration, log, metrics });
  const limits = { maxAttempts: config.attempts.max, maxFailures: config.attempts.failuresPerAttempt };
  const shared = {
    ledger,
    queues,
    clock,
    log,
    metrics,
    tracing: session.tracing,
    limits,
    onStop: (error: unknown) => stop.raise(error),
    hasLimits: config.limits.length > 0,
    lockMs: config.services.lockMs,
    stalledCheckMs: config.services.stalledCheckMs,
  };
  const scan = ledger.openScan();
  const governing = await startGoverning(request, { ledger, queues, scan, stop });
  const reporting = startReporting({ session: { ...session, ledger }, queues, fail: (error) => stop.raise(error) });
  const workers = [
    ...startWorker({
      ...shared,
      source: clouds.source,
      stage: clouds.stage,
      target: clouds.target,
      stagingPrefix: stagingPrefix(config),
      sourceTimeoutMs: config.statements.sourceTimeoutMs,
      targetTimeoutMs: config.statements.targetTimeoutMs,
      startWithinMs: config.statements.startWithinMs,
      inFlightMs: config.statements.inFlightMs,
      gate: throttleOf(config.throttle),
      slots: { unload: config.services.unloadSlots, load: config.services.loadSlots },
    }),
    startVerifier({
      ...shared,
      stage: clouds.stage,
      target: clouds.target,
      slots: config.services.verifySlots,
      diffRows: config.services.diffRows,
    }),
  ];
  const diffSweep = ledger.diffSweep({ keepMs: config.ledger.diffMs, log });
  const plans = await ledger.readPlans();
  const sealer = await openLedgerSealer(session);
  try {
    const endedJobs = () => workers.reduce((sum, worker) => sum + worker.endedJobs(), 0);
    const report = await loop(request, { ledger, queues, scan, plans, stop, diffSweep, endedJobs });
    // What is written after the seal is not vouched for.
    await reporting.stop();
    // Its end is a moment to vouch for: hourly seals are the services'.
    await sealer?.runOnce();
    return report;
  } finally {
    await governing?.stop();
    await Promise.all(workers.map((worker) => (signal.aborted || stop.isRaised ? worker.drain() : worker.stop())));
    await reporting.stop();
    await queues.close();
  }
}

async function startGoverning(
  { session }: FleetRequest,
  { ledger, queues, scan, stop }: { ledger: Ledger; queues: ChunkQueues; scan: LedgerScan; stop: StopSignal },
): Promise<RunningLoop | null> {
  const governor = await openGovernor(session, { ledger, queues, scan });
  return (
    governor &&
    startLoop({
      ...{ name: 'govern', everyMs: session.config.throttle.everyMs, clock: session.clock, log: session.log },
      tracing: session.tracing,
      fail: (error) => stop.raise(error),
      runOnce: async (signal) => void (await governor.runOnce(await ledger.readPlans(), signal)),
    })
  );
}

interface LoopState {
  ledger: Ledger;
  queues: ChunkQueues;
  scan: ReturnType<Ledger['openScan']>;
  plans: TablePlan[];
  stop: StopSignal;
  diffSweep: DiffSweep;
  /** Jobs that the workers of this process have ended so far. */
  endedJobs: () => number;
}

async function loop(request: FleetRequest, state: LoopState): Promise<StatusReport> {
  const { session, signal } = request;
  const { config, clouds, log, tracing } = session;
  const planner = new PlannerLoop({
    ...{ ledger: state.ledger, scan: state.scan, queues: state.queues, clock: session.clock, log },
    ...{ source: clouds.source, target: clouds.target },
    ...{ windowSize: config.services.windowSize, limits: config.limits },
    ...plannerSettings(config),
  });
  const watch = new FleetWatch(session, state.ledger, state.scan);
  const options = statusOptions(config);
  const report = () => statusReport(state.ledger, state.plans, state.scan, options);
  for (;;) {
    state.stop.throwIfRaised();
    const endedBefore = state.endedJobs();
    // A top-up or a new table may have been planned by another process: heads that are known are not read again.
    state.plans = await joinedPlans(state.ledger, state.plans);
    const fed = await tracing.pass('feed', () => planner.runOnce(state.plans));
    await keepTables(
      {
        ledger: state.ledger,
        target: clouds.target,
        stage: clouds.stage,
        scan: state.scan,
        isScanFresh: true,
        log,
        graceMs: config.staging.graceMs,
        diffSweep: state.diffSweep,
      },
      state.plans,
    );
    const now = await report();
    request.onProgress(now);
    const isSettled =
      fed.open === 0 &&
      now.tables.every((table) => table.done + table.stages.accepted < table.chunks || table.isSealCurrent);
    if (signal.aborted) return now;
    if (!isSettled) await watch.lookNowAndThen(state.plans, signal);
    else if (await watch.isUnwritten(state.plans, signal)) return report();
    await pause(
      request,
      () => fed.added + fed.waiting === 0 && state.endedJobs() === endedBefore && !state.stop.isRaised,
    );
  }
}

/** One tick, or up to IDLE_TICKS of them while it is quiet. */
async function pause({ session, signal, tickMs = TICK_MS }: FleetRequest, isQuiet: () => boolean): Promise<void> {
  for (let tick = 0; tick < IDLE_TICKS && !signal.aborted; tick++) {
    await session.clock.sleep(tickMs, signal).catch(() => undefined);
    if (!isQuiet()) return;
  }
}

/** An error that only a person can settle, raised in a worker, ends the loop. */
class StopSignal {
  #error: unknown = null;

  get isRaised(): boolean {
    return this.#error !== null;
  }

  raise(error: unknown): void {
    this.#error ??= error;
  }

  throwIfRaised(): void {
    if (this.#error !== null)
      throw this.#error instanceof Error ? this.#error : new LakehaulError('INTERNAL', String(this.#error));
  }
}
