/** Where an audit reads from: the bucket itself, or a copy on disk without credentials or network. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LakehaulError, type ObjectInfo, type ObjectStore } from '@lakehaul/core';
import { LedgerKeys } from '@lakehaul/ledger';
import { z } from 'zod';
import { GROUPS, type Group, groupOf, knownFolders, prefixOf } from './groups.ts';
import { mapOrdered } from './ordered.ts';
import { type CopiedObject, readPackBytes } from './pack.ts';

export interface LedgerSource {
  migration: string;
  keys: LedgerKeys;
  /** S3 time of the last look at the bucket; what is newer is not in here. */
  observedMs: number;
  /** All objects of a group, in no promised order; `damaged` is told what could not be read. */
  read(group: Group, damaged: (what: string) => void): AsyncIterable<CopiedObject>;
}

const PARALLEL_READS = 32;

export async function storeSource(store: ObjectStore, keys: LedgerKeys, migration: string): Promise<LedgerSource> {
  const observedMs = await store.serverTimeMs();
  return {
    migration,
    keys,
    observedMs,
    async *read(group, damaged) {
      const bodies = mapOrdered(listGroup(store, keys, group), PARALLEL_READS, async (info) => ({
        key: info.key,
        found: await store.get(info.key),
      }));
      for await (const { key, found } of bodies) {
        if (found === null) damaged(`${key} was listed and is gone`);
        else yield { key, body: found.body, lastModifiedMs: found.info.lastModifiedMs };
      }
    },
  };
}

export async function* listGroup(store: ObjectStore, keys: LedgerKeys, group: Group): AsyncGenerator<ObjectInfo> {
  const prefix = prefixOf(keys, group);
  if (prefix !== null) {
    yield* filtered(store.list(prefix), (key) => groupOf(keys, key) === group);
    return;
  }
  yield* listOther(store, keys);
}

/** What lies between the known folders: each of them is jumped over by a new LIST. */
async function* listOther(store: ObjectStore, keys: LedgerKeys): AsyncGenerator<ObjectInfo> {
  const folders = knownFolders(keys);
  let startAfter: string | null = null;
  for (;;) {
    let jump: string | null = null;
    const list: AsyncIterable<ObjectInfo> = store.list(`${keys.root}/`, startAfter === null ? {} : { startAfter });
    for await (const info of list) {
      const folder = folders.find((known) => info.key.startsWith(known));
      if (folder === undefined) yield info;
      else if (startAfter !== `${folder}${AFTER_ALL}`) {
        jump = `${folder}${AFTER_ALL}`;
        break;
      }
    }
    if (jump === null) return;
    startAfter = jump;
  }
}

/** Sorts behind whatever a key can go on with. */
const AFTER_ALL = '\u{10ffff}';

async function* filtered(list: AsyncIterable<ObjectInfo>, keep: (key: string) => boolean): AsyncGenerator<ObjectInfo> {
  for await (const info of list) if (keep(info.key)) yield info;
}

const about = z.looseObject({
  schemaVersion: z.literal(1),
  migration: z.string(),
  prefix: z.string(),
  observedAt: z.iso.datetime(),
});
export type AboutCopy = z.infer<typeof about>;

export const ABOUT = 'export.json';
export const packFile = (directory: string, group: Group): string => join(directory, `${group}.pack`);

export async function readAbout(directory: string): Promise<AboutCopy | null> {
  const path = join(directory, ABOUT);
  const text = await readFile(path, 'utf8').catch(nullIfMissing);
  if (text === null) return null;
  try {
    return about.parse(JSON.parse(text));
  } catch (cause) {
    throw new LakehaulError('LEDGER_CONFLICT', `${path} does not describe an exported ledger`, { where: path, cause });
  }
}

export async function copySource(directory: string): Promise<LedgerSource> {
  const found = await readAbout(directory);
  if (found === null)
    throw new LakehaulError('USAGE', `${directory} holds no exported ledger`, {
      where: directory,
      next: 'lakehaul ledger export DIR writes one',
    });
  const keys = new LedgerKeys(found.prefix, found.migration);
  const packs = new ReadAhead(directory);
  return {
    migration: found.migration,
    keys,
    observedMs: Date.parse(found.observedAt),
    async *read(group, damaged) {
      const path = packFile(directory, group);
      const bytes = await packs.read(group);
      if (bytes === null) return;
      const pack = readPackBytes(bytes);
      if (pack.damage !== null) damaged(`${path}: ${pack.damage}`);
      const prefix = prefixOf(keys, group);
      // A chunk whose receipts lie in two packs would be judged twice, each time by half of its story.
      for (const object of pack.objects)
        if (prefix === null ? groupOf(keys, object.key) === group : object.key.startsWith(prefix)) yield object;
        else damaged(`${path}: ${object.key} belongs into another pack`);
    },
  };
}

/** Reads the pack of the next group while somebody works on this one: groups are mostly asked for in their order. */
class ReadAhead {
  readonly #directory: string;
  #next: { group: Group; bytes: Promise<Buffer | null> } | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(group: Group): Promise<Buffer | null> {
    const ahead = this.#next?.group === group ? this.#next.bytes : null;
    const bytes = await (ahead ?? this.#start(group));
    const next = GROUPS[GROUPS.indexOf(group) + 1];
    this.#next = next === undefined ? null : { group: next, bytes: this.#start(next) };
    // Told when it is asked for; a failure must not be an unhandled one before that.
    this.#next?.bytes.catch(() => undefined);
    return bytes;
  }

  #start(group: Group): Promise<Buffer | null> {
    return readFile(packFile(this.#directory, group)).catch(nullIfMissing);
  }
}

export function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
