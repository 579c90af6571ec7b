/**
 * Plans: pages of chunks first, the head last. A plan exists when its head exists, and it is the head that names its
 * pages; so planners that race or die in between leave unused pages behind and never a mixed plan.
 */
import { createHash } from 'node:crypto';
import { type Chunk, type ChunkRef, chunkName, LakehaulError, must, type TablePlan } from '@lakehaul/core';
import { createOnce, type LedgerContext } from './create-once.ts';
import { tablePath } from './keys.ts';
import { chunkPage, type PlanHead, pageChunks, pageText, planHead } from './plan-schemas.ts';
import { RecentlyUsed } from './recently-used.ts';
import { conflict, parseAs, parseJson, SCHEMA_VERSION } from './schemas.ts';

/** ~600 KB a page: some 250 requests for a million chunks, a few milliseconds to parse for the one chunk of a job. */
const PAGE_CHUNKS = 4_096;
const PARALLEL_PAGES = 4;
const PARALLEL_HEADS = 16;
const KEPT_PAGES = 8;
const KEPT_HEADS = 64;

type PageEntry = PlanHead['pages'][number];

export class PlanStore {
  readonly #context: LedgerContext;
  readonly #heads = new RecentlyUsed<string, PlanHead | null>(KEPT_HEADS);
  readonly #pages = new RecentlyUsed<string, Chunk[]>(KEPT_PAGES);

  constructor(context: LedgerContext) {
    this.#context = context;
  }

