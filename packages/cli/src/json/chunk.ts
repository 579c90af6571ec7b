/** `chunk`, `diff` and `verify`: single chunks. */
import { z } from 'zod';
import { chunkStage, count, maybeWholeText, said, sourceTime, sumText, text, utcTime, wholeText } from './common.ts';

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
  trail: z.array(receipt).describe('everything that ever happened to the chunk, in S3’s order'),
});

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
