/** Shapes of plans and pages of chunks as they lie in the ledger. */
import type { Chunk, KeyPart, SourceType, TablePlan, TargetType } from '@lakehaul/core';
import { z } from 'zod';
import { hashForm, SCHEMA_VERSION } from './schemas.ts';

const count = z.number().int().nonnegative();
const decimalText = z.string().regex(/^\d+$/);
/** Deep shapes of types are the planner's; a plan of another schemaVersion never gets here. */
const hasKind = (value: unknown) => typeof value === 'object' && value !== null && 'kind' in value;

const cutLine = z.looseObject({ column: z.string(), before: z.string() });

const columnPlan = z.looseObject({
  source: z.looseObject({
    name: z.string(),
    ordinal: z.number(),
    type: z.custom<SourceType>(hasKind),
    nullable: z.boolean(),
    sortKeyPosition: z.number(),
    isDistKey: z.boolean(),
    isCaseInsensitive: z.boolean(),
  }),
  target: z.looseObject({ name: z.string(), type: z.custom<TargetType>(hasKind), nullable: z.boolean() }),
  loss: z.enum(['lossless', 'representation', 'parsed', 'lossy', 'impossible']),
  lossReason: z.string(),
  excluded: z.boolean(),
});

export const tablePlan: z.ZodType<TablePlan> = z.looseObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  migration: z.string(),
  tableId: z.string(),
  generation: z.number().int().positive(),
  source: z.looseObject({
    database: z.string(),
    schema: z.string(),
    table: z.string(),
    oid: z.string(),
    columnListHash: z.string(),
  }),
  target: z.looseObject({ catalog: z.string(), schema: z.string(), table: z.string(), adopted: z.boolean() }),
  columns: z.array(columnPlan),
  keyColumns: z.array(z.string()),
  keyReason: z.string(),
  cutLine: cutLine.nullable(),
  from: z.string().nullish(),
  watermark: z.string().nullable(),
  level: z.enum(['count', 'carried', 'sampled', 'full']),
  sampleEvery: z.number(),
  hashForm,
  chunkCount: count,
  firstChunk: count,
  estimatedRows: decimalText,
  estimatedBytes: decimalText,
  wantedChunkBytes: decimalText,
  scanAmplification: z.number(),
  priority: z.number(),
  acknowledgements: z.array(z.string()),
  plannedAt: z.string(),
});

const pageEntry = z.looseObject({ key: z.string(), chunkCount: z.number().int().positive(), sha256: z.string() });

export interface PlanHead {
  schemaVersion: 1;
  nonce: string;
  plan: TablePlan;
  /** All but the last page hold this many chunks. */
  pageChunks: number;
  pages: { key: string; chunkCount: number; sha256: string }[];
}

export const planHead: z.ZodType<PlanHead> = z.looseObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  nonce: z.string(),
  plan: tablePlan,
  pageChunks: z.number().int().positive(),
  pages: z.array(pageEntry),
});

const bound = z.string().nullable();
const part: z.ZodType<KeyPart> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('range'), column: z.string(), from: bound, to: bound }),
  z.object({ kind: z.literal('null'), column: z.string() }),
  z.object({ kind: z.literal('hash'), modulus: z.number().int().positive(), bucket: count }),
]);

/** A chunk on its page: the number is its place, the generation that of the plan. */
interface PageChunk {
  parts: readonly KeyPart[];
  rows: string;
  bytes: string;
  group?: number | undefined;
}

export const chunkPage = z.looseObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  firstChunk: count,
  chunks: z.array(
    z.object({ parts: z.array(part), rows: decimalText, bytes: decimalText, group: count.optional() }),
  ) satisfies z.ZodType<PageChunk[]>,
});

export function pageText(plan: TablePlan, firstChunk: number, chunks: readonly Chunk[]): string {
  const rows: PageChunk[] = chunks.map((chunk) => ({
    parts: chunk.parts,
    rows: chunk.estimatedRows.toString(),
    bytes: chunk.estimatedBytes.toString(),
    ...(chunk.scanGroup === null ? {} : { group: chunk.scanGroup }),
  }));
  const { migration, tableId, generation } = plan;
  return JSON.stringify({ schemaVersion: SCHEMA_VERSION, migration, tableId, generation, firstChunk, chunks: rows });
}

export function pageChunks(generation: number, page: z.infer<typeof chunkPage>): Chunk[] {
  return page.chunks.map((chunk, index) => ({
    number: page.firstChunk + index,
    generation,
    parts: chunk.parts,
    estimatedRows: BigInt(chunk.rows),
    estimatedBytes: BigInt(chunk.bytes),
    scanGroup: chunk.group ?? null,
  }));
}
