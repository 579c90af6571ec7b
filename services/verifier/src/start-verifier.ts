/** Wires the verify step to its queue. */
import type { Stage, Target } from '@lakehaul/adapters';
import { type Clock, isLimited, type Log } from '@lakehaul/core';
import { heldJob, type Ledger, runStep, STEERING_AGE_MS, type StepLimits } from '@lakehaul/ledger';
import { type ChunkJob, type ChunkQueues, type RunningWorker, startStepWorker } from '@lakehaul/queue';
import type { Metrics, Tracing } from '@lakehaul/runtime';
import { verifyChunk } from './verify-chunk.ts';

export interface VerifierDeps {
  ledger: Ledger;
  target: Target;
  stage: Stage;
  queues: ChunkQueues;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  tracing: Tracing;
  limits: StepLimits;
  slots: number;
  diffRows: number;
  /** An error that only a person can settle for the whole run: the service ends with it. */
  onStop: (error: unknown) => void;
  /** With limits on tables or steps only the feeder lets jobs in; without, a step adds the next one itself. */
  hasLimits: boolean;
  /** See services.lockMs and services.stalledCheckMs of the configuration. */
  lockMs: number;
  stalledCheckMs: number;
}

export function startVerifier(deps: VerifierDeps): RunningWorker {
  const verify = {
    ledger: deps.ledger,
    target: deps.target,
    stage: deps.stage,
    maxAttempts: deps.limits.maxAttempts,
    diffRows: deps.diffRows,
  };
  const handle = async (job: ChunkJob, signal: AbortSignal) => {
    const held = await heldJob(deps.ledger, job);
    if (held !== null) {
      deps.log.info('step is held', { step: job.step, tableId: job.tableId, pattern: held.pattern });
      return { next: null };
    }
    const outcome = await deps.tracing.step(job, signal, (fields) =>
      runStep({
        ledger: deps.ledger,
        log: deps.log.with(fields),
        limits: deps.limits,
        job,
        signal,
        act: (attempt, log) => verifyChunk(verify, attempt, log),
        // A loaded attempt is never void: what a verify step finds wrong is a mismatch, and the next attempt replaces it.
        voidAttempt: (_attempt, error) => Promise.reject(error),
      }),
    );
    return { ...outcome, next: outcome.next === null ? null : { ...job, ...outcome.next } };
  };
  return startStepWorker({
    queues: deps.queues,
    step: 'verify',
    slots: deps.slots,
    handle,
    log: deps.log,
    metrics: deps.metrics,
    clock: deps.clock,
    onStop: deps.onStop,
    mayChain: async () => !deps.hasLimits && !isLimited(await deps.ledger.steering.current(STEERING_AGE_MS)),
    lockMs: deps.lockMs,
    stalledCheckMs: deps.stalledCheckMs,
  });
}
