/** Opens a new attempt of chunks because a person said so: the one way in which a chunk that waits or is done goes on. */
import { type ChunkRef, chunkName, LakehaulError, must } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';

export interface Reopening {
  reason: string;
  /** Key of the receipt or record that led to it. */
  causedBy: string | null;
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

async function reopenChunk(
  ledger: Ledger,
  ref: ChunkRef,
  { reason, causedBy }: Reopening,
): Promise<{ ref: ChunkRef; attempt: number }[]> {
  const { attempt } = await ledger.chunkState(ref);
  if (attempt === 0) return [];
  const plan = must(await ledger.readPlan(ref.tableId, ref.generation), `plan of ${ref.tableId}`);
  const level = plan.level === 'sampled' ? ('carried' as const) : plan.level;
  const first = {
    hashForm: plan.hashForm,
    level,
    cause: 'planned' as const,
    reason: 'first attempt',
    observedAt: null,
  };
  const opened = await ledger.read({ ...ref, attempt }, 'opened');
  // It failed before it was opened; the next one can only follow an open one.
  if (opened === null && attempt === 1) await ledger.openAttempt(ref, { attempt, body: first, causedBy: null });
  else if (opened === null)
    await ledger.openAttempt(ref, { attempt, body: { ...first, cause: 'operator', reason }, causedBy });
  const { hashForm, level: before } = opened?.body ?? first;
  const body = { cause: 'operator' as const, reason, observedAt: null, hashForm, level: before };
  // What waited is the cause, else the attempt that is replaced: a receipt without a parent is nobody's.
  const over = await ledger.newestOf({ ...ref, attempt }, ['quarantined', 'mismatched', 'opened']);
  const result = await ledger.openAttempt(ref, { attempt: attempt + 1, body, causedBy: causedBy ?? over });
  if (result.attempt !== attempt + 1)
    throw new LakehaulError('SUPERSEDED', `attempt ${result.attempt} of ${chunkName(ref)} was opened meanwhile`);
  return [{ ref, attempt: result.attempt }];
}
