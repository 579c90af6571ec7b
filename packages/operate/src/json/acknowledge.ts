/** `acknowledge`: losses that people put their name to after a table was planned. */
import { z } from 'zod';
import { said, utcTime } from './common.ts';

export const ACKNOWLEDGE_JSON = z.strictObject({
  isDryRun: z.boolean(),
  ...{ table: said, tableId: said },
  acknowledged: z.array(said).describe('recorded now; of a dry run what would be'),
  known: z.array(said).describe('acknowledged before, by the plan or later: not recorded again'),
});

const chunks = z.array(said).describe('full names');

export const ACKNOWLEDGEMENTS_JSON = z.strictObject({
  ...{ table: said, tableId: said },
  planned: z.array(said).describe('with the plan, of all its generations'),
  later: z.array(
    z.strictObject({
      acknowledgement: said,
      at: utcTime.describe('S3’s clock; it counts from then on, never backwards'),
      who: said.nullable().describe('null: by the configuration, or of an older version'),
      reason: said.nullable(),
    }),
  ),
  missing: z
    .array(z.strictObject({ acknowledgement: said, chunks }))
    .describe('what holds chunks back, with the chunks that wait for it'),
  toReplay: chunks.describe('held back for what is acknowledged by now: full names'),
  isWhole: z.boolean().describe('false: more chunks wait than were looked at'),
});
