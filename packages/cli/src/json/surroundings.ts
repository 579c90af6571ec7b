/** `config`, `doctor` and `sandbox`: what is round a migration. */
import { count, RECEIVER_SHAPES, said, text, wholeText } from '@lakehaul/operate';
import { z } from 'zod';
import { problem } from './common.ts';

export const CONFIG_CHECK_JSON = z.strictObject({
  path: said,
  problems: z.array(
    z.strictObject({
      path: text.describe('of the field; empty for the file as a whole'),
      line: count,
      column: count,
      message: said,
      next: text,
    }),
  ),
});

export const CONFIG_REFERENCE_JSON = z.strictObject({ reference: said });

export const CONFIG_SCHEMA_JSON = z.strictObject({ schema: said });

export const DOCTOR_JSON = z.strictObject({
  checks: z.array(
    z.strictObject({
      name: said,
      isOk: z.boolean(),
      detail: text,
      warnings: z
        .array(z.strictObject({ what: said, next: said }))
        .describe('it works, and could be safer; what may not be asked for is not known'),
      problem: problem.nullable(),
    }),
  ),
});

export const NOTIFY_TEST_JSON = z.strictObject({
  isDryRun: z.boolean(),
  receivers: z.array(
    z.strictObject({
      name: said,
      shape: z.enum(RECEIVER_SHAPES),
      isSent: z.boolean(),
      body: said.nullable().describe('in a dry run: what would be sent, without the key'),
      problem: problem.nullable(),
    }),
  ),
});

export const SANDBOX_UP_JSON = z.strictObject({
  directory: said,
  endpoints: z.strictObject({
    s3: z.url(),
    redshift: z.url(),
    admin: z.url(),
    databricks: z.strictObject({ host: said, port: count, httpPath: said, caPem: said }),
  }),
});

export const SANDBOX_LOAD_JSON = z.strictObject({ table: said, rows: wholeText });

export const SANDBOX_SQL_JSON = z.strictObject({
  columns: z.array(text),
  rows: z.array(z.array(text.nullable())).describe('every value as text, NULL as null'),
});

export const SUPPORT_BUNDLE_JSON = z.strictObject({
  isDryRun: z.boolean(),
  file: said,
  sizeBytes: count.nullable().describe('null in a dry run'),
  files: z.array(
    z.strictObject({
      name: said,
      says: said,
      sizeBytes: count.nullable().describe('null when it was not made: a dry run asks no cloud'),
      sha256: text.nullable(),
      problem: text.nullable().describe('code of what kept us from reading it'),
    }),
  ),
});
