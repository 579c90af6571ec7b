/** Receipts: written once, read back, listed. What may be written when is decided by the fence (fence.ts). */
import {
  type AttemptReceipts,
  type AttemptRef,
  type ChunkRef,
  must,
  type Receipt,
  type ReceiptBodies,
  type Stage,
} from '@lakehaul/core';
import { createOnce, type LedgerContext } from './create-once.ts';
import { isRepeatable, type ReceiptKey, type ReopenedWhy, type RepeatableStage, STAGES } from './keys.ts';
import { conflict, parseAs, parseBody, parseJson, receiptEnvelope, SCHEMA_VERSION } from './schemas.ts';

export type StoredReceipt<S extends Stage = Stage> = Receipt<S> & { key: string; lastModifiedMs: number };

export interface WriteResult<S extends Stage> {
  receipt: StoredReceipt<S>;
  /** False when somebody else was first: go on with what they wrote. */
  isMine: boolean;
}

export interface ListedReceipt extends ReceiptKey {
  key: string;
  lastModifiedMs: number;
}

export type TroubleStage = 'mismatched' | 'void' | 'failed' | 'quarantined';
const TROUBLES: ReadonlySet<string> = new Set<TroubleStage>(['mismatched', 'void', 'failed', 'quarantined']);

/** How many receipts of one chunk are fetched side by side. */
const PARALLEL_READS = 16;

export class ReceiptStore {
  readonly #context: LedgerContext;

  constructor(context: LedgerContext) {
    this.#context = context;
  }