  async write(plan: TablePlan, chunks: Iterable<Chunk> | AsyncIterable<Chunk>): Promise<{ created: boolean }> {
    const { keys, ids, migration } = this.#context;
    if (plan.migration !== migration)
      throw new LakehaulError('INTERNAL', `plan of migration ${plan.migration} for the ledger of ${migration}`);
    if ((await this.#head(plan.tableId, plan.generation)) !== null) return { created: false };
    await this.#refuseSharedNumbers(plan);
    const nonce = ids.uuid();
    const pages = await this.#writePages(plan, nonce, chunks);
    const head: PlanHead = { schemaVersion: SCHEMA_VERSION, nonce, plan, pageChunks: PAGE_CHUNKS, pages };
    const isFirst = await createOnce(this.#context, keys.planHead(plan.tableId, plan.generation), JSON.stringify(head));
    if (isFirst) return { created: true };
    const winner = must(await this.#head(plan.tableId, plan.generation), `head of the plan of ${plan.tableId}`);
    return { created: winner.nonce === nonce };
  }

  /** `known` are paths (`<table>/g<generation>`) that need not be read again: plans never change. */
  async readAll(tableId?: string, known: ReadonlySet<string> = new Set()): Promise<TablePlan[]> {
    const { store, keys } = this.#context;
    const found: { tableId: string; generation: number }[] = [];
    for await (const info of store.list(keys.planHeads(tableId))) {
      const parsed = keys.parsePlanHead(info.key);
      if (parsed !== null && !known.has(tablePath(parsed.tableId, parsed.generation))) found.push(parsed);
    }
    const plans: TablePlan[] = [];
    for (let start = 0; start < found.length; start += PARALLEL_HEADS) {
      const batch = found.slice(start, start + PARALLEL_HEADS).map((name) => this.read(name.tableId, name.generation));
      for (const plan of await Promise.all(batch)) plans.push(must(plan, 'plan that was listed'));
    }
    return plans.sort(byPath);
  }

  async read(tableId: string, generation: number): Promise<TablePlan | null> {
    return (await this.#head(tableId, generation))?.plan ?? null;
  }

  /** Page by page, the next one on its way while one is read. */
  async *chunks(plan: Pick<TablePlan, 'tableId' | 'generation'>): AsyncIterable<Chunk> {
    const head = must(await this.#head(plan.tableId, plan.generation), `plan of ${plan.tableId}`);
    let next = this.#startPage(head, 0);
    for (let index = 0; index < head.pages.length; index++) {
      const page = await must(next, `page ${index}`);
      next = this.#startPage(head, index + 1);
      yield* page;
    }
  }

  async readChunk(ref: ChunkRef): Promise<Chunk> {
    const head = await this.#head(ref.tableId, ref.generation);
    if (head === null) throw new LakehaulError('LEDGER_CONFLICT', `${chunkName(ref)}: there is no such plan`);
    const place = ref.chunk - head.plan.firstChunk;
    const entry = place < 0 ? undefined : head.pages[Math.floor(place / head.pageChunks)];
    const chunks =
      entry === undefined
        ? []
        : await this.#pages.get(entry.key, () => this.#readPage(head, Math.floor(place / head.pageChunks)));
    const chunk = chunks[place % head.pageChunks];
    if (chunk === undefined) throw new LakehaulError('LEDGER_CONFLICT', `${chunkName(ref)} is not in its table's plan`);
    return chunk;
  }

  #startPage(head: PlanHead, index: number): Promise<Chunk[]> | null {
    if (index >= head.pages.length) return null;
    const page = this.#readPage(head, index);
    // Awaited one turn later, or never when the reader stops: a failure must not be an unhandled one meanwhile.
    page.catch(() => undefined);
    return page;
  }

  async #writePages(
    plan: TablePlan,
    set: string,
    chunks: Iterable<Chunk> | AsyncIterable<Chunk>,
  ): Promise<PageEntry[]> {
    const pages: PageEntry[] = [];
    let running: Promise<void>[] = [];
    let buffer: Chunk[] = [];
    let number = plan.firstChunk;
    const flush = async () => {
      const text = pageText(plan, number - buffer.length, buffer);
      const key = this.#context.keys.planPage(plan, set, pages.length);
      pages.push({ key, chunkCount: buffer.length, sha256: sha256(text) });
      buffer = [];
      running.push(this.#writePage(key, text));
      if (running.length < PARALLEL_PAGES) return;
      await Promise.all(running);
      running = [];
    };
    for await (const chunk of chunks) {
      if (chunk.number !== number || chunk.generation !== plan.generation)
        throw new LakehaulError('INTERNAL', `plan of ${plan.tableId}: chunk ${chunk.number} where ${number} belongs`);
      number += 1;
      buffer.push(chunk);
      if (buffer.length === PAGE_CHUNKS) await flush();
    }
    if (buffer.length > 0) await flush();
    await Promise.all(running);
    if (number - plan.firstChunk !== plan.chunkCount)
      throw new LakehaulError(
        'INTERNAL',
        `plan of ${plan.tableId}: ${number - plan.firstChunk} chunks, not ${plan.chunkCount}`,
      );
    return pages;
  }

  async #writePage(key: string, text: string): Promise<void> {
    await createOnce(this.#context, key, text);
  }

  async #readPage(head: PlanHead, index: number): Promise<Chunk[]> {
    const entry = must(head.pages[index], `page ${index} of the plan of ${head.plan.tableId}`);
    const found = must(await this.#context.store.get(entry.key), entry.key);
    if (sha256(found.body) !== entry.sha256)
      throw conflict(entry.key, 'is not the page that the head of the plan names');
    const page = parseAs(chunkPage, entry.key, parseJson(entry.key, found.body));
    const first = head.plan.firstChunk + index * head.pageChunks;
    if (page.firstChunk !== first || page.chunks.length !== entry.chunkCount)
      throw conflict(
        entry.key,
        `holds ${page.chunks.length} chunks from ${page.firstChunk}, not ${entry.chunkCount} from ${first}`,
      );
    return pageChunks(head.plan.generation, page);
  }

  /** Chunk numbers are unique in a table: the lineage column tells chunks apart by nothing else. */
  async #refuseSharedNumbers(plan: TablePlan): Promise<void> {
    const end = plan.firstChunk + plan.chunkCount;
    for (const other of await this.readAll(plan.tableId)) {
      if (other.generation === plan.generation) continue;
      if (plan.firstChunk < other.firstChunk + other.chunkCount && other.firstChunk < end)
        throw new LakehaulError(
          'LEDGER_CONFLICT',
          `${plan.tableId}: generations ${other.generation} and ${plan.generation} would share chunk numbers`,
        );
    }
  }

  async #head(tableId: string, generation: number): Promise<PlanHead | null> {
    const key = this.#context.keys.planHead(tableId, generation);
    const head = await this.#heads.get(key, () => this.#fetchHead(key, tableId, generation));
    // Only what is there never changes: somebody may write the plan in the next moment.
    if (head === null) this.#heads.forget(key);
    return head;
  }

  async #fetchHead(key: string, tableId: string, generation: number): Promise<PlanHead | null> {
    const found = await this.#context.store.get(key);
    if (found === null) return null;
    const head = parseAs(planHead, key, parseJson(key, found.body));
    const { plan } = head;
    if (plan.migration !== this.#context.migration || plan.tableId !== tableId || plan.generation !== generation)
      throw conflict(key, 'is the plan of something else');
    return head;
  }
}

/** The generations of each table, in the order of the plans. */
export function byTable(plans: readonly TablePlan[]): TablePlan[][] {
  const tables = new Map<string, TablePlan[]>();
  for (const plan of plans) tables.set(plan.tableId, [...(tables.get(plan.tableId) ?? []), plan]);
  return [...tables.values()];
}

/** The plans of now, in order: one LIST, and a GET for each plan that is not among those at hand. Plans never change. */
export async function joinedPlans(
  ledger: { readPlans: (known: ReadonlySet<string>) => Promise<TablePlan[]> },
  plans: TablePlan[],
): Promise<TablePlan[]> {
  const fresh = await ledger.readPlans(new Set(plans.map((plan) => tablePath(plan.tableId, plan.generation))));
  return fresh.length === 0 ? plans : [...plans, ...fresh].sort(byPath);
}

function byPath(a: TablePlan, b: TablePlan): number {
  return compare(a.tableId, b.tableId) || a.generation - b.generation;
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
