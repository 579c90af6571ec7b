/**
 * Copies the ledger into a directory of packs. Run again it goes on: what is there is not fetched again, a frame that
 * was cut off by a crash is cut away first. Objects never change, so a key that is there is a body that is there.
 */
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LakehaulError, type ObjectStore } from '@lakehaul/core';
import { LedgerKeys } from '@lakehaul/ledger';
import { GROUPS, type Group } from './groups.ts';
import { mapOrdered } from './ordered.ts';
import { packFrame, readPackBytes } from './pack.ts';
import { ABOUT, type AboutCopy, listGroup, nullIfMissing, packFile, readAbout } from './source.ts';

export interface ExportRequest {
  store: ObjectStore;
  prefix: string;
  migration: string;
  directory: string;
  signal: AbortSignal;
  onProgress?: (copied: number) => void;
}

export interface ExportResult {
  objects: number;
  copied: number;
  copiedBytes: number;
  observedAt: string;
}

const SEALS: Group = 'ledger-seals';
const PARALLEL_GROUPS = 4;
const PARALLEL_READS = 16;

export async function exportLedger(request: ExportRequest): Promise<ExportResult> {
  const { store, directory, migration, prefix } = request;
  const keys = new LedgerKeys(prefix, migration);
  const earlier = await readAbout(directory);
  if (earlier !== null && (earlier.migration !== migration || earlier.prefix !== prefix))
    throw new LakehaulError('LEDGER_CONFLICT', `${directory} holds the ledger of ${earlier.migration}`, {
      where: directory,
      next: 'name another directory',
    });
  await mkdir(directory, { recursive: true });
  const observedAt = new Date(await store.serverTimeMs()).toISOString();
  const result: ExportResult = { objects: 0, copied: 0, copiedBytes: 0, observedAt };
  const about: AboutCopy = { schemaVersion: 1, migration, prefix, observedAt: earlier?.observedAt ?? observedAt };
  await writeAbout(directory, about);
  // Seals first: whatever a copied seal vouches for was there before it, and is found by the LISTs that follow.
  add(result, await copyGroup(request, keys, SEALS), request);
  const others = GROUPS.filter((group) => group !== SEALS);
  for await (const group of mapOrdered(others, PARALLEL_GROUPS, (each) => copyGroup(request, keys, each)))
    add(result, group, request);
  await writeAbout(directory, { ...about, observedAt });
  return result;
}

function add(result: ExportResult, group: CopiedGroup, request: ExportRequest): void {
  result.objects += group.known + group.copied;
  result.copied += group.copied;
  result.copiedBytes += group.copiedBytes;
  request.onProgress?.(result.copied);
}

async function writeAbout(directory: string, about: AboutCopy): Promise<void> {
  const path = join(directory, ABOUT);
  await writeFile(`${path}.new`, `${JSON.stringify(about, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

interface CopiedGroup {
  known: number;
  copied: number;
  copiedBytes: number;
}

async function copyGroup(request: ExportRequest, keys: LedgerKeys, group: Group): Promise<CopiedGroup> {
  const { store, signal } = request;
  const path = packFile(request.directory, group);
  const pack = readPackBytes((await readFile(path).catch(nullIfMissing)) ?? Buffer.alloc(0));
  const known = new Set(pack.objects.map((object) => object.key));
  const result = { known: known.size, copied: 0, copiedBytes: 0 };
  const missing = async function* () {
    for await (const info of listGroup(store, keys, group)) {
      signal.throwIfAborted();
      if (!known.has(info.key)) yield info.key;
    }
  };
  let file: Awaited<ReturnType<typeof open>> | null = null;
  try {
    for await (const [key, found] of mapOrdered(
      missing(),
      PARALLEL_READS,
      async (each) => [each, await store.get(each)] as const,
    )) {
      if (found === null) throw new LakehaulError('LEDGER_CONFLICT', `${key} was listed and is gone`, { where: key });
      if (file === null) {
        file = await open(path, 'a');
        await file.truncate(pack.wholeBytes);
      }
      await file.appendFile(packFrame({ key, body: found.body, lastModifiedMs: found.info.lastModifiedMs }));
      result.copied += 1;
      result.copiedBytes += found.body.length;
    }
  } finally {
    await file?.close();
  }
  return result;
}
