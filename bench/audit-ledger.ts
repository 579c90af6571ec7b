/**
 * A ledger of many chunks in the form of an exported copy. The real ledger code writes two stories a table, a plain one
 * and a repaired one; the other chunks are these with their own number, key and time. Every hundredth was repaired.
 */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  anchorOf,
  appendAnchors,
  type CopiedObject,
  groupOf,
  packFile,
  packFrame,
  readPackBytes,
  sealLedger,
} from '@lakehaul/audit';
import type { ChunkRef, ObjectInfo, ObjectStore } from '@lakehaul/core';
import type { LedgerKeys } from '@lakehaul/ledger';
import { chunksOf, Historian, PLANS, range, SILENT } from '../test/support/honest-ledger.ts';
import { LedgerWorld, MIGRATION } from '../test/support/ledger-world.ts';
import { newNotary } from '../test/support/notary.ts';

const NONE = () => Promise.resolve(new Map());
const TABLES = 10;
const ROWS = 1_000n;
/** Numbers of the told chunks: of ten digits, so that nothing else in a body looks like them. */
const PLAIN = 1_234_567_890;
const REPAIRED = 1_234_567_891;

export async function writeBenchLedger(directory: string, chunks: number): Promise<{ publicKey: string }> {
  const world = new LedgerWorld();
  const notary = newNotary(world);
  const { keys } = notary.ledger;
  const packs = new Packs(directory, keys);
  const historian = new Historian(world, notary.ledger);
  const perTable = chunks / TABLES;
  for (let table = 0; table < TABLES; table++) {
    const plan = { ...PLANS.history, tableId: `public-t${table}-00000000`, watermark: null, chunkCount: perTable };
    const bounds = Array.from({ length: perTable - 2 }, (_, n) => String(n * 1_000));
    const parts = [null, ...bounds].map((from, n) => range(from, bounds[n] ?? null));
    await notary.ledger.writePlan(plan, chunksOf(plan, [...parts, [{ kind: 'null', column: 'k' }]], null));
    await packs.take(world);
    const ref = (chunk: number) => ({ tableId: plan.tableId, generation: 1, chunk });
    const stories = [];
    for (const chunk of [PLAIN, REPAIRED]) {
      await writeChunk(historian, ref(chunk));
      stories.push(await packs.story(world, ref(chunk)));
    }
    const [plain = [], repaired = []] = stories;
    for (let chunk = 0; chunk < perTable; chunk++) {
      const isRepaired = chunk % 100 === 99;
      packs.tell(isRepaired ? repaired : plain, ref(isRepaired ? REPAIRED : PLAIN), ref(chunk), chunk * 1_000);
    }
    world.tick(perTable);
  }
  packs.close();
  world.tick(3_600);
  const store = new PackStore(directory, keys, world);
  const { ledger, signer } = notary;
  const deps = {
    store,
    keys,
    migration: MIGRATION,
    actor: ledger.actor,
    log: SILENT,
    signer,
    trusted: NONE,
    anchors: null,
  };
  const { seal } = await sealLedger({ ...deps, ids: { uuid: () => 'set-bench', random: () => 0 } });
  if (seal === null) throw new Error('nothing was sealed');
  await appendAnchors(join(directory, 'anchors.jsonl'), MIGRATION, [anchorOf(seal)]);
  store.save();
  const about = { schemaVersion: 1, migration: MIGRATION, prefix: 'ledger', observedAt: world.nowText };
  writeFileSync(join(directory, 'export.json'), JSON.stringify(about));
  return { publicKey: signer.publicKeyPem };
}

async function writeChunk(historian: Historian, ref: ChunkRef): Promise<void> {
  let attempt = await historian.openFirst(ref, 'full');
  await historian.unload(attempt, 'full', ROWS);
  await historian.load(attempt, ROWS);
  if (ref.chunk === REPAIRED) {
    const over = await historian.mismatch(attempt, 'full', ROWS);
    attempt = { ...attempt, attempt: 2 };
    await historian.open(attempt, 'full', 'mismatched', over.key, over.at);
    await historian.unload(attempt, 'full', ROWS);
    await historian.load(attempt, ROWS);
  }
  await historian.verify(attempt, 'full', ROWS);
  await historian.clean(attempt);
}

/** What the store holds goes into the packs, and out of the store. */
class Packs {
  readonly #directory: string;
  readonly #keys: LedgerKeys;
  readonly #files = new Map<string, { file: number; frames: Buffer[] }>();

  constructor(directory: string, keys: LedgerKeys) {
    this.#directory = directory;
    this.#keys = keys;
  }

