/** One chunk, and everything that ever happened to it. */
import { z } from 'zod';
import { chunkStage, count, level, said, text, utcTime, wholeText } from './common.ts';

const part = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('range'), column: said, from: text.nullable(), to: text.nullable() }),
  z.strictObject({ kind: z.literal('null'), column: said }),
  z.strictObject({ kind: z.literal('hash'), modulus: count, bucket: count }),
]);

const receipt = z.strictObject({
  schemaVersion: z.literal(1),
  migration: said,
  tableId: said,
  generation: count,
  chunk: count,
  attempt: count,
  stage: said,
  nonce: said,
  at: utcTime.describe('the writer’s clock: for people only'),
  by: z.strictObject({ service: said, instance: said, version: said }),
  causedBy: text.nullable().describe('key of the receipt that led to this one'),
  body: z
    .record(z.string(), z.json().meta({ title: 'any JSON' }))
    .describe('as it lies in the ledger, by stage: packages/core/src/receipt.ts'),
  key: said,
  lastModifiedMs: count.describe('S3’s clock, epoch milliseconds: what order and freshness go by'),
});

export const CHUNK_PAGE_JSON = z.strictObject({
  chunks: z.array(
    z.strictObject({
      chunk: said,
      table: said,
      level: level.describe('of its table'),
      stage: chunkStage,
      attempt: count.describe('0 while planned'),
      failures: count.describe('of that attempt'),
      isDone: z.boolean(),
      isRepaired: z.boolean(),
      changedAt: utcTime.nullable().describe('S3’s clock'),
    }),
  ),
  next: said.nullable().describe('cursor of the next page; null on the last one'),
});

export const CHUNK_JSON = z.strictObject({
  chunk: said,
  definition: z.strictObject({
    number: count,
    generation: count,
    parts: z.array(part).describe('which rows; joined by AND'),
    estimatedRows: wholeText,
    estimatedBytes: wholeText,
    scanGroup: count.nullable(),
  }),
  state: z.strictObject({
    stage: chunkStage,
    attempt: count,
    submissions: count,
    failures: count,
    isCleaned: z.boolean(),
    isRepaired: z.boolean(),
  }),
  traces: z
    .array(z.strictObject({ attempt: count, traceId: said }))
    .describe('what each attempt’s OpenTelemetry trace is called, where traces are sent to a collector'),
  trail: z.array(receipt).describe('everything that ever happened to the chunk, in S3’s order'),
});
