/**
 * The fence: which attempt may do what. Nothing here trusts a scan, a queue or a clock of ours; every rule is a
 * create-once PUT followed by a LIST, and S3 answers both strongly consistently.
 *
 * Two processes that disagree each write first and look afterwards. Whoever writes second must see the first, so at
 * least one of them steps back: that is how a submission and the end of its attempt, or a submission and the opening of
 * the next attempt, can never both go ahead unseen.
 */
import {
  type AttemptRef,
  type ChunkRef,
  chunkName,
  LakehaulError,
  MAX_ATTEMPT,
  must,
  type ProofBody,
  type ReceiptBodies,
} from '@lakehaul/core';
import { hashGaps } from './hash-gaps.ts';
import type { ListedReceipt, ReceiptStore, StoredReceipt, WriteResult } from './receipt-store.ts';

export interface OpenRequest {
  attempt: number;
  body: ReceiptBodies['opened'];
  causedBy: string | null;
}

export type OpenResult = WriteResult<'opened'> & { attempt: number };

/**
 * Opens the attempt, or adopts it where somebody else did. A reopen because of an observation (late rows, say) adopts an
 * attempt only if that attempt reads the source after the observation; otherwise it opens the one after it.
 */
export async function openAttempt(receipts: ReceiptStore, ref: ChunkRef, request: OpenRequest): Promise<OpenResult> {
  let attempt = request.attempt;
  // A member of a shared scan has no receipt while its leader's snapshot is already taken: attempt 1 proves no order.
  if (attempt === 1 && request.body.observedAt !== null)
    throw new LakehaulError('INTERNAL', `${chunkName(ref)}: an observation can only reopen a chunk that was opened`);
  for (;;) {
    if (attempt > MAX_ATTEMPT) throw new LakehaulError('ATTEMPTS_EXHAUSTED', `${chunkName(ref)} has no attempt left`);
    const target: AttemptRef = { tableId: ref.tableId, generation: ref.generation, chunk: ref.chunk, attempt };
    const listed = await receipts.listChunk(ref);
    const highest = highestOpened(listed);
    if (highest > attempt) throw superseded(target, highest);
    if (highest < attempt - 1)
      throw new LakehaulError('INTERNAL', `attempt ${attempt} of ${chunkName(ref)} cannot follow attempt ${highest}`);
    if (highest < attempt) {
      const result = await receipts.create(target, 'opened', request.body, request.causedBy);
      if (result.isMine) return { ...result, attempt };
      // Somebody opened it since the LIST: judge it as any other that was there before.
      continue;
    }
    const existing = must(await receipts.read(target, 'opened'), `opened receipt of attempt ${attempt}`);
    if (mayAdopt(existing, listed, request)) return { attempt, receipt: existing, isMine: false };
    attempt += 1;
  }
}

/** S3 times are whole seconds, so only a later second proves an order; equal ones do not. */
function mayAdopt(existing: StoredReceipt<'opened'>, listed: readonly ListedReceipt[], request: OpenRequest): boolean {
  const { observedAt } = request.body;
  if (observedAt === null) return true;
  // The same receipt led to both, or a later observation did: all its statements come after ours.
  if (request.causedBy !== null && existing.causedBy === request.causedBy) return true;
  const observedMs = Date.parse(observedAt);
  if (existing.body.observedAt !== null && Date.parse(existing.body.observedAt) > observedMs) return true;
  const submissions = listed.filter((entry) => entry.attempt === existing.attempt && entry.stage === 'submit');
  // Staged without a submission of its own: by the shared scan of its leader, whose time is not known here.
  const isUnloaded = listed.some((entry) => entry.attempt === existing.attempt && entry.stage === 'unloaded');
  if (submissions.length === 0) return !isUnloaded;
  return submissions.every((entry) => entry.lastModifiedMs > observedMs);
}

/**
 * Written before a statement is sent. When it returns with `isMine`, the attempt was the highest and not ended *after*
 * the receipt was there, so nobody can end it or open the next one without seeing this submission.
 */
export async function recordSubmission(
  receipts: ReceiptStore,
  ref: AttemptRef,
  body: Omit<ReceiptBodies['submit'], 'submission'> & { submission?: number },
): Promise<WriteResult<'submit'>> {
  const count = refuseUnlessCurrent(ref, await receipts.listChunk(ref));
  if (body.submission !== undefined && body.submission > count + 1)
    throw new LakehaulError('INTERNAL', `submission ${body.submission} of ${chunkName(ref)} after ${count}`);
  // An UNLOAD follows from the opening, a load from what was staged.
  const causedBy = receipts.keyOf(ref, body.step === 'unload' ? 'opened' : 'unloaded');
  let submission = body.submission ?? count + 1;
  let result = await receipts.create(ref, 'submit', { ...body, submission }, causedBy);
  while (!result.isMine && body.submission === undefined) {
    submission += 1;
    result = await receipts.create(ref, 'submit', { ...body, submission }, causedBy);
  }
  if (result.isMine) refuseUnlessCurrent(ref, await receipts.listChunk(ref));
  return result;
}