  async take(world: LedgerWorld): Promise<void> {
    const taken = [...world.store.keys];
    for (const key of taken) {
      const found = await world.store.get(key);
      if (found !== null) this.#add({ key, body: found.body, lastModifiedMs: found.info.lastModifiedMs });
    }
    await world.store.delete(taken);
  }

  #add(object: CopiedObject): void {
    const group = groupOf(this.#keys, object.key);
    if (group === null) return;
    const pack = this.#files.get(group) ?? { file: openSync(packFile(this.#directory, group), 'w'), frames: [] };
    this.#files.set(group, pack);
    pack.frames.push(packFrame(object));
    if (pack.frames.length >= 500) flush(pack);
  }

  /** Takes what one chunk left out of the store. */
  async story(world: LedgerWorld, ref: ChunkRef): Promise<CopiedObject[]> {
    const keys = [...world.store.keys];
    const story: CopiedObject[] = [];
    for (const key of keys) {
      const found = await world.store.get(key);
      if (found !== null) story.push({ key, body: found.body, lastModifiedMs: found.info.lastModifiedMs });
    }
    await world.store.delete(keys);
    if (story.length < 7) throw new Error(`chunk ${ref.chunk} left ${story.length} objects`);
    return story;
  }

  tell(story: readonly CopiedObject[], from: ChunkRef, to: ChunkRef, laterMs: number): void {
    const folders = [this.#keys.chunkPrefix(from), this.#keys.chunkPrefix(to)] as const;
    const [own, other] = [String(from.chunk), String(to.chunk)];
    for (const { key, body, lastModifiedMs } of story) {
      const text = Buffer.from(body)
        .toString()
        .replaceAll(...folders)
        .replaceAll(own, other);
      const moved = key.replace(...folders).replace(own, other.padStart(10, '0'));
      this.#add({ key: moved, body: Buffer.from(text), lastModifiedMs: lastModifiedMs + laterMs });
    }
  }

  close(): void {
    for (const pack of this.#files.values()) {
      flush(pack);
      closeSync(pack.file);
    }
  }
}

function flush(pack: { file: number; frames: Buffer[] }): void {
  writeSync(pack.file, Buffer.concat(pack.frames));
  pack.frames = [];
}

/** The packs as the sealer's store: it lists in key order and gets what it has just listed. */
class PackStore implements ObjectStore {
  readonly #directory: string;
  readonly #keys: LedgerKeys;
  readonly #world: LedgerWorld;
  readonly #written = new Map<string, { body: Uint8Array; info: ObjectInfo }>();
  /** Groups are read one after the other; the reads of the window may still be in the one before. */
  #groups: Map<string, { body: Uint8Array; info: ObjectInfo }>[] = [];

  constructor(directory: string, keys: LedgerKeys, world: LedgerWorld) {
    this.#directory = directory;
    this.#keys = keys;
    this.#world = world;
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    if (prefix !== `${this.#keys.root}/`) return;
    const shards = Array.from({ length: 256 }, (_, n) => `chunks-${n.toString(16).padStart(2, '0')}`);
    for (const group of [...shards, 'plans', 'reopened']) {
      const { objects } = readPackBytes(readFileSync(packFile(this.#directory, group)));
      objects.sort((a, b) => (a.key < b.key ? -1 : 1));
      const entries = objects.map(({ key, body, lastModifiedMs }) => {
        const info = { key, sizeBytes: body.length, etag: '', lastModifiedMs };
        return [key, { body, info }] as const;
      });
      this.#groups = [...this.#groups.slice(-1), new Map(entries)];
      for (const [, { info }] of entries) yield info;
    }
  }

  get(key: string) {
    for (const group of [this.#written, ...this.#groups]) {
      const found = group.get(key);
      if (found !== undefined) return Promise.resolve(found);
    }
    return Promise.resolve(null);
  }

  putIfAbsent(key: string, body: Uint8Array | string): Promise<{ created: boolean }> {
    const bytes = Buffer.from(body);
    const info = { key, sizeBytes: bytes.length, etag: '', lastModifiedMs: this.#world.nowMs };
    this.#written.set(key, { body: bytes, info });
    return Promise.resolve({ created: true });
  }

  save(): void {
    const frames = [...this.#written.values()].map(({ body, info }) => packFrame({ ...info, body }));
    writeFileSync(packFile(this.#directory, 'ledger-seals'), Buffer.concat(frames));
  }

  serverTimeMs(): Promise<number> {
    return Promise.resolve(this.#world.nowMs);
  }

  head = () => Promise.reject(new Error('not used by the sealer'));
  put = () => Promise.reject(new Error('not used by the sealer'));
  delete = () => Promise.reject(new Error('not used by the sealer'));
}
