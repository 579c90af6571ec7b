/**
 * Every record that lakehaul writes, by its path, with its exact shape: what an audit holds the ledger against. A record that
 * is not in here was written by somebody else, or by a later version. Who adds a record adds it here.
 */
import { z } from 'zod';
import { acceptedSchema } from './accepted-schemas.ts';
import { acknowledgedRecord } from './acknowledged.ts';
import { CALIBRATION, calibrationRecord } from './calibration-record.ts';
import { NOTICE_SHAPES } from './notice-log.ts';
import { PROCESS_NAME, SIGNALS, signalRecord } from './process-signals.ts';
import { PROCESS_ID, requestRecord, S3_REQUESTS } from './request-log.ts';
import { answeredRecord, askedRecord, decisionRecord, PROPOSALS, proposalRecord } from './requests.ts';
import { STEERING, steeringRecord } from './steering-log.ts';
import { TABLE_EVENT_SHAPE } from './table-stops.ts';
import { THROTTLE, throttleRecord } from './throttle-log.ts';
import { WRITE_LOG_SHAPES } from './write-log.ts';

const version = z.literal(1);
const whole = z.number().int().nonnegative();
const rows = z.string().regex(/^\d+$/);

const fault = z.looseObject({ kind: z.string(), message: z.string() });

export const tableSeal = z.strictObject({
  schemaVersion: version,
  tableId: z.string(),
  /** S3 time of the scan that it rests on. */
  observedAt: z.iso.datetime(),
  targetVersion: rows,
  chunks: whole,
  rowCount: rows,
  isSealed: z.boolean(),
  faultCount: whole,
  faults: z.array(fault),
  durationMs: z.number().nonnegative().optional(),
});

const prepared = z.strictObject({ schemaVersion: version, ddl: z.array(z.string()), adopted: z.boolean() });

const notMoved = z.strictObject({
  schemaVersion: version,
  notMoved: z.array(z.strictObject({ kind: z.string(), name: z.string(), detail: z.string() })),
});

const planted = z.strictObject({ schemaVersion: version, chunk: whole, attempt: whole.min(1) });

export interface RecordShape {
  path: RegExp;
  schema: z.ZodType;
}

const TABLE = '([^/]+)';
const NUMBER = '\\d{10}';
const RECEIVER = '[a-z0-9-]+';
const shape = (path: string, schema: z.ZodType): RecordShape => ({ path: new RegExp(`^${path}$`), schema });

export const RECORD_SHAPES: readonly RecordShape[] = [
  shape(`write-log/${NUMBER}`, WRITE_LOG_SHAPES.sample),
  shape(`tables/${TABLE}/probes/${NUMBER}`, WRITE_LOG_SHAPES.probe),
  shape(`tables/${TABLE}/clean-until/${NUMBER}`, WRITE_LOG_SHAPES.cleanUntil),
  shape(`tables/${TABLE}/seals/${NUMBER}`, tableSeal),
  shape(`tables/${TABLE}/prepared`, prepared),
  shape(`stops/${TABLE}/${NUMBER}`, TABLE_EVENT_SHAPE),
  shape(`schemas/${TABLE}/${NUMBER}`, acceptedSchema.strict()),
  shape(`acknowledged/${TABLE}/${NUMBER}`, acknowledgedRecord.strict()),
  shape(`${THROTTLE}/\\d{4}-\\d{2}-\\d{2}/${NUMBER}`, throttleRecord.strict()),
  shape(CALIBRATION, calibrationRecord.strict()),
  shape(`${STEERING}/${NUMBER}`, steeringRecord.strict()),
  shape('requests/[0-9a-f]{64}/asked', askedRecord),
  shape('requests/[0-9a-f]{64}/answered', answeredRecord),
  shape(`${PROPOSALS}/[0-9a-f]{64}/proposed`, proposalRecord),
  shape(`${PROPOSALS}/[0-9a-f]{64}/decided`, decisionRecord),
  shape(`${SIGNALS}/${PROCESS_NAME.source.slice(1, -1)}/${NUMBER}`, signalRecord.strict()),
  shape(`${S3_REQUESTS}/${PROCESS_ID.source.slice(1, -1)}/${NUMBER}`, requestRecord.strict()),
  shape(`notices/log/${NUMBER}`, NOTICE_SHAPES.noted),
  shape(`notices/claims/${RECEIVER}/${NUMBER}/${NUMBER}`, NOTICE_SHAPES.claim),
  shape(`notices/ended/${RECEIVER}/${NUMBER}`, NOTICE_SHAPES.ended),
  shape('not-moved', notMoved),
  shape('demo/planted', planted),
];

/** Null for a path that nothing of lakehaul writes. */
export function recordShape(path: string): z.ZodType | null {
  return RECORD_SHAPES.find((each) => each.path.test(path))?.schema ?? null;
}
