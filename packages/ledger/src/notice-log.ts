/**
 * What people are told, each thing once: a numbered series of records, each with one notice and everything that was told by
 * then, so that the last one says what is news. Any number of processes may look; who writes the next number has noted it,
 * and all others look again. Delivery is a series of its own for each receiver: a claim while somebody sends, an end once
 * it was sent. A crash in between leaves a claim that grows old; whoever takes over sends again under the same id.
 */
import { z } from 'zod';
import type { LedgerRecord, RecordStore } from './records.ts';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

const KINDS = [
  'begun',
  'verdict',
  'table-stopped',
  'quarantine',
  'mismatch',
  'paused',
  'process-failing',
  'throttle-stop',
  'test',
] as const;
export type NoticeKind = (typeof KINDS)[number];

/** Words of ours, names of tables and numbers: no value of a row, since it leaves the house. */
const notice = z.strictObject({
  kind: z.enum(KINDS),
  /** `told` is said once; the others begin, repeat and end something that lasts. */
  action: z.enum(['told', 'raised', 'changed', 'cleared']),
  severity: z.enum(SEVERITIES),
  summary: z.string().min(1),
  next: z.string(),
  /** Number of the notice that raised what this one is about; its own otherwise. */
  incident: z.number().int().positive(),
});
export type Notice = z.infer<typeof notice>;

const told = z.strictObject({
  verdict: z.enum(['GO', 'HOLD', 'NO_GO']),
  /** What lasts: what it is, the notice that raised it, and how much of it was told. */
  conditions: z.array(
    z.strictObject({
      key: z.string().min(1),
      kind: z.enum(KINDS),
      severity: z.enum(SEVERITIES),
      incident: z.number().int().positive(),
      measure: z.number().int().positive(),
    }),
  ),
  /** What is over counts as told when it ended before this time (S3's), or is among the keys. Absent in older records. */
  past: z
    .strictObject({
      sinceMs: z.number().int().nonnegative(),
      keys: z.array(z.string()),
      /** Stops of the throttle that ended before this were told while they lasted. */
      throttleMs: z.number().int().nonnegative(),
    })
    .exactOptional(),
  /** Attempts that differ and were told, `chunk.attempt` by plan. */
  mismatches: z.array(z.strictObject({ plan: z.string().min(1), attempts: z.array(z.string()) })),
});
export type Told = z.infer<typeof told>;

const noted = z.strictObject({ schemaVersion: z.literal(1), notice, told });
const claim = z.strictObject({ schemaVersion: z.literal(1), claimant: z.string().min(1) });
const OUTCOMES = ['joined', 'sent', 'refused', 'given-up'] as const;
/** `joined`: the receiver is new, and what was noted before is not for it. */
export type NoticeOutcome = (typeof OUTCOMES)[number];
const ended = z.strictObject({ schemaVersion: z.literal(1), outcome: z.enum(OUTCOMES) });

export const NOTICE_SHAPES = { noted, claim, ended } as const;

export interface NotedNotice {
  number: number;
  notice: Notice;
  told: Told;
  /** S3 time. */
  notedMs: number;
}

/** A send takes seconds and is cut off; whoever holds a claim for longer is gone. */
export const CLAIM_MS = 120_000;

export class NoticeLog {
  readonly #records: RecordStore;

  constructor(records: RecordStore) {
    this.#records = records;
  }

  async latest(): Promise<NotedNotice | null> {
    const record = await this.#records.latest('notices/log', noted);
    return record === null ? null : notedOf(record);
  }

  async read(number: number): Promise<NotedNotice | null> {
    const record = await this.#records.read(`notices/log/${padded(number)}`, noted);
    return record === null ? null : notedOf(record);
  }

  /** As the notice of this number; false when somebody else has noted one under it meanwhile. */
  async note(number: number, entry: { notice: Notice; told: Told }): Promise<boolean> {
    const body = { schemaVersion: 1 as const, ...entry };
    return (await this.#records.write(`notices/log/${padded(number)}`, body)).isMine;
  }

  /** Number of the last notice that is over for this receiver; null when it is new. */
  async lastEnded(receiver: string): Promise<number | null> {
    const record = await this.#records.latest(`notices/ended/${receiver}`, ended);
    if (record !== null) return numberOf(record.key);
    // It joined before the first notice: none of them may be left out.
    return (await this.isEnded(receiver, 0)) ? 0 : null;
  }

  async isEnded(receiver: string, number: number): Promise<boolean> {
    return (await this.#records.read(`notices/ended/${receiver}/${padded(number)}`, ended)) !== null;
  }

  async end(receiver: string, number: number, outcome: NoticeOutcome): Promise<void> {
    await this.#records.write(`notices/ended/${receiver}/${padded(number)}`, { schemaVersion: 1, outcome });
  }

  /** True: nobody else sends this one to this receiver for CLAIM_MS from the claim on. `nowMs` is S3's. */
  async claim(request: { receiver: string; number: number; claimant: string; nowMs: number }): Promise<boolean> {
    const { receiver, number, claimant, nowMs } = request;
    const path = `notices/claims/${receiver}/${padded(number)}`;
    const latest = await this.#records.latest(path, claim);
    if (latest !== null) {
      const ageMs = nowMs - latest.lastModifiedMs;
      const isMine = latest.body.claimant === claimant;
      // The holder renews it at half its time: a send that has begun may take the other half.
      if (isMine && ageMs < CLAIM_MS / 2) return true;
      // S3 tells whole seconds.
      if (!isMine && ageMs < CLAIM_MS + 1_000) return false;
    }
    const own = `${path}/${padded((latest === null ? 0 : numberOf(latest.key)) + 1)}`;
    return (await this.#records.write(own, { schemaVersion: 1, claimant }, latest?.key ?? null)).isMine;
  }
}

function notedOf(record: LedgerRecord<z.infer<typeof noted>>): NotedNotice {
  const { notice, told } = record.body;
  return { number: numberOf(record.key), notice, told, notedMs: record.lastModifiedMs };
}

const padded = (number: number): string => String(number).padStart(10, '0');

function numberOf(key: string): number {
  return Number(/(\d{10})\.json$/.exec(key)?.[1] ?? 0);
}
