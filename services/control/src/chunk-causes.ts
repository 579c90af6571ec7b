/**
 * Why chunks are in trouble: the code of the last that went wrong with each. Keys of the ledger say that something did, only
 * receipts say what; so they are read once each, in the background, some at a time, and only what is not known yet.
 */
import { asLakehaulError, type ChunkRef, type ChunkStage, type LakehaulError, type TablePlan } from '@lakehaul/core';
import type { Ledger, LedgerScan, ScannedState } from '@lakehaul/ledger';
import { causeOf } from '@lakehaul/operate';
import type { Snapshot } from './read-model.ts';

/** In one pass: a LIST and a few GETs each. */
const MOST_READ = 512;
const PARALLEL_READS = 16;
/** Of which a cause is kept; more in trouble than that have one cause, and the table stands. */
const MOST_KNOWN = 200_000;

interface Known {
  /** As it was when its receipts were read: another state is another cause. */
  state: string;
  /** Null: nothing of it failed, a person or a late row opened it again. */
  cause: string | null;
}

interface Troubled {
  plan: TablePlan;
  chunk: number;
  state: string;
}

export class ChunkCauses {
  readonly #ledger: Pick<Ledger, 'troubles'>;
  readonly #known = new Map<string, Map<number, Known>>();
  #size = 0;
  #unread = 0;
  #version = 0;

  constructor(ledger: Pick<Ledger, 'troubles'>) {
    this.#ledger = ledger;
  }

  /** Moves whenever a cause became known or was forgotten. */
  get version(): number {
    return this.#version;
  }

  /** Chunks in trouble of which nobody knows yet why. */
  get unread(): number {
    return this.#unread;
  }

  /** By chunk number. Those that are not known yet are absent. */
  of({ tableId, generation }: Pick<TablePlan, 'tableId' | 'generation'>): Map<number, string> {
    const causes = new Map<number, string>();
    for (const [chunk, { cause }] of this.#known.get(`${tableId}/g${generation}`) ?? [])
      if (cause !== null) causes.set(chunk, cause);
    return causes;
  }

  async readOnce({ plans, scan }: Pick<Snapshot, 'plans' | 'scan'>, signal?: AbortSignal): Promise<void> {
    const unread = this.#compare(plans, scan);
    const room = Math.max(0, MOST_KNOWN - this.#size);
    const asked = unread.slice(0, Math.min(MOST_READ, room));
    this.#tellUnread(unread.length);
    for (let start = 0; start < asked.length && signal?.aborted !== true; start += PARALLEL_READS) {
      const batch = asked.slice(start, start + PARALLEL_READS);
      await Promise.all(batch.map((each) => this.#read(each)));
      this.#tellUnread(this.#unread - batch.length);
    }
  }

  #tellUnread(unread: number): void {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#version += 1;
  }

  /** Forgets those that are out of trouble or went on; gives those whose cause is not known. */
  #compare(plans: readonly TablePlan[], scan: LedgerScan): Troubled[] {
    const unread: Troubled[] = [];
    for (const plan of plans) {
      const path = `${plan.tableId}/g${plan.generation}`;
      const known = this.#known.get(path);
      const numbers = scan.troubled(plan);
      const troubled = new Set(numbers);
      for (const chunk of known?.keys() ?? []) if (!troubled.has(chunk)) this.#forget(path, chunk);
      for (const chunk of numbers) {
        const state = stateText(scan.state({ tableId: plan.tableId, generation: plan.generation, chunk }));
        const before = known?.get(chunk);
        if (before?.state === state) continue;
        // What it was in trouble for before is not why it is now.
        if (before !== undefined) this.#forget(path, chunk);
        unread.push({ plan, chunk, state });
      }
    }
    return unread;
  }

  #forget(path: string, chunk: number): void {
    if (this.#known.get(path)?.delete(chunk) !== true) return;
    this.#size -= 1;
    this.#version += 1;
  }

  async #read({ plan: { tableId, generation }, chunk, state }: Troubled): Promise<void> {
    const cause = await this.#causeOf({ tableId, generation, chunk });
    const path = `${tableId}/g${generation}`;
    const known = this.#known.get(path) ?? new Map<number, Known>();
    this.#known.set(path, known);
    if (!known.has(chunk)) this.#size += 1;
    known.set(chunk, { state, cause });
    this.#version += 1;
  }

  async #causeOf(ref: ChunkRef): Promise<string | null> {
    try {
      return causeOf(await this.#ledger.troubles(ref))?.body.code ?? null;
    } catch (thrown) {
      const error = asLakehaulError(thrown);
      // A damaged receipt must not end a service that only looks: that it cannot be read is told as the cause.
      if (isForGood(error)) return error.code;
      throw error;
    }
  }
}

function isForGood(error: LakehaulError): boolean {
  return error.disposition === 'stop' || error.disposition === 'refuse';
}

function stateText({ stage, attempt, failures }: Pick<ScannedState, 'attempt' | 'failures'> & { stage: ChunkStage }) {
  return `${stage} ${attempt} ${failures}`;
}
