/**
 * Runs one step's jobs. A job keeps its slot while its statement runs at source or target, so the queue's global
 * concurrency bounds the statements: jobs that return as delayed let the whole backlog be submitted (measured: 5,000 of
 * 5,000 before the first poll ran; facts 9.1).
 */
import { asLakehaulError, type Clock, type ErrorCode, LakehaulError, type Log, type Step } from '@lakehaul/core';
import { type Job, WaitingError, type Worker } from 'bullmq';
import { type ChunkJob, parseChunkJob } from './chunk-job.ts';
import type { ChunkQueues } from './chunk-queues.ts';
import type { QueueMetrics } from './queue-metrics.ts';

export interface StepResult {
  next: ChunkJob | null;
  /** What the step moved, for the metrics. */
  moved?: { rowCount: bigint; sizeBytes: bigint };
  /** The step failed and the ledger knows: for the metrics. */
  failure?: ErrorCode;
}

export interface StepWorkerOptions {
  queues: ChunkQueues;
  step: Step;
  /** Jobs that this process runs at once. */
  slots: number;
  /**
   * Does the step and names the chunk's next job, which is added before this one ends. When the signal aborts it lets
   * go of the job (throws): it is handed over, not failed. What it throws otherwise takes the job out of the queue.
   */
  handle: (job: ChunkJob, signal: AbortSignal) => Promise<StepResult>;
  log: Log;
  metrics: QueueMetrics;
  clock: Clock;
  /** Gets errors that only a person can settle for the whole run (disposition stop or refuse). */
  onStop?: (error: unknown) => void;
  /** False leaves the next job to the feeder, which knows the limits. */
  mayChain?: (next: ChunkJob) => Promise<boolean>;
  /** How long a silent worker keeps its jobs; renewal is at half of it. */
  lockMs?: number;
  /** A job is taken over at the second check that finds its lock gone. */
  stalledCheckMs?: number;
}

export interface RunningWorker {
  step: Step;
  /** Takes no more jobs and hands over those that run; resolves when the last one is back in its queue. */
  drain(): Promise<void>;
  /** Ends now: what runs is taken over when its lock has expired. */
  stop(): Promise<void>;
  /** When a job last began, ended or renewed its lock, or when there was last nothing to do. */
  lastProgressMs(): number;
  /** Jobs of this process that have ended so far, however they did. */
  endedJobs(): number;
}

/** A killed worker's jobs are taken over after 30 to 35 s; renewal is every 15 s and batched. */
const LOCK_MS = 30_000;
const STALLED_CHECK_MS = 5_000;
/** BullMQ fails a job that stalls more often than this. A stall is a lost pod, not a fault of the job. */
const STALLS_ALLOWED = 1_000_000;
const HEARTBEAT_MS = 5_000;

export function startStepWorker(options: StepWorkerOptions): RunningWorker {
  return new StepWorker(options);
}

class StepWorker implements RunningWorker {
  readonly step: Step;
  readonly #options: StepWorkerOptions;
  readonly #worker: Worker;
  readonly #running = new Map<string, AbortController>();
  readonly #startedMs = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #heartbeat: Promise<void>;
  #progressMs: number;
  #endedJobs = 0;
  /** Failures in a row that never reached the ledger: each one makes the next job wait longer. */
  #blindFailures = 0;

  constructor(options: StepWorkerOptions) {
    this.#options = options;
    this.step = options.step;
    this.#progressMs = options.clock.nowMs();
    options.metrics.set('lakehaul_slots', { step: this.step }, options.slots);
    options.metrics.set('lakehaul_slots_busy', { step: this.step }, 0);
    this.#worker = options.queues.store.openWorker(
      options.queues.queueName(this.step),
      (job, token) => this.#process(job, token),
      {
        concurrency: options.slots,
        lockDuration: options.lockMs ?? LOCK_MS,
        stalledInterval: options.stalledCheckMs ?? STALLED_CHECK_MS,
        maxStalledCount: STALLS_ALLOWED,
        runRetryDelay: 1_000,
        drainDelay: 5,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
    );
    this.#listen();
    this.#heartbeat = this.#beat();
  }

  lastProgressMs(): number {
    return this.#progressMs;
  }

  endedJobs(): number {
    return this.#endedJobs;
  }

  async drain(): Promise<void> {
    await this.#close(false);
  }

  async stop(): Promise<void> {
    await this.#close(true);
  }

  async #close(isForced: boolean): Promise<void> {
    // In this order: a job let go of before the worker knows that it closes would be fetched by it again.
    const isClosed = this.#worker.close(isForced);
    this.#closing.abort();
    for (const controller of this.#running.values()) controller.abort(this.#closing.signal.reason);
    await isClosed;
    await this.#heartbeat;
  }

