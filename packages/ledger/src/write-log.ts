/**
 * The write log: which tables were written at the source since they were read, as records.
 *
 *   records/write-log/<n>             one sample: a window [from, to) of the source's history, and the state after it
 *   records/tables/<t>/probes/<n>     one probe of a table: what it compared, what differed
 *   records/tables/<t>/clean-until/<n>  every proven chunk says what the source held at this time or later
 *
 * Windows join without a gap: each begins before the one before it ended (`watch.overlapMs`). What could not be read any more is a gap, and
 * begins the log anew: of what is older, nothing is known. Each sample carries the whole state, so the last one speaks
 * for all, and of two watchers at once the later record counts: it knows no less up to the `to` that it names.
 */
import { addMs, isSourceTime, type SourceTime } from '@lakehaul/core';
import { z } from 'zod';
import type { Ledger } from './ledger.ts';
import type { LedgerRecord } from './records.ts';

export const WRITE_LOG = 'write-log';
export const probesPath = (tableId: string): string => `tables/${tableId}/probes`;
export const cleanUntilPath = (tableId: string): string => `tables/${tableId}/clean-until`;

const time = z.string().refine(isSourceTime, { error: 'is no time of the source' });
const count = z.number().int().nonnegative();
const whole = z.string().regex(/^\d+$/);

const lastWrite = z.looseObject({ at: time, kinds: z.array(z.string()) });
const pendingTransaction = z.looseObject({
  transactionId: whole,
  oids: z.array(whole),
  kinds: z.array(z.string()),
  lastAt: time,
});

const logState = z.looseObject({
  /** Per table (oid): from when on its writes are known without a gap. */
  since: z.record(z.string(), time),
  /** Per table: when its last write had certainly become visible; a snapshot at or after it saw it. */
  lastWrites: z.record(z.string(), lastWrite),
  /** Transactions that have written and had not ended. */
  pending: z.array(pendingTransaction),
  /**
   * Writes that the next window tells again, since windows overlap: by transaction, a TRUNCATE by itself; null was rolled
   * back. Absent in older records.
   */
  settled: z.array(z.looseObject({ write: z.string(), at: time.nullable(), lastAt: time })).optional(),
  /** How far the source's clock may step back; absent in older records. */
  clockMarginMs: z.number().nonnegative().optional(),
});

/** What one window held of one table. */
const written = z.looseObject({
  oid: whole,
  kinds: z.array(z.string()),
  statements: count,
  transactions: count,
  rolledBack: count,
  firstAt: time,
  lastAt: time,
  knownFrom: z.array(z.enum(['steps', 'text'])),
});

const sample = z.looseObject({
  schemaVersion: z.literal(1),
  from: time,
  to: time,
  /** Where the window before this one ended; what lies before it was read again. Absent in older records and after a gap. */
  joinsAt: time.optional(),
  /** The source was read before this. */
  readAt: time,
  /** S3's time before the reading began; absent in older records. */
  askedAt: z.iso.datetime().optional(),
  /** How long before the reading the window ends; absent in older records. */
  lagMs: z.number().nonnegative().optional(),
  gap: z.looseObject({ from: time, to: time }).nullable(),
  /** False: SYS_TRANSACTION_HISTORY may not be read, so that rolled-back writes count as well. */
  outcomesReadable: z.boolean(),
  written: z.array(written),
  state: logState,
});

const probe = z.looseObject({
  schemaVersion: z.literal(1),
  tableId: z.string(),
  snapshotAt: time,
  why: z.string(),
  generations: z.array(z.number().int().positive()),
  chunks: count,
  scans: count,
  rows: whole,
  /** Rows within the bounds of the scans, all added up; of how many tables' worth, zone maps considered. */
  rowsScanned: whole,
  amplification: z.number().nonnegative(),
  bytes: whole,
  durationMs: z.number(),
  /** Rows of the table that no chunk claims, where the scan covered all of it. */
  strayRows: whole,
  differing: z.array(
    z.looseObject({
      generation: z.number().int().positive(),
      chunk: count,
      attempt: z.number().int().positive(),
      provenRows: whole,
      sourceRows: whole,
      /** It has a row too long for the form that it was proven in: the next attempt hashes column by column. */
      hasTooLongRow: z.literal(true).exactOptional(),
    }),
  ),
});

