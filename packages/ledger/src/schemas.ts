/**
 * Shapes of what is read back from the ledger. Fields of later versions are kept and ignored; a shape that does not fit,
 * or another schemaVersion, stops the run: somebody else's state must not be guessed at.
 */
import {
  type Actor,
  type Diagnosis,
  type DifferenceCause,
  type ErrorCode,
  LakehaulError,
  type ReceiptBodies,
  type Stage,
} from '@lakehaul/core';
import { z } from 'zod';

export const SCHEMA_VERSION = 1;

const count = z.number().int().nonnegative();
const ordinal = z.number().int().positive();
const decimalText = z.string().regex(/^\d+$/);
const step = z.enum(['unload', 'load', 'verify']);
const submittedStep = z.enum(['unload', 'load']);
const provenLevel = z.enum(['count', 'carried', 'full']);
export const hashForm = z.enum(['joined', 'digest']);
/** A later version may know more codes; they are only shown. */
export const errorCode = z.custom<ErrorCode>((value) => typeof value === 'string' && value !== '');

const sums = z.array(z.looseObject({ sum1: z.string(), sum2: z.string() }));
const fingerprint = z.looseObject({ rowCount: decimalText, groups: sums });
const inexact = z.array(z.looseObject({ column: z.string(), rounded: decimalText, outOfRange: decimalText }));
const stagedFile = z.looseObject({ key: z.string(), sizeBytes: count, etag: z.string(), rowCount: z.string() });
const proof = z.looseObject({
  level: provenLevel,
  hashForm,
  targetVersion: z.string(),
  rowCounts: z.looseObject({ transaction: z.string(), manifest: z.string(), load: z.string(), target: z.string() }),
  carried: fingerprint.extend({ parsed: sums.exactOptional(), inexact: inexact.exactOptional() }).nullable(),
  source: fingerprint.nullable(),
  target: fingerprint.nullable(),
});

/** A later version may know more causes; they are only shown and counted. */
const differenceCause = z.custom<DifferenceCause>((value) => typeof value === 'string' && value !== '');
const diagnosis: z.ZodType<Diagnosis> = z.looseObject({
  cause: differenceCause,
  column: z.string().nullable(),
  detail: z.string(),
});

const BODIES: { readonly [S in Stage]: z.ZodType<ReceiptBodies[S]> } = {
  opened: z.looseObject({
    cause: z.enum(['planned', 'mismatched', 'void', 'late-rows', 'operator']),
    reason: z.string(),
    observedAt: z.iso.datetime().nullable(),
    hashForm,
    level: provenLevel,
  }),
  submit: z.looseObject({
    step: submittedStep,
    submission: ordinal,
    statementName: z.string(),
    clientToken: z.string(),
    dataPrefix: z.string(),
    statementTimeoutMs: z.number(),
    startWithinMs: z.number().exactOptional(),
  }),
  unloaded: z.looseObject({
    statementId: z.string(),
    submission: count,
    dataPrefix: z.string(),
    manifestKey: z.string(),
    files: z.array(stagedFile),
    sizeBytes: decimalText,
    rowCount: decimalText,
    manifestRowCount: decimalText,
    sourceFingerprint: fingerprint.nullable(),
    columnListHash: z.string(),
    sourceQueryIds: z.array(z.string()),
    snapshotAt: z.string().nullish(),
    durationMs: z.number(),
  }),
  loaded: z.looseObject({
    operation: z.enum(['copy', 'replace', 'delete', 'none']),
    statementIds: z.array(z.string()),
    rowCount: decimalText,
    rowCountFrom: z.enum(['answer', 'lineage', 'history']),
    targetVersion: z.string(),
    durationMs: z.number(),
  }),
  counted: proof,
  verified: proof,
  reproved: proof.extend({ proof: ordinal }),
  mismatched: proof.extend({
    code: errorCode,
    differences: z.array(z.string()),
    missingRows: z.string(),
    extraRows: z.string(),
    changedRows: z.string(),
    rowsKey: z.string().nullable(),
    rowsSha256: z.string().nullable(),
    differingColumns: z.array(z.looseObject({ name: z.string(), rowCount: decimalText })).exactOptional(),
    diagnosis: diagnosis.nullable().optional(),
  }),
  void: z.looseObject({
    code: errorCode,
    message: z.string(),
    proof: z.enum(['nothing-submitted', 'copy-repeated', 'statements-terminal']),
    statementIds: z.array(z.string()),
  }),
  failed: z.looseObject({
    step,
    failure: ordinal,
    code: errorCode,
    message: z.string(),
    retryAfterMs: z.number(),
  }),
  quarantined: z.looseObject({ step, code: errorCode, message: z.string(), next: z.string() }),
  accepted: z.looseObject({
    who: z.string(),
    reason: z.string(),
    code: errorCode,
    differences: z.array(z.string()),
    rowsSha256: z.string().nullable(),
    targetVersion: decimalText,
    held: z.array(z.looseObject({ lineage: decimalText, rowCount: decimalText })),
  }),
  cleaned: z.looseObject({ files: count, sizeBytes: decimalText, prefixes: z.array(z.string()) }),
};

const actor: z.ZodType<Actor> = z.looseObject({ service: z.string(), instance: z.string(), version: z.string() });

/** What every written object says about itself. */
export const envelope = z.looseObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  migration: z.string(),
  nonce: z.string(),
  at: z.string(),
  by: actor,
  causedBy: z.string().nullable(),
  body: z.unknown(),
});

export const receiptEnvelope = envelope.extend({
  tableId: z.string(),
  generation: ordinal,
  chunk: count,
  attempt: ordinal,
  stage: z.string(),
});

export function parseBody<S extends Stage>(stage: S, key: string, value: unknown): ReceiptBodies[S] {
  return parseAs(BODIES[stage], key, value);
}

export function parseAs<T>(schema: z.ZodType<T>, key: string, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  throw conflict(key, problems.join('; '));
}

/** One for all: making one costs more than decoding a receipt. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

export function parseJson(key: string, bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(bytes));
  } catch (cause) {
    throw conflict(key, 'is not JSON', cause);
  }
  const version =
    typeof value === 'object' && value !== null && 'schemaVersion' in value ? value.schemaVersion : undefined;
  if (version !== SCHEMA_VERSION)
    throw conflict(key, `has schemaVersion ${JSON.stringify(version)}, this version reads ${SCHEMA_VERSION}`);
  return value;
}

export function conflict(key: string, what: string, cause?: unknown): LakehaulError {
  return new LakehaulError('LEDGER_CONFLICT', `${key}: ${what}`, { where: key, cause });
}
