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
  /** Full names; absent: all. */
  named?: ReadonlySet<string>;
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

/**
 * `after` is a chunk's full name (`tableId/g1/3`); `limit` null lists all. With `examine` a page ends after a look into so
 * many chunks, found or not: it may be short, and still have a next one.
 */
export async function listChunks(
  from: Source,
  filter: ChunkFilter,
  page: { after: string | null; limit: number | null; examine?: number },
): Promise<ChunkPage> {
  const chunks: ListedChunk[] = [];
  let examined = 0;
  let last: ChunkRef | null = null;
  const all = candidates(from, filter, page.after === null ? null : cursorOf(page.after));
  for (const batch of batches(all, PARALLEL)) {
    const described = await Promise.all(batch.map(({ plan, ref, state }) => describe(from.ledger, plan, ref, state)));
    for (const listed of described) {
      if (last !== null && examined === page.examine) return { chunks, next: chunkName(last) };
      examined += 1;
      last = listed.ref;
      const { trouble } = listed;
      if (filter.code !== null && trouble?.code !== filter.code && trouble?.cause !== filter.code) continue;
      if (page.limit !== null && chunks.length === page.limit)
        return { chunks, next: chunkName(chunks.at(-1)?.ref ?? listed.ref) };
      chunks.push(listed);
    }
  }
  return { chunks, next: null };
}

/** Chunks whose receipts are read at the same time; a page's last ones may be read in vain. */
const PARALLEL = 16;

function* batches<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** In the order that cursors follow, whatever order the plans come in. */
export function plansInOrder(plans: readonly TablePlan[]): TablePlan[] {
  return [...plans].sort((a, b) =>
    a.tableId < b.tableId ? -1 : a.tableId > b.tableId ? 1 : a.generation - b.generation,
  );
}

/** What is no chunk's name begins after the table of that name. */
function cursorOf(after: string): ChunkRef {
  const match = /^(.*)\/g(\d+)\/(\d+)$/s.exec(after);
  return match === null
    ? { tableId: after, generation: 0, chunk: -1 }
    : { tableId: match[1] ?? '', generation: Number(match[2]), chunk: Number(match[3]) };
}

/** Number of the plan's first chunk after the cursor; null when the whole plan lies before it. */
export function firstAfter(plan: TablePlan, cursor: ChunkRef | null): number | null {
  if (cursor === null || plan.tableId > cursor.tableId) return plan.firstChunk;
  if (plan.tableId < cursor.tableId || plan.generation < cursor.generation) return null;
  return plan.generation > cursor.generation ? plan.firstChunk : Math.max(plan.firstChunk, cursor.chunk + 1);
}

/** Read no further than asked for: a page of a million chunks must not cost a million. */
function* candidates(
  { plans, scan }: Source,
  filter: ChunkFilter,
  cursor: ChunkRef | null,
): Generator<{ plan: TablePlan; ref: ChunkRef; state: ScannedState }> {
  for (const plan of plansInOrder(plans)) {
    let from = firstAfter(plan, cursor);
    while (from !== null) {
      const found: number[] = scan.find(plan, filter.stage === null ? {} : { stage: filter.stage }, from, FIND_BATCH);
      for (const chunk of found) {
        const ref = { tableId: plan.tableId, generation: plan.generation, chunk };
        if (filter.named?.has(chunkName(ref)) === false) continue;
        const state = scan.state(ref);
        if (filter.code === null || mayHaveTrouble(state)) yield { plan, ref, state };
      }
      from = found.length < FIND_BATCH ? null : (found.at(-1) ?? 0) + 1;
    }
  }
}

const FIND_BATCH = 256;

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

/** The last that went wrong; a quarantine alone is its own cause, after others it only says that attempts are used up. */
export function causeOf<R extends { stage: TroubleStage }>(receipts: readonly R[]): R | undefined {
  return receipts.findLast((receipt) => receipt.stage !== 'quarantined') ?? receipts.at(-1);
}

/** The verdict of the newest attempt, and what it rests on. */
function troubleOf(receipts: readonly StoredReceipt<TroubleStage>[]): ListedChunk['trouble'] {
  const verdict = receipts.findLast((receipt) => receipt.stage === 'quarantined') ?? receipts.at(-1);
  if (verdict === undefined) return null;
  const cause = causeOf(receipts) ?? verdict;
  const { body } = verdict;
  return {
    code: body.code,
    cause: cause.body.code,
    reason: 'message' in body ? body.message : body.differences.join('; '),
    likely: 'diagnosis' in cause.body ? (cause.body.diagnosis?.detail ?? null) : null,
    next: 'next' in body ? body.next : (ERROR_CODES[body.code]?.next ?? 'lakehaul chunk CHUNK'),
  };
}
