/**
 * Checkpoint segments: what finished chunks ended as, so that a scan need not list their receipts again.
 *
 * A chunk is folded when it is done *and* its stage is cleaned: nothing more is expected of it. Should something come all
 * the same (a late row, a proof that fails later), a marker is written before the receipt, and the block with that chunk
 * is listed again. "Done as attempt n" stays true as history whoever writes it down, and the highest attempt counts; so
 * a segment from a stale scan, or two from two folders at once, can be behind but never wrong.
 */
import { createHash } from 'node:crypto';
import { isDone } from '@lakehaul/core';
import { z } from 'zod';
import { createOnce, type LedgerContext } from './create-once.ts';
import type { SegmentKey } from './keys.ts';
import type { FoldedChunk, ScanTable } from './scan-table.ts';
import { conflict, parseAs, parseJson, SCHEMA_VERSION } from './schemas.ts';

const whole = z.number().int().nonnegative();
const row = z.tuple([z.number().int().positive(), z.enum(['verified', 'counted']), whole, whole, whole, whole]);
const segment = z.looseObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  migration: z.string(),
  tableId: z.string(),
  generation: z.number().int().positive(),
  firstChunk: whole,
  sha256: z.string(),
  /** attempt, stage, submissions, failures, S3 times of newest receipt and of proof in seconds: one row per chunk of the block. */
  chunks: z.array(row),
});
type Row = z.infer<typeof row>;
export type FoldSegment = z.infer<typeof segment>;

/** The segment as its own object says it; that it belongs to the key and the plan is for the caller to see. */
export function parseFold(name: string, body: Uint8Array): FoldSegment {
  const read = parseAs(segment, name, parseJson(name, body));
  if (digestOf(read.chunks) !== read.sha256) throw conflict(name, 'does not have the digest that it names');
  return read;
}

/** Writes a segment for each block that is finished and not yet told in full by segments. */
export async function foldTable(context: LedgerContext, table: ScanTable): Promise<number> {
  let written = 0;
  for (let block = 0; block < table.blockCount; block++) {
    if (table.isFolded(block)) continue;
    const rows = finishedRows(table, block);
    if (rows === null) continue;
    const first = table.blockStart(block);
    const isNews = rows.some(([attempt], index) => attempt > table.foldedAttempt(first + index));
    if (!isNews) continue;
    const key: SegmentKey = {
      tableId: table.tableId,
      generation: table.generation,
      firstChunk: first,
      version: table.segmentVersion(block) + 1,
    };
    // Taken by another folder: its segment is read by the next refresh, and what is still missing is folded after that.
    if (await createOnce(context, context.keys.segment(key), segmentText(context.migration, key, rows))) written += 1;
  }
  return written;
}

/** Null while any chunk of the block can still be expected to change. */
function finishedRows(table: ScanTable, block: number): Row[] | null {
  const rows: Row[] = [];
  for (let chunk = table.blockStart(block); chunk < table.blockEnd(block); chunk++) {
    const state = table.state(chunk);
    if (!isDone(state) || !state.isCleaned || (state.stage !== 'verified' && state.stage !== 'counted')) return null;
    const { attempt, stage, submissions, failures } = state;
    rows.push([attempt, stage, submissions, failures, state.lastModifiedMs / 1000, state.proofMs / 1000]);
  }
  return rows;
}

function segmentText(migration: string, key: SegmentKey, chunks: readonly Row[]): string {
  const { tableId, generation, firstChunk } = key;
  return JSON.stringify({
    schemaVersion: SCHEMA_VERSION,
    migration,
    tableId,
    generation,
    firstChunk,
    sha256: digestOf(chunks),
    chunks,
  });
}

/** Reads the segment into the table. A segment that is not itself stops the run: it would hide chunks. */
export async function readSegment(context: LedgerContext, table: ScanTable, key: SegmentKey): Promise<void> {
  const name = context.keys.segment(key);
  const found = await context.store.get(name);
  if (found === null) throw conflict(name, 'was listed and is gone');
  const read = parseFold(name, found.body);
  const block = table.blockOf(key.firstChunk);
  const isItself =
    read.migration === context.migration &&
    read.tableId === key.tableId &&
    read.generation === key.generation &&
    read.firstChunk === key.firstChunk &&
    table.has(key.firstChunk) &&
    table.blockStart(block) === key.firstChunk &&
    table.blockEnd(block) - key.firstChunk === read.chunks.length;
  if (!isItself) throw conflict(name, 'is not the segment that its key names');
  read.chunks.forEach(([attempt, stage, submissions, failures, modifiedSeconds, proofSeconds], index) => {
    const folded: FoldedChunk = { attempt, stage, submissions, failures, modifiedSeconds, proofSeconds };
    table.setFolded(key.firstChunk + index, folded);
  });
  table.noteSegment(block, key.version);
}

function digestOf(chunks: readonly Row[]): string {
  return createHash('sha256').update(JSON.stringify(chunks)).digest('hex');
}
