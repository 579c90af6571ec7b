import { LakehaulError } from './errors.ts';

/**
 * One condition on a chunk's rows; the parts of a chunk are joined by AND. Literals are canonical text of the key
 * column's type: decimal digits, `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS.ffffff` (UTC), or the raw text.
 */
export type KeyPart =
  /** Half-open: from <= key < to; null means unbounded. NULL keys are never inside a range. */
  | { kind: 'range'; column: string; from: string | null; to: string | null }
  | { kind: 'null'; column: string }
  /** Rows whose row hash (first 60-bit half) modulo `modulus` is `bucket`. */
  | { kind: 'hash'; modulus: number; bucket: number };

/** Rows at or after `before` come by the live path and are never hauled; rows with NULL in it are hauled (they are not at or after anything). */
export interface CutLine {
  column: string;
  before: string;
}

/** The one description of "which rows": planner, unload, fingerprints and re-probes all render this and nothing else. */
export interface RowPredicate {
  parts: readonly KeyPart[];
  cutLine: CutLine | null;
}

export interface Chunk {
  /** Unique in the table across all generations; 0 … 2^31-1. */
  number: number;
  generation: number;
  parts: readonly KeyPart[];
  /** Estimates by the planner's histogram; proof never uses them. */
  estimatedRows: bigint;
  estimatedBytes: bigint;
  /**
   * Chunks of a table without a usable key come from one shared scan (UNLOAD … PARTITION BY bucket). The chunk whose
   * number equals `scanGroup` leads: its unload step writes the receipts of all members, its own one last.
   */
  scanGroup: number | null;
}

/** Names one chunk of one table. */
export interface ChunkRef {
  tableId: string;
  generation: number;
  chunk: number;
}

export interface AttemptRef extends ChunkRef {
  /** 1 … 65535. */
  attempt: number;
}

const ATTEMPT_BITS = 16n;
export const MAX_ATTEMPT = 65_535;
export const MAX_CHUNK_NUMBER = 2_147_483_647;

/** Name of the lineage column: chunk number · 2^16 + attempt, NULL in live rows. */
export const LINEAGE_COLUMN = '_lakehaul';

export function lineageOf(chunk: number, attempt: number): bigint {
  if (!Number.isInteger(chunk) || chunk < 0 || chunk > MAX_CHUNK_NUMBER)
    throw new LakehaulError('INTERNAL', `chunk number ${chunk} is outside 0…${MAX_CHUNK_NUMBER}`);
  if (!Number.isInteger(attempt) || attempt < 1 || attempt > MAX_ATTEMPT)
    throw new LakehaulError('INTERNAL', `attempt ${attempt} is outside 1…${MAX_ATTEMPT}`);
  return (BigInt(chunk) << ATTEMPT_BITS) + BigInt(attempt);
}

/** All lineage values that any attempt of the chunk may have written: inclusive bounds. */
export function lineageRange(chunk: number): { low: bigint; high: bigint } {
  const low = BigInt(chunk) << ATTEMPT_BITS;
  return { low, high: low + 65_535n };
}

export function lineageParts(lineage: bigint): { chunk: number; attempt: number } {
  return { chunk: Number(lineage >> ATTEMPT_BITS), attempt: Number(lineage & 65_535n) };
}

/** `flights-1a2b3c4d/g1/42` — the same in logs, receipts, the CLI and the API. */
export function chunkName(ref: ChunkRef): string {
  return `${ref.tableId}/g${ref.generation}/${ref.chunk}`;
}
