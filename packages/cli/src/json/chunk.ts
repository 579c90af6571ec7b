/** `verify`: chunks proven again. */
import { count, said, sourceTime } from '@lakehaul/operate';
import { z } from 'zod';

export const VERIFY_JSON = z.strictObject({
  checked: count,
  left: count.describe('not looked at, because the command was stopped: then it ends with 4'),
  different: z.array(said).describe('chunks whose earlier proof was taken back'),
});

export const VERIFY_SOURCE_JSON = z.strictObject({
  tables: z.array(
    z.strictObject({
      table: said,
      snapshotAt: sourceTime,
      chunks: count,
      scans: count,
      amplification: z.number().min(0).describe('tables’ worth of rows that the scans read'),
      reopened: z.array(z.strictObject({ generation: count, chunk: count, attempt: count })),
    }),
  ),
});
