/** Opens a new attempt of chunks because a person said so: the one way in which a chunk that waits or is done goes on. */
import {
  type AttemptRef,
  asLakehaulError,
  type ChunkRef,
  chunkLevel,
  chunkName,
  LakehaulError,
  must,
  type ReceiptBodies,
} from '@lakehaul/core';
import type { Ledger } from './ledger.ts';

export interface Reopening {
  reason: string;
  /** Key of the receipt or record that led to it; by null each chunk names what it waited for. */
  causedBy: string | null;
  /** Also chunks that people took as they are: the table that they looked at is another one now. */
  reopensAccepted?: true;
}

const PARALLEL = 16;

/** Chunks without an attempt are left out: their first one is still to come. Returns those that were reopened. */
export async function reopenChunks(
  ledger: Ledger,
  refs: readonly ChunkRef[],
  reopening: Reopening,
): Promise<{ ref: ChunkRef; attempt: number }[]> {
  const reopened: { ref: ChunkRef; attempt: number }[] = [];
  for (let start = 0; start < refs.length; start += PARALLEL) {
    const batch = refs.slice(start, start + PARALLEL).map((ref) => reopenChunk(ledger, ref, reopening));
    reopened.push(...(await Promise.all(batch)).flat());
  }
  return reopened;
}

export interface PlannedReopening {
  ref: ChunkRef;
  /** The attempt that is to be opened. */
  attempt: number;
}

/**
 * Opens exactly these attempts: repeated after a crash it opens nothing twice. What has gone on meanwhile by somebody
 * else's hand is left alone and told as `movedOn`.
 */
export async function reopenPlanned(
  ledger: Ledger,
  planned: readonly PlannedReopening[],
  reopening: Reopening,
): Promise<{ opened: PlannedReopening[]; movedOn: PlannedReopening[] }> {
  const opened: PlannedReopening[] = [];
  const movedOn: PlannedReopening[] = [];
  for (let start = 0; start < planned.length; start += PARALLEL) {
    const batch = planned.slice(start, start + PARALLEL);
    const isOurs = await Promise.all(batch.map((each) => isReopened(ledger, each, reopening)));
    batch.forEach((each, index) => {
      (isOurs[index] === true ? opened : movedOn).push(each);
    });
  }
  return { opened, movedOn };
}

async function isReopened(ledger: Ledger, planned: PlannedReopening, reopening: Reopening): Promise<boolean> {
  const { attempt, stage } = await ledger.chunkState(planned.ref);
  // Accepted meanwhile by people who looked at it: a request from before must not undo that.
  if (attempt === planned.attempt - 1 && (stage !== 'accepted' || reopening.reopensAccepted === true))
    try {
      const [result] = await reopenChunks(ledger, [planned.ref], reopening);
      // Another one may have opened it in the same moment; whose it is, its receipt says.
      if (result !== undefined && result.attempt !== planned.attempt) return false;
    } catch (thrown) {
      if (asLakehaulError(thrown).code !== 'SUPERSEDED') throw thrown;
    }
  const opened = await ledger.read({ ...planned.ref, attempt: planned.attempt }, 'opened');
  if (reopening.causedBy !== null) return opened?.causedBy === reopening.causedBy;
  return opened?.body.cause === 'operator' && opened.body.reason === reopening.reason;
}

async function reopenChunk(
  ledger: Ledger,
  ref: ChunkRef,
  { reason, causedBy }: Reopening,
): Promise<{ ref: ChunkRef; attempt: number }[]> {
  const { attempt } = await ledger.chunkState(ref);
  if (attempt === 0) return [];
  const opened = await ledger.read({ ...ref, attempt }, 'opened');
  const { hashForm, level } = opened?.body ?? (await openFirst(ledger, { ...ref, attempt }, { reason, causedBy }));
  const body = { cause: 'operator' as const, reason, observedAt: null, hashForm, level };
  // What waited is the cause, else the attempt that is replaced: a receipt without a parent is nobody's.
  const over = await ledger.newestOf({ ...ref, attempt }, ['quarantined', 'mismatched', 'opened']);
  const result = await ledger.openAttempt(ref, { attempt: attempt + 1, body, causedBy: causedBy ?? over });
  if (result.attempt !== attempt + 1)
    throw new LakehaulError('SUPERSEDED', `attempt ${result.attempt} of ${chunkName(ref)} was opened meanwhile`);
  return [{ ref, attempt: result.attempt }];
}

/** It failed before it was opened; the next one can only follow an open one. */
async function openFirst(
  ledger: Ledger,
  { attempt, ...ref }: AttemptRef,
  { reason, causedBy }: Reopening,
): Promise<ReceiptBodies['opened']> {
  const plan = must(await ledger.readPlan(ref.tableId, ref.generation), `plan of ${ref.tableId}`);
  const body = {
    hashForm: plan.hashForm,
    level: chunkLevel(plan, await ledger.readChunk(ref)),
    cause: 'planned' as const,
    reason: 'first attempt',
    observedAt: null,
  };
  if (attempt === 1) await ledger.openAttempt(ref, { attempt, body, causedBy: null });
  else await ledger.openAttempt(ref, { attempt, body: { ...body, cause: 'operator', reason }, causedBy });
  return body;
}
