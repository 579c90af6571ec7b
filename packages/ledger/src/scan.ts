/**
 * Where every chunk stands, from one pass over the ledger's keys: plans, segments, markers, then the shards (up to 256) side
 * by side. In this order: a receipt that takes a folded chunk back was preceded by its marker, so whoever lists the shards
 * after the markers cannot miss it. A scan is always a little old; that is harmless, because the fence decides.
 */
import { type ChunkRef, type ChunkStage, LakehaulError, must, PLANNED, type TablePlan } from '@lakehaul/core';
import type { LedgerContext } from './create-once.ts';
import { foldTable, readSegment } from './folds.ts';
import { type SegmentKey, SHARDS, shardOf, tablePath } from './keys.ts';
import type { PlanStore } from './plan-store.ts';
import type { ReceiptStore } from './receipt-store.ts';
import { type ChunkMatch, type ScannedState, type ScanSummary, ScanTable, type SeenAttempt } from './scan-table.ts';
import { listShard } from './shard-list.ts';
import { StagedBytes } from './staged-bytes.ts';

export interface LedgerScan {
  /** Reads the ledger again. Calls that overlap share one pass. */
  refresh(): Promise<void>;
  state(ref: ChunkRef): ScannedState;
  /** Chunks of the plan in order. */
  forEach(plan: Pick<TablePlan, 'tableId' | 'generation'>, visit: (chunk: number, state: ScannedState) => void): void;
  /** The same object as long as nothing in it changed. */
  summary(plan: Pick<TablePlan, 'tableId' | 'generation'>): ScanSummary;
  /** Numbers of the plan's first chunks from `from` on that match, at most `limit`. */
  find(plan: Pick<TablePlan, 'tableId' | 'generation'>, match: ChunkMatch, from: number, limit: number): number[];
  /** Numbers of the plan's chunks that something went wrong with: what `troubles` of the ledger may tell of. */
  troubled(plan: Pick<TablePlan, 'tableId' | 'generation'>): number[];
  /** One byte a chunk of the plan, in order: the stage's place in JOURNEY, and 16 times the attempt, at most 15. */
  cells(plan: Pick<TablePlan, 'tableId' | 'generation'>): Uint8Array;
  /** S3 times, whole seconds, at which the chunks of the plan that are done now were proven last; in no order. */
  provenSeconds(plan: Pick<TablePlan, 'tableId' | 'generation'>): Uint32Array;
  /** Attempts that were seen to differ, also those that a later one has replaced; what a segment covers is not read again. */
  mismatches(plan: Pick<TablePlan, 'tableId' | 'generation'>): SeenAttempt[];
  /** Over all generations of the table. Stages that no chunk is in are absent. */
  counts(tableId: string): Map<ChunkStage, number>;
  /** Plans that the last refresh knew. */
  plans(): readonly { tableId: string; generation: number; firstChunk: number; chunkCount: number }[];
  /** Bytes of the staged files that are not cleaned yet, by what the `unloaded` receipts of the newest attempts say. */
  stagedBytes(): Promise<bigint>;
  /** Writes segments for what is finished; any number of processes may do it at once. Tells how many it wrote. */
  fold(): Promise<number>;
  /** S3 time before the last whole refresh began: of receipts after it, this scan may know nothing. 0 before the first. */
  readonly observedMs: number;
  /** LIST and GET calls of the last refresh, and keys seen: for metrics and tests. */
  readonly cost: ScanCost;
}

export interface ScanCost {
  lists: number;
  keys: number;
  /** Keys that this version does not know. */
  ignoredKeys: number;
}

export interface ScanOptions {
  parallelShards: number;
  /** Chunks a segment tells of. */
  blockChunks: number;
  /** Folded neighbours from which on a LIST starts anew after them instead of reading through them. */
  jumpChunks: number;
}

/**
 * A chunk leaves about 8 keys; spread over 256 shards, 32,768 folded neighbours are one page of 1,000 keys in each.
 * Fewer are cheaper to read through than to jump over.
 */
export const SCAN_DEFAULTS: ScanOptions = { parallelShards: 16, blockChunks: 1_024, jumpChunks: 32_768 };
const PARALLEL_SEGMENTS = 16;
/** From about four chunks a shard on, hardly one is without a chunk. */
const FEW_CHUNKS = 1_024;

export interface ScanDeps {
  context: LedgerContext;
  plans: PlanStore;
  receipts: ReceiptStore;
  options: ScanOptions;
}

export class Scan implements LedgerScan {
  observedMs = 0;
  readonly cost: ScanCost = { lists: 0, keys: 0, ignoredKeys: 0 };
  readonly #deps: ScanDeps;
  readonly #tables = new Map<string, ScanTable>();
  readonly #readSegments = new Set<string>();
  readonly #staged: StagedBytes;
  #running: Promise<void> | null = null;

  constructor(deps: ScanDeps) {
    this.#deps = deps;
    this.#staged = new StagedBytes(deps.receipts);
  }

  refresh(): Promise<void> {
    this.#running ??= this.#pass().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  state(ref: ChunkRef): ScannedState {
    const table = this.#tables.get(tablePath(ref.tableId, ref.generation));
    if (table === undefined || !table.has(ref.chunk)) return { ...PLANNED, lastModifiedMs: 0, proofMs: 0 };
    return table.state(ref.chunk);
  }

