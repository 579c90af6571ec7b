/** Where everything stands: the shape of `status --json` and of the API. */
import { z } from 'zod';
import { calibration } from './calibration.ts';
import { chunkStage, count, decision, evidence, level, said, sourceTime, text, wholeText } from './common.ts';
import { cost } from './cost.ts';
import { eta } from './eta.ts';
import { steering } from './steering.ts';
import { stop } from './waiting.ts';

export const sealFault = z.strictObject({
  kind: z.enum(['missing', 'count', 'stale', 'foreign', 'foreign-commit', 'not-done']),
  chunk: count.nullable(),
  message: said,
});

const reproofMs = z
  .strictObject({ from: z.number().min(0), to: z.number().min(0), basis: z.enum(['probe', 'unloads']) })
  .nullable()
  .describe('how long proving it again at the source would take now');

export const tableStatus = z.strictObject({
  table: said,
  tableId: said,
  level,
  chunks: count,
  done: count.describe('chunks proven as far as the level promises'),
  stages: z.record(chunkStage, count).describe('chunks by stage'),
  repaired: count,
  rows: wholeText.describe('of the seal, else as planned'),
  isSealed: z.boolean().describe('the newest seal is whole, and newer than every receipt'),
  sealFaults: z.array(sealFault),
  quarantinedChunks: z.array(count).describe('the first hundred'),
  accepted: count.describe('chunks that a person took as they are, unproven'),
  stop,
  generations: count,
  openWatermark: text.nullable().describe('rows from here on are planned by nobody yet'),
  writes: z
    .enum(['unwritten', 'written', 'open-transaction', 'gap'])
    .nullable()
    .describe('at the source since its oldest proof; null while chunks are open'),
  cleanUntil: sourceTime.nullable().describe('every proof says what the source held then or later'),
  reproofMs,
  eta,
});

export const STATUS_JSON = z.strictObject({
  migration: said,
  tables: z.array(tableStatus),
  totals: z.strictObject({ chunks: count, done: count, stagedBytes: wholeText }),
  steering,
  writesKnownUntil: sourceTime.nullable(),
  reproofMs,
  eta,
  calibration,
  cost,
  evidence,
  decision,
});
