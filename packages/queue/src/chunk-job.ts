import { type AttemptRef, LakehaulError, STEPS, type Step } from '@lakehaul/core';

/** All that ever travels in a queue: which chunk, which attempt, which step. What is true about them is in the ledger. */
export interface ChunkJob extends AttemptRef {
  schemaVersion: 1;
  migration: string;
  step: Step;
}

/** Without ':' (BullMQ's key separator) and never digits only, which BullMQ refuses as a custom id. */
export function jobIdOf(job: AttemptRef & { step: Step }): string {
  return `${job.tableId}-g${job.generation}-c${job.chunk}-a${job.attempt}-${job.step}`;
}

/** A payload as it came out of the store; one that this version does not understand is refused, never guessed. */
export function parseChunkJob(data: unknown): ChunkJob {
  const job = data as Partial<ChunkJob> | null;
  const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);
  if (
    job?.schemaVersion === 1 &&
    typeof job.migration === 'string' &&
    typeof job.tableId === 'string' &&
    isWhole(job.generation) &&
    isWhole(job.chunk) &&
    isWhole(job.attempt) &&
    STEPS.some((step) => step === job.step)
  )
    return job as ChunkJob;
  throw new LakehaulError('LEDGER_CONFLICT', 'a job in the queue is not of this version', {
    disposition: 'refuse',
    next: 'Drain the other version of lakehaul first; the queues are filled again from the ledger.',
  });
}
