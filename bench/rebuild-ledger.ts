/** The ledger that `bench rebuild` stands on: which receipts each of its chunks has. Pure. */
import type { Stage, TablePlan } from '@lakehaul/core';
import { tableIdOf } from '@lakehaul/planning';

export const MIGRATION = 'bench';
export const PREFIX = 'ledger';
export const TABLES = 10;
export const CHUNKS_PER_TABLE = 10_000;

/** [attempt, stage, number of a repeatable stage] in the order of the journey. */
export type ReceiptName = readonly [attempt: number, stage: Stage, ordinal: number];

const UNLOADED: ReceiptName[] = [
  [1, 'opened', 0],
  [1, 'submit', 1],
  [1, 'unloaded', 0],
];
const LOADED: ReceiptName[] = [...UNLOADED, [1, 'submit', 2], [1, 'loaded', 0]];
const VERIFIED: ReceiptName[] = [...LOADED, [1, 'verified', 0]];
const CLEANED: ReceiptName[] = [...VERIFIED, [1, 'cleaned', 0]];
const MISMATCHED: ReceiptName[] = [...LOADED, [1, 'mismatched', 0]];
const REPAIRED: ReceiptName[] = [
  ...MISMATCHED,
  ...LOADED.map(([, stage, ordinal]): ReceiptName => [2, stage, ordinal]),
  [2, 'verified', 0],
];
const FAILED: ReceiptName[] = [...UNLOADED.slice(0, 2), [1, 'failed', 1]];
const QUARANTINED: ReceiptName[] = [...FAILED, [1, 'failed', 2], [1, 'quarantined', 0]];
/** What stands side by side where the work is going on. */
const MIXED = [VERIFIED, LOADED, UNLOADED, UNLOADED.slice(0, 2), VERIFIED, MISMATCHED, REPAIRED, FAILED, QUARANTINED];

/**
 * The story of one chunk. Each table goes in the order of its chunks: the first 40 % are finished and cleaned, the last
 * 20 % not begun, in between is every stage.
 */
export function receiptsOf(chunk: number): readonly ReceiptName[] {
  const place = chunk / CHUNKS_PER_TABLE;
  if (place < 0.4) return CLEANED;
  return place < 0.8 ? (MIXED[chunk % MIXED.length] ?? VERIFIED) : [];
}

export function planOf(table: number): TablePlan {
  const name = { database: 'dev', schema: 'public', table: `events_${table}` };
  return {
    schemaVersion: 1,
    migration: MIGRATION,
    tableId: tableIdOf(name.schema, name.table),
    generation: 1,
    source: { ...name, oid: String(1000 + table), columnListHash: 'bench' },
    target: { catalog: 'main', schema: 'public', table: name.table, adopted: false },
    columns: [],
    keyColumns: ['k'],
    keyReason: 'sort key',
    cutLine: null,
    watermark: null,
    level: 'full',
    sampleEvery: 1,
    hashForm: 'joined',
    chunkCount: CHUNKS_PER_TABLE,
    firstChunk: 0,
    estimatedRows: '0',
    estimatedBytes: '0',
    wantedChunkBytes: '50000000000',
    scanAmplification: 1,
    priority: 1 + (table % 2),
    acknowledgements: [],
    plannedAt: '2026-01-01T00:00:00.000Z',
  };
}