  async #process(queued: Job, token: string | undefined): Promise<null> {
    const { clock, metrics } = this.#options;
    const id = queued.id ?? '';
    const controller = new AbortController();
    const startMs = clock.nowMs();
    this.#progressMs = startMs;
    this.#running.set(id, controller);
    this.#startedMs.set(id, startMs);
    this.#showBusy();
    let outcome: 'done' | 'failed' | 'handed-over' = 'failed';
    try {
      if (this.#closing.signal.aborted) controller.abort(this.#closing.signal.reason);
      outcome = await this.#run(queued, controller.signal);
      return null;
    } catch (thrown) {
      if (!this.#closing.signal.aborted) throw await this.#failed(thrown, id, controller.signal);
      // To the head of the queue, with attempts and data as they were (facts 9.2).
      await queued.moveToWait(token);
      outcome = 'handed-over';
      metrics.count('lakehaul_handovers_total', { step: this.step });
      throw new WaitingError();
    } finally {
      this.#running.delete(id);
      this.#startedMs.delete(id);
      this.#endedJobs += 1;
      this.#showBusy();
      this.#progressMs = clock.nowMs();
      const seconds = (clock.nowMs() - startMs) / 1000;
      metrics.observe('lakehaul_step_duration_seconds', { step: this.step, outcome }, seconds);
    }
  }

  async #run(queued: Job, signal: AbortSignal): Promise<'done' | 'failed'> {
    signal.throwIfAborted();
    const result = await this.#options.handle(parseChunkJob(queued.data), signal);
    this.#blindFailures = 0;
    const outcome = this.#record(result);
    const { next } = result;
    if (next === null || (await this.#options.mayChain?.(next)) === false) return outcome;
    // Before this job ends: a crash in between makes it run again, find its receipt, and add the same next job again.
    await this.#options.queues.add([{ job: next, priority: queued.opts.priority ?? 1 }]);
    return outcome;
  }

  #record({ moved, failure }: StepResult): 'done' | 'failed' {
    const { metrics } = this.#options;
    const { step } = this;
    if (moved !== undefined) {
      metrics.count('lakehaul_moved_rows_total', { step }, moved.rowCount);
      metrics.count('lakehaul_moved_bytes_total', { step }, moved.sizeBytes);
    }
    if (failure === undefined) return 'done';
    metrics.count('lakehaul_step_failures_total', { step, code: failure });
    return 'failed';
  }

  /** The handler records what concerns the chunk in the ledger and returns; what it throws could not be recorded. */
  async #failed(thrown: unknown, id: string, signal: AbortSignal): Promise<unknown> {
    const { log, clock, onStop } = this.#options;
    if (signal.aborted) return thrown;
    const error = asLakehaulError(thrown);
    this.#record({ next: null, failure: error.code });
    const fields = { step: this.step, job: id, code: error.code, reason: error.message, next: error.next };
    if (error.disposition === 'stop' || error.disposition === 'refuse') {
      log.error('step cannot go on', fields);
      onStop?.(error);
      return error;
    }
    this.#blindFailures++;
    const waitMs = Math.min(250 * 2 ** Math.min(this.#blindFailures, 10), 30_000);
    log.warn('step failed before the ledger knew', { ...fields, waitMs });
    // In its slot: the feeder adds the job again at once, and this keeps the rate down while the ledger is away.
    await clock.sleep(waitMs, this.#closing.signal).catch(() => undefined);
    return error;
  }

  #showBusy(): void {
    this.#options.metrics.set('lakehaul_slots_busy', { step: this.step }, this.#running.size);
    this.#showOldest();
  }

  /** A statement that hangs holds its slot: nothing else tells of it before its job ends. */
  #showOldest(): void {
    const { clock, metrics } = this.#options;
    const nowMs = clock.nowMs();
    const oldestMs = Math.min(nowMs, ...this.#startedMs.values());
    metrics.set('lakehaul_oldest_job_age_seconds', { step: this.step }, (nowMs - oldestMs) / 1000);
  }

  #listen(): void {
    const { log, metrics, clock } = this.#options;
    const { step } = this;
    // A worker without an error listener lets ioredis errors end the process.
    this.#worker.on('error', (error) => {
      metrics.count('lakehaul_queue_errors_total', { step });
      log.warn('queue worker failed', { step, reason: error.message });
    });
    this.#worker.on('stalled', (id) => {
      metrics.count('lakehaul_stalls_total', { step });
      log.warn('job taken over from a silent worker', { step, job: id });
    });
    this.#worker.on('locksRenewed', () => {
      this.#progressMs = clock.nowMs();
    });
    // BullMQ only tells; the job runs on here and, soon, elsewhere too. The fence holds, but two are one too many.
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) {
        metrics.count('lakehaul_lock_losses_total', { step });
        this.#running.get(id)?.abort(new LakehaulError('SUPERSEDED', `the lock of job ${id} is lost`));
      }
    });
  }

  /** Idle is progress only while there is nothing to do: a worker beside a full queue that fetches nothing is stuck. */
  async #beat(): Promise<void> {
    const { clock, queues, slots } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(HEARTBEAT_MS, signal).catch(() => undefined);
      this.#showOldest();
      if (signal.aborted || this.#running.size >= slots) continue;
      // A store that is away is not this worker's fault; readiness tells of it.
      const hasWork = await queues.hasStartableJobs(this.step).catch(() => false);
      if (!hasWork) this.#progressMs = clock.nowMs();
    }
  }
}
