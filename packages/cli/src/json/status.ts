/** `status`, `run` and `seal`: where everything stands. */
import { count, decision, level, STATUS_JSON, said, sealFault, text, utcTime, wholeText } from '@lakehaul/operate';
import { z } from 'zod';
import { queueStore } from './common.ts';

export const RUN_JSON = STATUS_JSON.extend({ queueStore });

export const SEAL_JSON = z.strictObject({
  seals: z.array(
    z.strictObject({
      schemaVersion: z.literal(1),
      tableId: said,
      observedAt: utcTime,
      targetVersion: wholeText,
      chunks: count,
      rowCount: wholeText,
      isSealed: z.boolean(),
      faultCount: count,
      faults: z.array(sealFault).describe('at most a hundred; faultCount is complete'),
    }),
  ),
});

export const DEMO_JSON = z.strictObject({
  migration: text,
  queueStore,
  unloadsStarted: count.describe('by this run; 0 when everything was done already'),
  tables: z.array(
    z.strictObject({
      table: said,
      rows: wholeText,
      bytes: wholeText,
      chunks: count,
      verified: count,
      mismatched: count,
      quarantined: count,
      repaired: count,
      level,
    }),
  ),
  totals: z.strictObject({ rows: wholeText, bytes: wholeText, chunks: count, verified: count }),
  live: z
    .strictObject({ written: count, unchanged: count, found: count })
    .describe('rows of the live path: written meanwhile, found afterwards, of those unchanged'),
  durationSeconds: z.number().min(0),
  evidence: z.string().min(1),
  decision,
  urls: z.record(z.string(), z.url()),
});
