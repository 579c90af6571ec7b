/** `watch`: who wrote what at the source, and what was opened again. */
import { count, said, sourceTime, text, wholeText } from '@lakehaul/operate';
import { z } from 'zod';

const window = { from: sourceTime, to: sourceTime };
export const reopened = z.array(z.strictObject({ generation: count, chunk: count, attempt: count }));

export const WATCH_JSON = z.strictObject({
  window: z.strictObject({ ...window, gap: z.strictObject(window).nullable() }).nullable(),
  outcomesReadable: z.boolean().nullable().describe('false: writes that were rolled back count as well'),
  written: z.array(
    z.strictObject({
      oid: wholeText.describe('of the table at the source'),
      kinds: z.array(said),
      statements: count,
      transactions: count,
      rolledBack: count.describe('of those transactions'),
      firstAt: sourceTime,
      lastAt: sourceTime,
    }),
  ),
  tables: z
    .array(
      z.strictObject({
        table: said,
        tableId: said,
        writes: z.enum(['unwritten', 'written', 'open-transaction', 'gap']),
        detail: text,
        held: text.nullable().describe('why it was not probed although it was written'),
        probe: z
          .strictObject({
            snapshotAt: sourceTime,
            chunks: count,
            scans: count,
            rows: wholeText,
            rowsScanned: wholeText.describe('within the bounds of the scans, all added up'),
            amplification: z
              .number()
              .min(0)
              .describe('tables’ worth of rows that the scans read; without zone maps each reads all'),
            durationMs: z.number().min(0),
            reopened,
          })
          .nullable(),
      }),
    )
    .describe('all of whose chunks are proven'),
  reopened: count,
});

export const WATCH_DRY_RUN_JSON = z.strictObject({ isDryRun: z.literal(true), statements: z.array(said) });
