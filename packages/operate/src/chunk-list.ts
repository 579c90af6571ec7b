/** Chunks with what is wrong with them, in the order of the plans, page by page: a cursor stays right while chunks move. */
import {
  type ChunkRef,
  type ChunkStage,
  chunkName,
  ERROR_CODES,
  type ErrorCode,
  isDone,
  type TablePlan,
} from '@lakehaul/core';
import type { Ledger, LedgerScan, ScannedState, StoredReceipt, TroubleStage } from '@lakehaul/ledger';

export interface ChunkFilter {
  stage: ChunkStage | null;
  /** Of the quarantine, or of what led to it. */
  code: string | null;
}

export interface ListedChunk {
  ref: ChunkRef;
  /** As other verbs take it. */
  chunk: string;
  table: string;
  stage: ChunkStage;
  attempt: number;
  isDone: boolean;
  /** S3 time of the newest receipt; null while planned. */
  changedAt: string | null;
  /** Null where nothing went wrong in the newest attempt. */
  trouble: {
    code: ErrorCode;
    /** What led to it, when the code only says that the attempts are used up. */
    cause: ErrorCode;
    reason: string;
    /** What the differing rows have in common. */
    likely: string | null;
    next: string;
  } | null;
  accepted: { who: string; reason: string } | null;
}

export interface ChunkPage {
  chunks: ListedChunk[];
  /** Give it as the next page's `after`; null on the last page. */
  next: string | null;
}

interface Source {
  ledger: Ledger;
  plans: readonly TablePlan[];
  scan: LedgerScan;
}

/** `after` is a chunk's full name (`tableId/g1/3`); `limit` null lists all. */
export async function listChunks(
  from: Source,
  filter: ChunkFilter,
  page: { after: string | null; limit: number | null },
): Promise<ChunkPage> {
  const chunks: ListedChunk[] = [];
  let isPast = page.after === null;
  for (const plan of inOrder(from.plans)) {
    for (const { ref, state } of candidates(from.scan, plan, filter)) {
      if (!isPast) isPast = isAfter(ref, page.after ?? '');
      if (!isPast) continue;
      const listed = await describe(from.ledger, plan, ref, state);
      if (filter.code !== null && listed.trouble?.code !== filter.code && listed.trouble?.cause !== filter.code)
        continue;
      if (page.limit !== null && chunks.length === page.limit)
        return { chunks, next: chunkName(chunks.at(-1)?.ref ?? ref) };
      chunks.push(listed);
    }
  }
  return { chunks, next: null };
}

function inOrder(plans: readonly TablePlan[]): TablePlan[] {
  return [...plans].sort((a, b) =>
    a.tableId < b.tableId ? -1 : a.tableId > b.tableId ? 1 : a.generation - b.generation,
  );
}

function isAfter(ref: ChunkRef, cursor: string): boolean {
  const match = /^(.*)\/g(\d+)\/(\d+)$/.exec(cursor);
  const [tableId, generation, chunk] = [match?.[1] ?? cursor, Number(match?.[2] ?? 0), Number(match?.[3] ?? -1)];
  if (ref.tableId !== tableId) return ref.tableId > tableId;
  return ref.generation !== generation ? ref.generation > generation : ref.chunk > chunk;
}

function candidates(scan: LedgerScan, plan: TablePlan, filter: ChunkFilter): { ref: ChunkRef; state: ScannedState }[] {
  const found: { ref: ChunkRef; state: ScannedState }[] = [];
  scan.forEach(plan, (chunk, state) => {
    if (filter.stage !== null && state.stage !== filter.stage) return;
    if (filter.code !== null && !mayHaveTrouble(state)) return;
    found.push({ ref: { tableId: plan.tableId, generation: plan.generation, chunk }, state });
  });
  return found;
}

function mayHaveTrouble(state: ScannedState): boolean {
  return state.failures > 0 || ['mismatched', 'void', 'quarantined', 'accepted'].includes(state.stage);
}

async function describe(ledger: Ledger, plan: TablePlan, ref: ChunkRef, state: ScannedState): Promise<ListedChunk> {
  const troubles = mayHaveTrouble(state)
    ? (await ledger.troubles(ref)).filter((receipt) => receipt.attempt === state.attempt)
    : [];
  const accepted =
    state.stage === 'accepted' ? await ledger.read({ ...ref, attempt: state.attempt }, 'accepted') : null;
  return {
    ref,
    chunk: chunkName(ref),
    table: `${plan.source.schema}.${plan.source.table}`,
    stage: state.stage,
    attempt: state.attempt,
    isDone: isDone(state),
    changedAt: state.lastModifiedMs === 0 ? null : new Date(state.lastModifiedMs).toISOString(),
    trouble: troubleOf(troubles),
    accepted: accepted === null ? null : { who: accepted.body.who, reason: accepted.body.reason },
  };
}

/** The verdict of the newest attempt, and what it rests on. */
function troubleOf(receipts: readonly StoredReceipt<TroubleStage>[]): ListedChunk['trouble'] {
  const verdict = receipts.findLast((receipt) => receipt.stage === 'quarantined') ?? receipts.at(-1);
  if (verdict === undefined) return null;
  const cause = receipts.findLast((receipt) => receipt.stage !== 'quarantined') ?? verdict;
  const { body } = verdict;
  return {
    code: body.code,
    cause: cause.body.code,
    reason: 'message' in body ? body.message : body.differences.join('; '),
    likely: 'diagnosis' in cause.body ? (cause.body.diagnosis?.detail ?? null) : null,
    next: 'next' in body ? body.next : (ERROR_CODES[body.code]?.next ?? 'lakehaul chunk CHUNK'),
  };
}
