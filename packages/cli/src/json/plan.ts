/** `plan`, and `run` as far as it stops at the plan. */
import { calibration, count, level, said, text, wholeText } from '@lakehaul/operate';
import { z } from 'zod';
import { problem } from './common.ts';

const column = z.strictObject({
  name: said,
  source: said.describe('type at the source'),
  target: said.describe('type at the target'),
  loss: z.enum(['lossless', 'representation', 'parsed', 'lossy', 'impossible']),
  reason: text,
  excluded: z.boolean(),
});

export const PLAN_JSON = z.strictObject({
  isDryRun: z.boolean(),
  tables: z.array(
    z.strictObject({
      table: said,
      tableId: said,
      target: z.strictObject({ catalog: said, schema: said, table: said, adopted: z.boolean() }),
      isNew: z.boolean().describe('false: planned earlier, kept as it is'),
      acknowledged: z
        .array(said)
        .describe('of a table planned earlier: acknowledgements recorded now (rounding:COLUMN)'),
      rows: wholeText,
      bytes: wholeText,
      chunks: count,
      key: z.array(said),
      keyReason: said,
      cutLine: z.strictObject({ column: said, before: said }).nullable(),
      level,
      scanAmplification: z.number().min(0).describe('bytes scanned at the source over bytes in the table'),
      columns: z.array(column),
      ddl: z.array(said).describe('statements at the target, in the order in which they run'),
    }),
  ),
  notMoved: z.array(z.strictObject({ kind: said, name: said, detail: text })),
  calibration,
  refusals: z.array(problem).describe('empty when the plan may be written'),
});

export const TOP_UP_JSON = z.strictObject({
  isDryRun: z.boolean(),
  tables: z.array(
    z.strictObject({
      table: said,
      tableId: said,
      generation: count,
      from: text.nullable().describe('the watermark before it'),
      watermark: text.nullable().describe('where it ends; null: nowhere'),
      firstChunk: count,
      chunks: count,
      rows: wholeText,
      bytes: wholeText,
    }),
  ),
  refusals: z.array(problem),
});
