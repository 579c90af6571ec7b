/** `cancel`: UNLOADs that were running, and are cancelled. */
import { z } from 'zod';
import { count, said } from './common.ts';

export const CANCEL_JSON = z.strictObject({
  isDryRun: z.boolean(),
  total: count,
  statements: z
    .array(
      z.strictObject({
        statementId: said.describe('of the Data API'),
        statementName: said,
        table: said,
        chunk: said.describe('of a shared scan: its leader'),
        attempt: count,
      }),
    )
    .describe('each counts as a failure of its attempt and is submitted anew once its pause is lifted'),
});
