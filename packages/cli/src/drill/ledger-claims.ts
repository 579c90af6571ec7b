/**
 * What the ledger claims, read from the keys and bodies in the bucket by code of its own: a drill must not ask the
 * product whether the product is right. Layout: packages/ledger/src/keys.ts.
 */
import { readFileSync } from 'node:fs';
import type { BucketFiles } from '@lakehaul/sandbox';

export interface ChunkClaim {
  /** Stages of the highest attempt. */
  attempt: number;
  stages: ReadonlySet<string>;
}

export interface LedgerClaims {
  /** Finished steps so far, over all attempts: `unloaded`, `loaded`, `verified`. */
  receipts: number;
  chunks: ReadonlyMap<number, ChunkClaim>;
  /** Submissions of UNLOADs, and attempts that have an `unloaded` receipt. */
  unloadsSubmitted: number;
  unloaded: number;
  /** Submitted although the attempt had its `unloaded` receipt already. */
  unloadsRepeated: number;
  quarantined: string[];
}

const RECEIPT = /\/chunks\/[0-9a-f]{2}\/[^/]+\/g\d+\/(\d{10})\/(\d{5})\.([a-z]+)(?:-(\d+))?\.json$/;
const FINISHED = new Set(['unloaded', 'loaded', 'verified']);

/** A listing tells the time of each object as well. */
export interface LedgerFiles extends BucketFiles {
  list(prefix: string): { key: string; lastModifiedMs: number }[];
}

export function readClaims(files: LedgerFiles, root: string): LedgerClaims {
  const attempts = new Map<string, Map<string, number>>();
  const highest = new Map<number, number>();
  const submits: { attempt: string; key: string; atMs: number }[] = [];
  const quarantined: string[] = [];
  let receipts = 0;
  for (const { key, lastModifiedMs } of files.list(`${root}/chunks/`)) {
    const match = RECEIPT.exec(key);
    if (match === null) continue;
    const [, chunk = '', attempt = '', stage = ''] = match;
    const name = `${Number(chunk)}/${Number(attempt)}`;
    attempts.set(name, (attempts.get(name) ?? new Map()).set(stage, lastModifiedMs));
    highest.set(Number(chunk), Math.max(highest.get(Number(chunk)) ?? 0, Number(attempt)));
    if (FINISHED.has(stage)) receipts++;
    if (stage === 'quarantined') quarantined.push(key);
    if (stage === 'submit') submits.push({ attempt: name, key, atMs: lastModifiedMs });
  }
  const unloads = submits.filter(({ key }) => bodyOf(files, key)['step'] === 'unload');
  const unloadedMs = (name: string): number => attempts.get(name)?.get('unloaded') ?? Number.POSITIVE_INFINITY;
  return {
    receipts,
    chunks: new Map(
      [...highest].map(([chunk, attempt]) => [
        chunk,
        { attempt, stages: new Set(attempts.get(`${chunk}/${attempt}`)?.keys()) },
      ]),
    ),
    unloadsSubmitted: unloads.length,
    unloaded: [...attempts.values()].filter((stages) => stages.has('unloaded')).length,
    // The same whole second is not after: S3 tells no more.
    unloadsRepeated: unloads.filter(({ attempt, atMs }) => atMs > unloadedMs(attempt)).length,
    quarantined: quarantined.map((key) => `${key}: ${JSON.stringify(bodyOf(files, key))}`),
  };
}

/** Only the number of finished steps: cheap enough to ask all the time. */
export function countReceipts(files: LedgerFiles, root: string): number {
  let receipts = 0;
  for (const { key } of files.list(`${root}/chunks/`)) if (FINISHED.has(RECEIPT.exec(key)?.[3] ?? '')) receipts++;
  return receipts;
}

export function isVerified(claim: ChunkClaim): boolean {
  return claim.stages.has('verified') && !claim.stages.has('mismatched') && !claim.stages.has('quarantined');
}

/** The WHERE text of each chunk on the source, from the plan's pages. */
export function plannedChunks(files: LedgerFiles, root: string): Map<number, string> {
  const chunks = new Map<number, string>();
  for (const { key } of files.list(`${root}/plans/heads/`)) {
    const head = JSON.parse(readFileSync(files.pathOf(key), 'utf8')) as { pages: { key: string }[] };
    for (const page of head.pages) {
      const body = JSON.parse(readFileSync(files.pathOf(page.key), 'utf8')) as PlanPage;
      for (const [index, chunk] of body.chunks.entries()) chunks.set(body.firstChunk + index, whereText(chunk.parts));
    }
  }
  return chunks;
}

interface PlanPage {
  firstChunk: number;
  chunks: { parts: Part[] }[];
}

interface Part {
  kind: string;
  column: string;
  from?: string | null;
  to?: string | null;
}

/** The drills' key is a whole number. */
function whereText(parts: readonly Part[]): string {
  return parts
    .map(({ kind, column, from, to }) => {
      if (kind === 'null') return `"${column}" IS NULL`;
      if (kind !== 'range') throw new Error(`the judge of the drills knows no ${kind} chunks`);
      const low = from === null || from === undefined ? [] : [`"${column}" >= ${from}`];
      const high = to === null || to === undefined ? [] : [`"${column}" < ${to}`];
      return [`"${column}" IS NOT NULL`, ...low, ...high].join(' AND ');
    })
    .join(' AND ');
}

/** Sealed when the newest seal looked after the newest receipt of a step and found nothing wrong. */
export function isSealed(files: LedgerFiles, root: string): boolean {
  const seals = files.list(`${root}/records/tables/`).filter(({ key }) => key.includes('/seals/'));
  const newest = seals.sort((a, b) => (a.key < b.key ? -1 : 1)).at(-1);
  if (newest === undefined) return false;
  const seal = bodyOf(files, newest.key);
  const newestReceiptMs = Math.max(
    0,
    ...files
      .list(`${root}/chunks/`)
      .filter(({ key }) => FINISHED.has(RECEIPT.exec(key)?.[3] ?? ''))
      .map(({ lastModifiedMs }) => lastModifiedMs),
  );
  return seal['isSealed'] === true && Date.parse(String(seal['observedAt'])) > newestReceiptMs;
}

function bodyOf(files: LedgerFiles, key: string): Record<string, unknown> {
  const object = JSON.parse(readFileSync(files.pathOf(key), 'utf8')) as { body?: Record<string, unknown> };
  return object.body ?? {};
}
