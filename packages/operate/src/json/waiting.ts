/** `chunks`, `replay`, `accept` and `tables`: what waits for a person, and what a person decided. */
import { z } from 'zod';
import { DRIFT_ACCEPTANCES } from '../drift/drift-policy.ts';
import { drift } from '../drift/resume-plan.ts';
import { chunkStage, count, said, text, utcTime, wholeText } from './common.ts';

const attemptNumber = z.int().min(1).meta({ title: 'whole number from 1' });

export const CHUNKS_JSON = z.strictObject({
  chunks: z.array(
    z.strictObject({
      chunk: said,
      table: said,
      stage: chunkStage,
      attempt: count.describe('0 while planned'),
      isDone: z.boolean(),
      changedAt: utcTime.nullable().describe('S3’s clock'),
      trouble: z
        .strictObject({
          code: said,
          cause: said.describe('what led to it, where the code only says that the attempts are used up'),
          reason: text,
          likely: text.nullable().describe('what the differing rows have in common'),
          next: said,
        })
        .nullable()
        .describe('of the newest attempt'),
      accepted: z.strictObject({ who: said, reason: said }).nullable(),
    }),
  ),
  next: said.nullable().describe('cursor for --after; null on the last page'),
});

export const REPLAY_JSON = z.strictObject({
  isDryRun: z.boolean(),
  chunks: z.array(
    z.strictObject({ chunk: said, stage: chunkStage, attempt: attemptNumber.describe('the one that is opened') }),
  ),
});

export const ACCEPT_JSON = z.strictObject({
  isDryRun: z.boolean(),
  chunk: said,
  attempt: attemptNumber,
  accepted: z.strictObject({
    who: said,
    reason: said,
    code: said.describe('why it was quarantined'),
    differences: z.array(said),
    rowsSha256: said.nullable().describe('digest of the differing rows that were named'),
    targetVersion: wholeText,
    held: z.array(z.strictObject({ lineage: wholeText, rowCount: wholeText })).describe('what the target holds of it'),
  }),
});

export const stop = z
  .strictObject({
    ...{ code: said, reason: said, next: said, since: utcTime },
    digest: text.describe('of what was seen: names this stop where it is lifted'),
    driftAcceptance: z
      .enum(DRIFT_ACCEPTANCES)
      .nullable()
      .describe(
        'what lifting it takes of the schema that stopped it: on, it has to be accepted; reopening, so it has, and every chunk is hauled again; no, only undoing it helps; null, nothing',
      ),
  })
  .nullable()
  .describe('null: not stopped');

export const TABLES_JSON = z.strictObject({ tables: z.array(z.strictObject({ table: said, tableId: said, stop })) });

export const RESUME_JSON = z.strictObject({
  isDryRun: z.boolean(),
  tableId: said,
  steps: z.array(said).describe('as they are done'),
  reopened: count.describe('chunks; of a dry run those that would be'),
});

/** Of a stop that is lifted over the API. */
export const LIFT_JSON = z.strictObject({
  ...RESUME_JSON.shape,
  table: said,
  stop: z.strictObject({ code: said, reason: said, digest: text }).describe('the one that is lifted'),
  accepts: z.array(drift).describe('changes of the schema that are accepted with it'),
  movedOn: z.array(said).describe('chunks that somebody else went on with meanwhile: left alone'),
});
