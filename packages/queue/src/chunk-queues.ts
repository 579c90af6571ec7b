import { LakehaulError, type Log, must, STEPS, type Step } from '@lakehaul/core';
import type { Queue } from 'bullmq';
import { type ChunkJob, jobIdOf } from './chunk-job.ts';
import type { QueueMetrics } from './queue-metrics.ts';
import type { Board, QueueStore } from './queue-store.ts';

export interface ChunkQueuesOptions {
  store: QueueStore;
  migration: string;
  log: Log;
  metrics: QueueMetrics;
}

export interface JobToAdd {
  job: ChunkJob;
  /** 1 is first; 2^20 is last. */
  priority: number;
}

export interface StepCounts {
  waiting: number;
  active: number;
  delayed: number;
}

/** Batches of this many: 30,000 jobs a second and 100 ms of a blocked store at most (facts 9). */
const BATCH = 500;
const MAX_PRIORITY = 2 ** 20;

/** One queue per step of one migration. Made new, it finds what is there. */
export class ChunkQueues {
  readonly store: QueueStore;
  readonly migration: string;
  readonly #log: Log;
  readonly #metrics: QueueMetrics;
  readonly #queues: ReadonlyMap<Step, Queue>;

  constructor(options: ChunkQueuesOptions) {
    this.store = options.store;
    this.migration = options.migration;
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#queues = new Map(STEPS.map((step) => [step, this.#open(step)]));
  }

  /** For whoever looks at the store as it is. Jobs are changed by the methods here alone, which the ledger answers for. */
  get bullQueues(): readonly Queue[] {
    return [...this.#queues.values()];
  }

  /** Same name in every process of the migration. */
  queueName(step: Step): string {
    return `${this.migration}-${step}`;
  }

  #open(step: Step): Queue {
    // Ended jobs leave at once: their id must be free to run again, and the ledger knows how they ended.
    const queue = this.store.openQueue(this.queueName(step), {
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', (error) => {
      this.#metrics.count('lakehaul_queue_errors_total', { step });
      this.#log.warn('queue failed', { step, reason: error.message });
    });
    return queue;
  }

  async #ask<T>(step: Step, ask: (queue: Queue) => Promise<T>): Promise<T> {
    const queue = must(this.#queues.get(step), `queue of step ${step}`);
    try {
      return await ask(queue);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new LakehaulError('QUEUE_UNAVAILABLE', `${this.store.description}: ${reason}`, { cause, where: step });
    }
  }

  /** Adding a job that waits or runs already changes nothing. */
  async add(jobs: readonly JobToAdd[]): Promise<void> {
    for (const step of STEPS) {
      const ofStep = jobs.filter(({ job }) => job.step === step);
      for (let at = 0; at < ofStep.length; at += BATCH)
        await this.#ask(step, (queue) => queue.addBulk(ofStep.slice(at, at + BATCH).map(bullJob)));
      if (ofStep.length > 0) this.#metrics.count('lakehaul_queue_jobs_added_total', { step }, ofStep.length);
    }
  }

  async counts(): Promise<Record<Step, StepCounts>> {
    const entries = await Promise.all(
      STEPS.map(async (step) => {
        const counts = await this.#ask(step, (queue) => queue.getJobCounts('wait', 'prioritized', 'active', 'delayed'));
        const of = (state: string) => counts[state] ?? 0;
        const ofStep = { waiting: of('wait') + of('prioritized'), active: of('active'), delayed: of('delayed') };
        for (const [state, jobs] of Object.entries(ofStep))
          this.#metrics.set('lakehaul_queue_jobs', { step, state }, jobs);
        return [step, ofStep] as const;
      }),
    );
    return Object.fromEntries(entries) as Record<Step, StepCounts>;
  }

  /** Ids of the jobs that wait, are delayed or run. */
  async jobIdsInQueue(step: Step): Promise<Set<string>> {
    const jobs = await this.#ask(step, (queue) =>
      queue.getRanges(['wait', 'prioritized', 'active', 'delayed'], 0, -1, false),
    );
    return new Set(jobs);
  }

  /** First to run first. */
  async waitingIds(step: Step): Promise<string[]> {
    return this.#ask(step, (queue) => queue.getRanges(['prioritized', 'wait', 'delayed'], 0, -1, true));
  }

  async runningIds(step: Step): Promise<string[]> {
    return this.#ask(step, (queue) => queue.getRanges(['active'], 0, -1, false));
  }

  /** Takes out jobs that wait; one that runs stays. Returns how many went. */
  async remove(ids: readonly string[]): Promise<number> {
    let removed = 0;
    for (const id of ids) {
      const step = STEPS.find((each) => id.endsWith(`-${each}`));
      if (step !== undefined) removed += await this.#ask(step, (queue) => queue.remove(id));
    }
    return removed;
  }

  /** How many jobs of the step may run at once over all workers; 0 holds the step. */
  async setConcurrency(step: Step, limit: number): Promise<void> {
    await this.#ask(step, (queue) => queue.setGlobalConcurrency(limit));
  }

  /** How many jobs of each step may run at once over all workers, as was set last; null: nobody has, or the store was emptied. */
  async concurrency(): Promise<Record<Step, number | null>> {
    const entries = await Promise.all(
      STEPS.map(async (step) => [step, await this.#ask(step, (queue) => queue.getGlobalConcurrency())] as const),
    );
    return Object.fromEntries(entries) as Record<Step, number | null>;
  }

  /** Is there a job that a free worker ought to fetch? */
  async hasStartableJobs(step: Step): Promise<boolean> {
    return this.#ask(step, async (queue) => {
      const counts = await queue.getJobCounts('wait', 'prioritized', 'active');
      if ((counts['wait'] ?? 0) + (counts['prioritized'] ?? 0) === 0) return false;
      const limit = await queue.getGlobalConcurrency();
      return limit === null || (counts['active'] ?? 0) < limit;
    });
  }

  /** What each process says under this name; nothing where all of them are this one. */
  async board(name: string): Promise<ReadonlyMap<string, string>> {
    return (await this.#onBoard((board) => board.told(this.#boardName(name)))) ?? new Map();
  }

  async tellBoard(name: string, process: string, text: string): Promise<void> {
    await this.#onBoard((board) => board.tell(this.#boardName(name), process, text));
  }

  async forgetOnBoard(name: string, process: string): Promise<void> {
    await this.#onBoard((board) => board.forget(this.#boardName(name), process));
  }

  #boardName(name: string): string {
    return `${this.migration}-${name}`;
  }

  async #onBoard<T>(ask: (board: Board) => Promise<T>): Promise<T | null> {
    const { board, description } = this.store;
    if (board === null) return null;
    try {
      return await ask(board);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new LakehaulError('QUEUE_UNAVAILABLE', `${description}: ${reason}`, { cause, where: 'board' });
    }
  }

  /** Says nothing about the migration: an emptied store is empty too. Done is planned minus proven = 0. */
  async isEmpty(): Promise<boolean> {
    const counts = await this.counts();
    return STEPS.every((step) => counts[step].waiting + counts[step].active + counts[step].delayed === 0);
  }

  /** Throws all jobs away, running ones too; workers finish what they hold. The feeder fills the queues again. */
  async obliterate(): Promise<void> {
    for (const step of STEPS) await this.#ask(step, (queue) => queue.obliterate({ force: true }));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }
}

function bullJob({ job, priority }: JobToAdd) {
  const bounded = Math.min(Math.max(Math.round(priority), 1), MAX_PRIORITY);
  return { name: job.step, data: job, opts: { jobId: jobIdOf(job), priority: bounded } };
}