  async create<S extends Stage>(
    ref: AttemptRef,
    stage: S,
    body: ReceiptBodies[S],
    causedBy: string | null,
  ): Promise<WriteResult<S>> {
    const { migration, actor, clock, ids, store, keys } = this.#context;
    const why = reopens(ref, stage);
    // Before the receipt: whoever lists the markers afterwards knows that this chunk may have left its folded state.
    if (why !== null) await this.mark(ref, why);
    const key = keys.receipt(ref, stage, ordinalOf(stage, body));
    const receipt: Receipt<S> = {
      schemaVersion: SCHEMA_VERSION,
      migration,
      tableId: ref.tableId,
      generation: ref.generation,
      chunk: ref.chunk,
      attempt: ref.attempt,
      stage,
      nonce: ids.uuid(),
      at: new Date(clock.nowMs()).toISOString(),
      by: actor,
      causedBy,
      body,
    };
    if (await createOnce(this.#context, key, JSON.stringify(receipt))) {
      const info = must(await store.head(key), `${key}, just written,`);
      return { receipt: { ...receipt, key, lastModifiedMs: info.lastModifiedMs }, isMine: true };
    }
    const existing = must(await this.readKey(key, ref, stage), `${key}, which exists,`);
    return { receipt: existing, isMine: existing.nonce === receipt.nonce };
  }

  /** Key of a receipt that there is one of: for naming it as the cause of another. */
  keyOf(ref: AttemptRef, stage: Exclude<Stage, RepeatableStage>): string {
    return this.#context.keys.receipt(ref, stage);
  }

  async mark(ref: AttemptRef, why: ReopenedWhy): Promise<void> {
    const { keys, actor, clock, ids } = this.#context;
    const text = JSON.stringify({
      schemaVersion: SCHEMA_VERSION,
      nonce: ids.uuid(),
      at: new Date(clock.nowMs()).toISOString(),
      by: actor,
    });
    await createOnce(this.#context, keys.marker(ref, why), text);
  }

  /** No further statement of the attempt will be sent: recordSubmission looks for this after it has written. */
  async close(ref: AttemptRef): Promise<void> {
    const { keys, actor, clock, ids } = this.#context;
    const text = JSON.stringify({
      schemaVersion: SCHEMA_VERSION,
      nonce: ids.uuid(),
      at: new Date(clock.nowMs()).toISOString(),
      by: actor,
    });
    await createOnce(this.#context, keys.receipt(ref, 'ending'), text);
  }

  async readKey<S extends Stage>(key: string, ref: AttemptRef, stage: S): Promise<StoredReceipt<S> | null> {
    const found = await this.#context.store.get(key);
    if (found === null) return null;
    const outer = parseAs(receiptEnvelope, key, parseJson(key, found.body));
    const isItself =
      outer.migration === this.#context.migration &&
      outer.stage === stage &&
      outer.tableId === ref.tableId &&
      outer.generation === ref.generation &&
      outer.chunk === ref.chunk &&
      outer.attempt === ref.attempt;
    if (!isItself) throw conflict(key, 'says that it is the receipt of something else');
    const body = parseBody(stage, key, outer.body);
    return { ...outer, stage, body, key, lastModifiedMs: found.info.lastModifiedMs };
  }

  /** Of a repeatable stage: the latest. */
  async read<S extends Stage>(ref: AttemptRef, stage: S): Promise<StoredReceipt<S> | null> {
    if (!isRepeatable(stage)) return this.readKey(this.#context.keys.receipt(ref, stage), ref, stage);
    const latest = (await this.listStage(ref, stage)).at(-1);
    return latest === undefined ? null : this.readKey(latest.key, ref, stage);
  }

  async readAll<S extends Stage>(ref: AttemptRef, stage: S): Promise<StoredReceipt<S>[]> {
    const listed = await this.listStage(ref, stage);
    return Promise.all(listed.map(async (entry) => must(await this.readKey(entry.key, ref, stage), entry.key)));
  }

  /** Receipts of one repeatable stage, by number. */
  async listStage(ref: AttemptRef, stage: Stage): Promise<ListedReceipt[]> {
    const listed = await this.#list(this.#context.keys.receiptPrefix(ref, stage));
    return listed.sort((a, b) => a.ordinal - b.ordinal);
  }

  listChunk(ref: ChunkRef): Promise<ListedReceipt[]> {
    return this.#list(this.#context.keys.chunkPrefix(ref));
  }

  async trail(ref: ChunkRef): Promise<StoredReceipt[]> {
    const listed = (await this.listChunk(ref)).sort(byTime);
    const trail: StoredReceipt[] = [];
    for (let start = 0; start < listed.length; start += PARALLEL_READS) {
      const reads = listed.slice(start, start + PARALLEL_READS).map(async (entry) => {
        if (entry.stage === 'ending') return [];
        return [must(await this.readKey(entry.key, entry, entry.stage), entry.key)];
      });
      trail.push(...(await Promise.all(reads)).flat());
    }
    return trail;
  }

  async troubles(ref: ChunkRef): Promise<StoredReceipt<TroubleStage>[]> {
    const listed = (await this.listChunk(ref)).filter((entry) => TROUBLES.has(entry.stage)).sort(byTime);
    const found: StoredReceipt<TroubleStage>[] = [];
    for (let start = 0; start < listed.length; start += PARALLEL_READS) {
      const batch = listed.slice(start, start + PARALLEL_READS);
      found.push(
        ...(await Promise.all(
          batch.map(async (entry) =>
            must(await this.readKey(entry.key, entry, entry.stage as TroubleStage), entry.key),
          ),
        )),
      );
    }
    return found;
  }

  async #list(prefix: string): Promise<ListedReceipt[]> {
    const found: ListedReceipt[] = [];
    for await (const info of this.#context.store.list(prefix)) {
      const parsed = this.#context.keys.parseReceipt(info.key);
      if (parsed !== null) found.push({ ...parsed, key: info.key, lastModifiedMs: info.lastModifiedMs });
    }
    return found;
  }
}

/** S3 tells whole seconds: within one second the order of the journey decides. */
function byTime(a: ListedReceipt, b: ListedReceipt): number {
  const rank = (entry: ListedReceipt) => (entry.stage === 'ending' ? STAGES.length : STAGES.indexOf(entry.stage));
  return a.lastModifiedMs - b.lastModifiedMs || a.attempt - b.attempt || rank(a) - rank(b) || a.ordinal - b.ordinal;
}

/** Receipts that can take a finished chunk out of its finished state. */
function reopens(ref: AttemptRef, stage: Stage): ReopenedWhy | null {
  if (stage === 'mismatched' || stage === 'quarantined') return stage;
  return stage === 'opened' && ref.attempt > 1 ? 'opened' : null;
}

function ordinalOf(stage: Stage, body: ReceiptBodies[Stage]): number {
  if (stage === 'submit' && 'submission' in body) return body.submission;
  if (stage === 'failed' && 'failure' in body) return body.failure;
  if (stage === 'reproved' && 'proof' in body && typeof body.proof === 'number') return body.proof;
  return 0;
}

/**
 * The attempt that the chunk's state is read from: the highest with any receipt. An attempt that failed before it was
 * opened counts too, or its failures would never be seen.
 */
export function highestAttempt(listed: readonly ListedReceipt[]): AttemptReceipts | undefined {
  const attempt = listed.reduce((highest, entry) => Math.max(highest, entry.attempt), 0);
  if (attempt === 0) return undefined;
  const own = listed.filter((entry) => entry.attempt === attempt);
  const stages = new Set<Stage>();
  for (const entry of own) if (entry.stage !== 'ending') stages.add(entry.stage);
  return {
    attempt,
    stages,
    submissions: own.filter((entry) => entry.stage === 'submit').length,
    failures: own.filter((entry) => entry.stage === 'failed').length,
  };
}