const cleanUntil = z.looseObject({
  schemaVersion: z.literal(1),
  /** Null: an unload did not tell its snapshot. */
  cleanUntil: time.nullable(),
  how: z.enum(['unloads', 'probe']),
  generations: z.array(z.number().int().positive()),
  chunks: count,
  /** What reading the table took, for the estimate of a re-proof: of a probe its own, else of all unloads one after the other. */
  bytes: whole,
  durationMs: z.number(),
});

/** What they write exactly, for an audit: a reader takes fields of later versions, an audit tells them. */
export const WRITE_LOG_SHAPES = { sample: sample.strict(), probe: probe.strict(), cleanUntil: cleanUntil.strict() };

export type WriteLogState = z.infer<typeof logState>;
export type WriteLogSample = z.infer<typeof sample>;
export type WrittenTable = z.infer<typeof written>;
export type ProbeRecord = z.infer<typeof probe>;
export type CleanUntil = z.infer<typeof cleanUntil>;

export function latestSample(ledger: Ledger): Promise<LedgerRecord<WriteLogSample> | null> {
  return ledger.latestRecord<WriteLogSample>(WRITE_LOG, sample);
}

/** S3's time at which the sample's knowledge was fresh: never the time of its record, which may have been written hours later. */
export function sampledMs(sample: LedgerRecord<WriteLogSample>): number {
  const { askedAt } = sample.body;
  return askedAt === undefined ? sample.lastModifiedMs : Date.parse(askedAt);
}

/** S3's time up to which the sample knows the writes, at the least; 0 where it does not say. */
export function reachMs(sample: LedgerRecord<WriteLogSample>): number {
  const { lagMs } = sample.body;
  return lagMs === undefined ? 0 : sampledMs(sample) - lagMs;
}

export function latestProbe(ledger: Ledger, tableId: string): Promise<LedgerRecord<ProbeRecord> | null> {
  return ledger.latestRecord<ProbeRecord>(probesPath(tableId), probe);
}

export function latestCleanUntil(ledger: Ledger, tableId: string): Promise<LedgerRecord<CleanUntil> | null> {
  return ledger.latestRecord<CleanUntil>(cleanUntilPath(tableId), cleanUntil);
}

/** `unwritten` speaks for the time up to the sample's `to`; what came after it is not known yet. */
export type TableWrites =
  | { kind: 'unwritten' }
  | { kind: 'written'; detail: string }
  | { kind: 'open-transaction'; detail: string }
  | { kind: 'gap'; detail: string };

/** Whether the source wrote the table since its oldest proof. Not knowing is told as such, never as unwritten. */
export function judgeWrites(state: WriteLogState | null, oid: string, clean: SourceTime | null): TableWrites {
  if (state === null) return { kind: 'gap', detail: 'its writes were never looked at' };
  if (clean === null) return { kind: 'gap', detail: 'when it was read is not known' };
  const since = state.since[oid];
  if (since === undefined || since > clean)
    return {
      kind: 'gap',
      detail: `read at ${clean}, its writes are known ${since === undefined ? 'not at all' : `from ${since} on`}`,
    };
  const open = state.pending.find((transaction) => transaction.oids.includes(oid));
  const last = state.lastWrites[oid];
  // When the leader changes, its clock may be behind the one that dated the read: a commit after it may have an older time.
  if (last !== undefined && last.at >= addMs(clean, -(state.clockMarginMs ?? 0)))
    return { kind: 'written', detail: `read at ${clean}, written until ${last.at} (${last.kinds.join(', ')})` };
  if (open !== undefined)
    return { kind: 'open-transaction', detail: `transaction ${open.transactionId} has written it and is still open` };
  return { kind: 'unwritten' };
}
