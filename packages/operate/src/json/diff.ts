/** `diff` and the API: the rows in which a chunk differed, as far as they may be shown. */
import { z } from 'zod';
import { count, maybeWholeText, said, sumText, text, utcTime, wholeText } from './common.ts';

const fingerprint = z.strictObject({
  rowCount: wholeText,
  groups: z.array(z.strictObject({ sum1: sumText, sum2: sumText })),
});

const cell = text.nullable();

const differingRow = z.strictObject({
  kind: z.enum(['missing', 'extra', 'changed', 'doubled']),
  key: z.record(z.string(), cell),
  columns: z.array(z.strictObject({ name: said, source: cell, target: cell })),
});

/** The object that the verifier writes under diffs/. */
export const DIFF_ROWS = z.strictObject({
  missingRows: wholeText,
  extraRows: wholeText,
  changedRows: wholeText,
  rows: z.array(differingRow),
  isTruncated: z.boolean(),
});

export const DIFF_JSON = z.strictObject({
  chunk: said,
  mismatches: z
    .array(
      z.strictObject({
        attempt: count,
        at: utcTime,
        code: said,
        differences: z.array(said),
        missingRows: maybeWholeText,
        extraRows: maybeWholeText,
        changedRows: maybeWholeText,
        differingColumns: z
          .array(z.strictObject({ name: said, rowCount: wholeText }))
          .describe('in how many of the named rows each column differs'),
        proof: z.strictObject({
          level: z.enum(['count', 'carried', 'full']),
          targetVersion: wholeText,
          rowCounts: z.strictObject({
            transaction: maybeWholeText,
            manifest: maybeWholeText,
            load: maybeWholeText,
            target: maybeWholeText,
          }),
          carried: fingerprint.nullable(),
          source: fingerprint.nullable(),
          target: fingerprint.nullable(),
        }),
        rowsSha256: text.nullable().describe('digest of the differing rows, in the receipt for ever'),
        rowsState: z.enum(['shown', 'none', 'expired', 'denied']),
        rowsNext: text.describe('what to do when the rows are not shown; else empty'),
        isRedacted: z.boolean().describe('keys and values are hashed'),
        isTruncated: z.boolean(),
        rows: z.array(differingRow).nullable(),
      }),
    )
    .describe('newest first'),
});
