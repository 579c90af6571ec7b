/** Wires the steps of this service to their queues. */
import type { Source, Stage, Target } from '@lakehaul/adapters';
import { type Clock, isLimited, type Log } from '@lakehaul/core';
import { heldJob, type Ledger, runStep, STEERING_AGE_MS, type StepLimits } from '@lakehaul/ledger';
import { type ChunkJob, type ChunkQueues, type RunningWorker, startStepWorker } from '@lakehaul/queue';
import type { Metrics, Tracing } from '@lakehaul/runtime';
import { loadChunk } from './load-chunk.ts';
import { unloadChunk } from './unload-chunk.ts';
import { heldUnload, type UnloadGate } from './unload-gate.ts';
import { voidAttempt } from './void-attempt.ts';

export interface WorkerDeps {
  ledger: Ledger;
  source: Source;
  stage: Stage;
  target: Target;
  queues: ChunkQueues;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  tracing: Tracing;
  stagingPrefix: string;
  sourceTimeoutMs: number;
  targetTimeoutMs: number;
  startWithinMs: number;
  inFlightMs: number;
  limits: StepLimits;
  /** Slots per step; a step without slots is not worked here (unload and load may be separate deployments). */
  slots: { unload: number; load: number };
  /** An error that only a person can settle for the whole run: the service ends with it. */
  onStop: (error: unknown) => void;
  /** With limits on tables or steps only the feeder lets jobs in; without, a step adds the next one itself. */
  hasLimits: boolean;
  gate: UnloadGate;
  /** See services.lockMs and services.stalledCheckMs of the configuration. */
  lockMs: number;
  stalledCheckMs: number;
}

export function startWorker(deps: WorkerDeps): RunningWorker[] {
  const { ledger, clock } = deps;
  const serverTimeMs = () => ledger.serverTimeMs();
  const unload = {
    ledger,
    source: deps.source,
    stage: deps.stage,
    clock,
    stagingPrefix: deps.stagingPrefix,
    sourceTimeoutMs: deps.sourceTimeoutMs,
    inFlightMs: deps.inFlightMs,
    serverTimeMs,
    gate: { ...deps.gate, isLive: true },
  };
  const load = {
    ledger,
    target: deps.target,
    stage: deps.stage,
    nowMs: () => clock.nowMs(),
    sleep: (ms: number, signal: AbortSignal) => clock.sleep(ms, signal),
    serverTimeMs,
    targetTimeoutMs: deps.targetTimeoutMs,
    startWithinMs: deps.startWithinMs,
  };

  const handle = async (job: ChunkJob, signal: AbortSignal) => {
    const held = await heldJob(deps.ledger, job);
    if (held !== null) {
      deps.log.info('step is held', { step: job.step, tableId: job.tableId, pattern: held.pattern });
      return { next: null };
    }
    // Before anything is read for it; unloadChunk looks once more when it sends.
    const hold = job.step === 'unload' ? await heldUnload(deps) : null;
    if (hold !== null) {
      deps.log.info('unload is held', { tableId: job.tableId, check: hold.name, reason: hold.reason });
      return { next: null };
    }
    const outcome = await deps.tracing.step(job, signal, (fields) =>
      runStep({
        ledger,
        log: deps.log.with(fields),
        limits: deps.limits,
        job,
        signal,
        act: (attempt, log) =>
          job.step === 'unload' ? unloadChunk(unload, attempt, signal, log) : loadChunk(load, attempt, signal, log),
        voidAttempt: (attempt, error) => voidAttempt(load, attempt, error),
      }),
    );
    return { ...outcome, next: outcome.next === null ? null : { ...job, ...outcome.next } };
  };
  return (['unload', 'load'] as const)
    .filter((step) => deps.slots[step] > 0)
    .map((step) =>
      startStepWorker({
        queues: deps.queues,
        step,
        slots: deps.slots[step],
        handle,
        log: deps.log,
        metrics: deps.metrics,
        clock,
        onStop: deps.onStop,
        mayChain: async () => !deps.hasLimits && !isLimited(await deps.ledger.steering.current(STEERING_AGE_MS)),
        lockMs: deps.lockMs,
        stalledCheckMs: deps.stalledCheckMs,
      }),
    );
}