/** Number of submissions so far. */
function refuseUnlessCurrent(ref: AttemptRef, listed: readonly ListedReceipt[]): number {
  const highest = highestOpened(listed);
  if (highest > ref.attempt) throw superseded(ref, highest);
  if (highest < ref.attempt)
    throw new LakehaulError('INTERNAL', `attempt ${ref.attempt} of ${chunkName(ref)} is not open`);
  const own = listed.filter((entry) => entry.attempt === ref.attempt);
  if (own.some((entry) => entry.stage === 'ending' || entry.stage === 'void'))
    throw new LakehaulError(
      'ATTEMPT_ENDED',
      `attempt ${ref.attempt} of ${chunkName(ref)} is being ended: nothing more of it is sent`,
    );
  return own.filter((entry) => entry.stage === 'submit').length;
}

/**
 * `void` says that nothing of the attempt can still commit. First the attempt is closed to submissions; a load that was
 * recorded before that and is not among those the proof speaks of makes the proof worthless.
 */
export async function refuseUnsettled(
  receipts: ReceiptStore,
  ref: AttemptRef,
  body: ReceiptBodies['void'],
): Promise<void> {
  await receipts.close(ref);
  const loads = (await receipts.readAll(ref, 'submit')).filter((entry) => entry.body.step === 'load');
  const proven = body.proof === 'nothing-submitted' ? [] : body.statementIds;
  const unproven = loads.filter((entry) => !proven.includes(entry.body.statementName));
  if (unproven.length > 0)
    throw new LakehaulError(
      'FENCED',
      `attempt ${ref.attempt} of ${chunkName(ref)}: ${unproven.map((entry) => entry.body.statementName).join(', ')} may still commit`,
    );
}

/** Proof is only ever of the highest attempt, and only with equal counts and equal hashes (I3). */
export async function refuseUnproven(
  receipts: ReceiptStore,
  ref: AttemptRef,
  stage: 'verified' | 'counted' | 'reproved',
  body: ProofBody,
): Promise<void> {
  const highest = highestOpened(await receipts.listChunk(ref));
  if (highest > ref.attempt) throw superseded(ref, highest);
  const { transaction, manifest, load, target } = body.rowCounts;
  if (!/^\d+$/.test(transaction) || [manifest, load, target].some((count) => count !== transaction))
    throw new LakehaulError(
      'INTERNAL',
      `${stage} of ${chunkName(ref)} with unequal counts ${transaction}, ${manifest}, ${load}, ${target}`,
    );
  if (stage === 'verified' && (body.level === 'count' || body.carried === null || body.target === null))
    throw new LakehaulError('INTERNAL', `${chunkName(ref)} without hashes cannot be called verified`);
  const gaps = body.level === 'count' ? [] : hashGaps(body);
  if (stage !== 'counted' && gaps.length > 0)
    throw new LakehaulError('INTERNAL', `${stage} of ${chunkName(ref)} with unequal hashes: ${gaps.join('; ')}`);
}

/** Next free number by create-once. */
export async function appendReceipt<S extends 'failed' | 'reproved'>(
  first: number,
  create: (ordinal: number) => Promise<WriteResult<S>>,
): Promise<{ result: WriteResult<S>; ordinal: number }> {
  for (let ordinal = first; ; ordinal++) {
    const result = await create(ordinal);
    if (result.isMine) return { result, ordinal };
  }
}

/**
 * A load may write only when no earlier attempt still can. All of them are asked, not only the one before: that one may
 * be void without ever having waited for the one before it.
 */
export async function mayLoad(
  receipts: ReceiptStore,
  ref: AttemptRef,
): Promise<{ ok: true } | { ok: false; blockedBy: number }> {
  if (ref.attempt === 1) return { ok: true };
  const settled = new Set<number>();
  for (const entry of await receipts.listChunk(ref))
    if (entry.stage === 'loaded' || entry.stage === 'void') settled.add(entry.attempt);
  for (let earlier = ref.attempt - 1; earlier >= 1; earlier--)
    if (!settled.has(earlier)) return { ok: false, blockedBy: earlier };
  return { ok: true };
}

export function highestOpened(listed: readonly ListedReceipt[]): number {
  return listed.reduce((highest, entry) => (entry.stage === 'opened' ? Math.max(highest, entry.attempt) : highest), 0);
}

function superseded(ref: AttemptRef, highest: number): LakehaulError {
  return new LakehaulError(
    'SUPERSEDED',
    `attempt ${ref.attempt} of ${chunkName(ref)} is history: attempt ${highest} is open`,
  );
}
