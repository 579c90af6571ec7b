/**
 * Whether a table's troubles are one trouble: many chunks that went wrong lately for the same cause. Pure. A chance
 * difference is repaired; one that sits in the data path comes back in every chunk, and repairing them one by one would
 * only read the source and write the target again and again.
 */
import type { ErrorCode } from '@lakehaul/core';
import type { StoredReceipt, TroubleStage } from '@lakehaul/ledger';

export interface SystemicLimits {
  /** So many chunks with one cause among the last `window` that ended stop the table … */
  chunks: number;
  /** … or this share of them, when there are at least `MIN_CHUNKS`. */
  share: number;
  window: number;
}

export interface Trouble {
  chunk: string;
  /** S3 time of the receipt that tells of it. */
  atMs: number;
  /** Names the cause: the same text for the same cause, without row values. */
  cause: string;
  /** In plain words. */
  detail: string;
  /** Key of the receipt. */
  evidence: string;
}

export interface SystemicCause {
  cause: string;
  /** What it looks like, at most three forms of it. */
  details: string[];
  chunks: number;
  /** Chunks that ended an attempt lately, those with the cause included. */
  outOf: number;
  evidence: string[];
}

/** Two equal causes may be chance, in a table of two chunks as in one of a million. */
const MIN_CHUNKS = 3;
const LISTED = 20;
const DETAILS = 3;

/** `proven`: S3 times of the chunks that are proven. Null while nothing is systemic. */
export function systemicCause(
  troubles: readonly Trouble[],
  proven: readonly { chunk: string; atMs: number }[],
  limits: SystemicLimits,
): SystemicCause | null {
  const recent = [...latestPerChunk(troubles, proven)].sort((a, b) => b.atMs - a.atMs).slice(0, limits.window);
  const inWindow = new Set(recent.map((entry) => entry.chunk));
  const sinceMs = recent.at(-1)?.atMs ?? 0;
  const byCause = new Map<string, Trouble[]>();
  for (const trouble of troubles)
    if (inWindow.has(trouble.chunk) && trouble.atMs >= sinceMs)
      byCause.set(trouble.cause, [...(byCause.get(trouble.cause) ?? []), trouble]);
  const [worst] = [...byCause.values()]
    .map((all) => ({ all, chunks: new Set(all.map((trouble) => trouble.chunk)).size }))
    .sort((a, b) => b.chunks - a.chunks);
  if (worst === undefined || !isSystemic(worst.chunks, recent.length, limits)) return null;
  return {
    cause: worst.all[0]?.cause ?? '',
    details: [...new Set(worst.all.map((trouble) => trouble.detail))].slice(0, DETAILS),
    chunks: worst.chunks,
    outOf: recent.length,
    evidence: worst.all.map((trouble) => trouble.evidence).slice(0, LISTED),
  };
}

function isSystemic(chunks: number, outOf: number, limits: SystemicLimits): boolean {
  if (chunks >= limits.chunks) return true;
  return chunks >= Math.min(MIN_CHUNKS, limits.chunks) && chunks >= outOf * limits.share;
}

/** One entry a chunk, the newest: a chunk that is repaired again and again must not fill the window alone. */
function latestPerChunk(
  troubles: readonly Trouble[],
  proven: readonly { chunk: string; atMs: number }[],
): Iterable<{ chunk: string; atMs: number }> {
  const latest = new Map<string, { chunk: string; atMs: number }>();
  for (const { chunk, atMs } of [...troubles, ...proven])
    if (atMs >= (latest.get(chunk)?.atMs ?? 0)) latest.set(chunk, { chunk, atMs });
  return latest.values();
}

/** What ends an attempt and is nobody's fault. */
const HARMLESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SUPERSEDED',
  'SOURCE_RESULT_EXPIRED',
  'ROW_TOO_LONG',
  'ATTEMPT_ENDED',
  'ANSWER_LOST',
  // Told by the receipts that came before it.
  'ATTEMPTS_EXHAUSTED',
  // The platform’s bad hour, not the table’s: retried for as long as it lasts.
  'UNAVAILABLE',
  'UNREACHABLE',
  'QUEUE_UNAVAILABLE',
]);

/** A statement that fails so often in one attempt fails for a reason. */
const FAILURES = 3;

/** The troubles that one chunk's receipts tell of. */
export function troublesOf(chunk: string, receipts: readonly StoredReceipt<TroubleStage>[]): Trouble[] {
  const troubles: Trouble[] = [];
  const failures = new Map<string, number>();
  for (const receipt of receipts) {
    const { body } = receipt;
    const add = (cause: string, detail: string) =>
      troubles.push({ chunk, atMs: receipt.lastModifiedMs, cause, detail, evidence: receipt.key });
    if ('diagnosis' in body && body.diagnosis != null) {
      const { cause, column, detail } = body.diagnosis;
      add(`${cause} ${column ?? ''}`.trim(), detail);
      continue;
    }
    if (HARMLESS.has(body.code)) continue;
    if (receipt.stage === 'failed') {
      const name = `${receipt.attempt} ${body.code}`;
      failures.set(name, (failures.get(name) ?? 0) + 1);
      if (failures.get(name) !== FAILURES) continue;
    }
    add(`${receipt.stage} ${body.code}`, `${body.code}: ${wordsOf(body.code)}`);
  }
  return troubles;
}

/** Messages carry names of files and numbers: they differ from chunk to chunk where the cause does not. */
function wordsOf(code: ErrorCode): string {
  switch (code) {
    case 'STAGE_MISMATCH':
    case 'MANIFEST_INVALID':
      return 'something else writes to or deletes from the staging prefix';
    case 'COUNT_MISMATCH':
      return 'counts of stage and target disagree: something else writes to one of them';
    case 'HASH_MISMATCH':
      return 'chunks differ, and no row of them could be named';
    case 'SOURCE_SCHEMA_CHANGED':
      return 'the table at the source is no longer the one that was planned';
    case 'ROW_SECURITY':
      return 'a policy at the source hides rows or values of the table from us';
    case 'SOURCE_STATEMENT_FAILED':
    case 'SOURCE_STATEMENT_ABORTED':
      return 'the UNLOAD fails again and again; lakehaul chunk CHUNK shows the database’s message';
    case 'TARGET_STATEMENT_FAILED':
      return 'the load fails again and again; lakehaul chunk CHUNK shows the warehouse’s message';
    default:
      return 'the same error in all of them';
  }
}