  forEach(plan: Pick<TablePlan, 'tableId' | 'generation'>, visit: (chunk: number, state: ScannedState) => void): void {
    const table = this.#known(plan);
    for (let chunk = table.firstChunk; chunk < table.firstChunk + table.chunkCount; chunk++)
      visit(chunk, table.state(chunk));
  }

  summary(plan: Pick<TablePlan, 'tableId' | 'generation'>): ScanSummary {
    return this.#known(plan).summary();
  }

  find(plan: Pick<TablePlan, 'tableId' | 'generation'>, match: ChunkMatch, from: number, limit: number): number[] {
    return this.#known(plan).find(match, from, limit);
  }

  troubled(plan: Pick<TablePlan, 'tableId' | 'generation'>): number[] {
    return this.#known(plan).troubled();
  }

  cells(plan: Pick<TablePlan, 'tableId' | 'generation'>): Uint8Array {
    return this.#known(plan).cells();
  }

  provenSeconds(plan: Pick<TablePlan, 'tableId' | 'generation'>): Uint32Array {
    return this.#known(plan).provenSeconds();
  }

  mismatches(plan: Pick<TablePlan, 'tableId' | 'generation'>): SeenAttempt[] {
    return this.#known(plan).mismatches();
  }

  /** Nothing visited would look like nothing to do. */
  #known(plan: Pick<TablePlan, 'tableId' | 'generation'>): ScanTable {
    const path = tablePath(plan.tableId, plan.generation);
    const table = this.#tables.get(path);
    if (table === undefined)
      throw new LakehaulError('INTERNAL', `the scan does not know the plan ${path}: refresh it first`);
    return table;
  }

  counts(tableId: string): Map<ChunkStage, number> {
    const counts = new Map<ChunkStage, number>();
    for (const table of this.#tables.values()) if (table.tableId === tableId) table.stageCounts(counts);
    return counts;
  }

  plans(): readonly ScanTable[] {
    return [...this.#tables.values()];
  }

  stagedBytes(): Promise<bigint> {
    return this.#staged.total(this.#tables.values());
  }

  async fold(): Promise<number> {
    let written = 0;
    for (const table of this.#tables.values()) written += await foldTable(this.#deps.context, table);
    return written;
  }

  async #pass(): Promise<void> {
    Object.assign(this.cost, { lists: 0, keys: 0, ignoredKeys: 0 });
    const startedMs = await this.#deps.context.store.serverTimeMs();
    await this.#readPlans();
    await this.#readNewSegments();
    await this.#readMarkers();
    const tables = [...this.#tables.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    const { context, options } = this.#deps;
    await inParallel(shardsOf(tables), options.parallelShards, (shard) =>
      listShard({ context, tables, shard, jumpChunks: options.jumpChunks, cost: this.cost }),
    );
    this.observedMs = startedMs;
  }

  async #readPlans(): Promise<void> {
    const known = new Set(this.#tables.keys());
    for (const plan of await this.#deps.plans.readAll(undefined, known)) {
      const table = new ScanTable(plan, this.#deps.options.blockChunks);
      this.#tables.set(table.path, table);
    }
  }

  async #readNewSegments(): Promise<void> {
    const { context } = this.#deps;
    const fresh: SegmentKey[] = [];
    this.cost.lists += 1;
    for await (const info of context.store.list(context.keys.segments)) {
      if (this.#readSegments.has(info.key)) continue;
      const parsed = context.keys.parseSegment(info.key);
      // A plan that was written after our look at the plans: next time.
      if (parsed !== null && this.#tables.has(tablePath(parsed.tableId, parsed.generation))) fresh.push(parsed);
    }
    await inParallel(fresh, PARALLEL_SEGMENTS, async (key) => {
      const table = must(this.#tables.get(tablePath(key.tableId, key.generation)), 'table of a segment');
      await readSegment(context, table, key);
      this.#readSegments.add(context.keys.segment(key));
    });
  }

  async #readMarkers(): Promise<void> {
    const { context } = this.#deps;
    for (const table of this.#tables.values()) table.closeBlocks();
    this.cost.lists += 1;
    for await (const info of context.store.list(context.keys.markers)) {
      const marker = context.keys.parseMarker(info.key);
      if (marker !== null) this.#tables.get(tablePath(marker.tableId, marker.generation))?.noteMarker(marker);
    }
  }
}

/**
 * The shards that a receipt of an unfolded chunk can be in. Few chunks leave most shards empty for ever, and a fleet lists
 * several times a second: 256 LISTs a pass took half a core from a migration of 16 chunks.
 */
function shardsOf(tables: readonly ScanTable[]): readonly string[] {
  if (tables.reduce((sum, table) => sum + table.chunkCount, 0) > FEW_CHUNKS) return SHARDS;
  const shards = new Set<string>();
  for (const table of tables)
    for (let chunk = table.firstChunk; chunk < table.firstChunk + table.chunkCount; chunk++)
      if (!table.isFolded(table.blockOf(chunk)))
        shards.add(shardOf({ tableId: table.tableId, generation: table.generation, chunk }));
  return [...shards].sort();
}

/** Bounded, and stops taking new work at the first failure. */
async function inParallel<T>(items: readonly T[], width: number, act: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let hasFailed = false;
  const lane = async () => {
    while (next < items.length && !hasFailed) {
      const item = items[next] as T;
      next += 1;
      try {
        await act(item);
      } catch (thrown) {
        hasFailed = true;
        throw thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
