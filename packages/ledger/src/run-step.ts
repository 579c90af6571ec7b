/**
 * Around every step of every service: read the ledger first, act only when this is still the chunk's next step, and
 * turn an error into what its disposition says. The queue's own idea of failure never counts; this does.
 */
import {
  type AttemptRef,
  asLakehaulError,
  type ChunkRef,
  type ChunkState,
  chunkName,
  type ErrorCode,
  isOutage,
  LakehaulError,
  type Log,
  nextAttempt,
  nextStep,
  type Step,
} from '@lakehaul/core';
import type { Ledger } from './ledger.ts';

export interface StepLimits {
  /** Attempts that automatic repair may use before the chunk is quarantined (core/attempt-budget). */
  maxAttempts: number;
  /** Failures that one attempt may have before it is quarantined. */
  maxFailures: number;
}

export interface StepRequest {
  ledger: Ledger;
  log: Log;
  limits: StepLimits;
  job: AttemptRef & { step: Step };
  signal: AbortSignal;
  /** Does the work, writes its receipt and tells what it moved; a proof that failed is an outcome, no exception. */
  act: (attempt: AttemptRef, log: Log) => Promise<{ moved: MovedRows; failure?: ErrorCode }>;
  /** Ends the attempt: proves that nothing of it can still commit, then writes `void`. Throws FENCED when it cannot yet. */
  voidAttempt: (attempt: AttemptRef, error: LakehaulError) => Promise<void>;
}

export type StepJob = AttemptRef & { step: Step };

export interface MovedRows {
  rowCount: bigint;
  sizeBytes: bigint;
  /** By which the engines know what did it: for traces. */
  statementIds?: readonly string[];
}

export interface StepOutcome {
  /** The chunk's next job, already the right one when this job was history; null when there is none now. */
  next: StepJob | null;
  moved?: MovedRows;
  /** What went wrong; the ledger knows it. */
  failure?: ErrorCode;
}

export async function runStep(request: StepRequest): Promise<StepOutcome> {
  const { ledger, job } = request;
  const ref: ChunkRef = { tableId: job.tableId, generation: job.generation, chunk: job.chunk };
  const log = request.log.with({ chunk: chunkName(ref), attempt: job.attempt, step: job.step });
  const before = await ledger.chunkState(ref);
  const current = nextJob(ref, before);
  if (current === null || current.step !== job.step || current.attempt !== job.attempt) {
    log.debug('job is history', { stage: before.stage, currentAttempt: before.attempt });
    return { next: current };
  }
  let outcome: Omit<StepOutcome, 'next'> = {};
  try {
    if (job.step === 'unload') await refuseIfStopped(ledger, job.tableId);
    outcome = await request.act({ ...ref, attempt: job.attempt }, log);
  } catch (thrown) {
    if (request.signal.aborted) throw thrown;
    const error = asLakehaulError(thrown);
    await settle(request, { ...ref, attempt: job.attempt }, error, log);
    if (error.disposition !== 'backpressure') outcome = { failure: error.code };
  }
  const after = await ledger.chunkState(ref);
  const next = nextJob(ref, after);
  // A failure leaves the queue; the feeder brings the chunk back when its time has come.
  const isSame = next !== null && next.step === job.step && next.attempt === job.attempt;
  return { ...outcome, next: isSame ? null : next };
}

/** A job may have waited in a queue since before its table was stopped, or was added by the step before it. */
async function refuseIfStopped(ledger: Ledger, tableId: string): Promise<void> {
  const halt = await ledger.stops.current(tableId);
  if (halt?.stop) throw new LakehaulError('TABLE_STOPPED', `${tableId} is stopped: ${halt.stop.reason}`);
}

function nextJob(ref: ChunkRef, state: ChunkState): StepJob | null {
  const step = nextStep(state);
  return step === null ? null : { ...ref, attempt: nextAttempt(state), step };
}

async function settle(request: StepRequest, attempt: AttemptRef, error: LakehaulError, log: Log): Promise<void> {
  const { ledger, job } = request;
  const fields = { code: error.code, reason: error.message };
  switch (error.disposition) {
    case 'stop':
    case 'refuse':
      throw error;
    case 'backpressure':
      log.info('step waits', fields);
      return;
    case 'quarantine':
      log.error('chunk quarantined', fields);
      await quarantine(request, attempt, error);
      return;
    case 'reopen':
      log.warn('attempt is over', fields);
      if (await isBudgetUsed(request, attempt)) {
        await quarantine(request, attempt, exhausted(`${request.limits.maxAttempts} attempts`, error));
        return;
      }
      await voidUnlessFenced(request, attempt, error, log);
      return;
    case 'retry':
      break;
  }
  // Waiting for a fence or losing to a newer attempt is no failure of this chunk.
  if (error.code === 'FENCED' || error.code === 'SUPERSEDED') {
    log.info('step waits', fields);
    return;
  }
  const { failures } = await ledger.recordFailure(attempt, {
    step: job.step,
    code: error.code,
    message: error.message,
    retryAfterMs: error.retryAfterMs ?? 0,
  });
  log.warn('step failed', { ...fields, failures });
  if (failures >= request.limits.maxFailures && (await ownFailures(ledger, attempt)) >= request.limits.maxFailures)
    await quarantine(request, attempt, exhausted(`${failures} failures of attempt ${attempt.attempt}`, error));
}

async function isBudgetUsed({ ledger, limits }: StepRequest, attempt: AttemptRef): Promise<boolean> {
  // Fewer attempts than the budget has: no need to read why each was opened.
  return attempt.attempt >= limits.maxAttempts && (await ledger.repairNumber(attempt)) >= limits.maxAttempts;
}

/**
 * Failures that speak against the chunk. While a platform is away every chunk fails again and again; were that counted, an
 * hour's outage would leave thousands of sound chunks waiting for a person.
 */
async function ownFailures(ledger: Ledger, attempt: AttemptRef): Promise<number> {
  const trail = await ledger.trail({ tableId: attempt.tableId, generation: attempt.generation, chunk: attempt.chunk });
  return trail.filter(
    (receipt) =>
      receipt.attempt === attempt.attempt &&
      receipt.stage === 'failed' &&
      'code' in receipt.body &&
      !isOutage(receipt.body.code),
  ).length;
}

/** While a statement of the attempt may still commit, the attempt stays as it is and its step comes again. */
async function voidUnlessFenced(
  request: StepRequest,
  attempt: AttemptRef,
  error: LakehaulError,
  log: Log,
): Promise<void> {
  try {
    await request.voidAttempt(attempt, error);
  } catch (thrown) {
    const fenced = asLakehaulError(thrown);
    if (fenced.code !== 'FENCED') throw fenced;
    log.info('step waits', { code: fenced.code, reason: fenced.message });
  }
}

function exhausted(what: string, last: LakehaulError): LakehaulError {
  return new LakehaulError('ATTEMPTS_EXHAUSTED', `${what} used up; the last one: ${last.code} ${last.message}`, {
    cause: last,
    next: last.next,
  });
}

/** Caused by what was seen last of the attempt: a failure, else what the step worked on. */
async function quarantine(request: StepRequest, attempt: AttemptRef, error: LakehaulError): Promise<void> {
  const causedBy = await request.ledger.newestOf(attempt, ['mismatched', 'failed', 'loaded', 'unloaded', 'opened']);
  await request.ledger.write(
    attempt,
    'quarantined',
    { step: request.job.step, code: error.code, message: error.message, next: error.next },
    causedBy,
  );
}
