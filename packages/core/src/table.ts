import type { Chunk, CutLine } from './chunk.ts';
import type { ColumnPlan } from './column.ts';
import type { HashForm, ProofLevel } from './fingerprint.ts';

export interface SourceTableName {
  database: string;
  schema: string;
  table: string;
}

export interface TargetTableName {
  catalog: string;
  schema: string;
  table: string;
}

/** One table's plan: everything a worker needs beside the chunk itself. Immutable once written to the ledger. */
export interface TablePlan {
  schemaVersion: 1;
  migration: string;
  /** Safe in paths, job ids and labels: slug of schema and table plus a hash of their exact names. */
  tableId: string;
  generation: number;
  source: SourceTableName & { oid: string; columnListHash: string };
  target: TargetTableName & { adopted: boolean };
  columns: readonly ColumnPlan[];
  /** Columns that the ranges are on, in order; empty for a table in one piece or cut by hash. */
  keyColumns: readonly string[];
  keyReason: string;
  cutLine: CutLine | null;
  /** Where this generation begins: the watermark of the one before it. Absent in the first one, which has the NULL keys too. */
  from?: string | null | undefined;
  /** Watermark of this generation: its last chunk ends here. Null: it ends nowhere, and no top-up can follow. */
  watermark: string | null;
  level: ProofLevel;
  /** With level `sampled`: one chunk in this many gets a second, independent scan. */
  sampleEvery: number;
  hashForm: HashForm;
  chunkCount: number;
  firstChunk: number;
  estimatedRows: string;
  estimatedBytes: string;
  wantedChunkBytes: string;
  /** Bytes that the plan scans at the source over the bytes in the table. */
  scanAmplification: number;
  priority: number;
  acknowledgements: readonly string[];
  plannedAt: string;
}

/** The columns that travel, in source order. */
export function movedColumns(plan: Pick<TablePlan, 'columns'>): ColumnPlan[] {
  return plan.columns.filter((column) => !column.excluded);
}

/**
 * At which level the plan wants a chunk proven: the only rule, for who opens attempts and for who audits them. Chunks of one
 * shared scan come from one statement, so they have the level of the one that leads it.
 */
export function chunkLevel(
  plan: Pick<TablePlan, 'level' | 'sampleEvery'>,
  chunk: Pick<Chunk, 'number' | 'scanGroup'>,
): Exclude<ProofLevel, 'sampled'> {
  if (plan.level !== 'sampled') return plan.level;
  return (chunk.scanGroup ?? chunk.number) % Math.max(1, plan.sampleEvery) === 0 ? 'full' : 'carried';
}
