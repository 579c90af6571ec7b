/**
 * What the throttle read and decided: a numbered series of records a day (of S3's clock). A record is written whenever
 * slots or the winning reason change, and otherwise once a minute at most. The last one is what a new planner goes on from.
 */
import { z } from 'zod';
import type { LedgerRecord, RecordStore } from './records.ts';

const whole = z.number().int().nonnegative();
const check = z.object({
  name: z.string().min(1),
  value: z.number().nullable(),
  limit: z.number().nullable(),
  unit: z.enum(['ms', 'count', 'percent', 'flag']),
  verdict: z.enum(['ok', 'warn', 'stop']),
  reason: z.string(),
});

export const throttleRecord = z.object({
  schemaVersion: z.literal(1),
  change: z.enum(['start', 'fall', 'stop', 'resume', 'climb', 'hold']),
  slots: whole,
  /** Slots before; null at the first. */
  before: whole.nullable(),
  reason: z.string().min(1),
  /** Name of the first check that is not ok. */
  winner: z.string().nullable(),
  /** UNLOADs that ran; null: the queue store did not say. */
  running: whole.nullable(),
  canaryMs: whole.nullable(),
  checks: z.array(check),
  /** What a new planner needs besides. */
  memory: z.object({
    stoppedBy: z.enum(['planned', 'measured']).nullable(),
    beforeStop: whole,
    hurtAt: whole.nullable(),
  }),
});

export type ThrottleRecord = z.infer<typeof throttleRecord>;
export const THROTTLE = 'throttle';

const DAY_MS = 86_400_000;

export class ThrottleLog {
  readonly #records: RecordStore;
  readonly #serverTimeMs: () => Promise<number>;

  constructor(records: RecordStore, serverTimeMs: () => Promise<number>) {
    this.#records = records;
    this.#serverTimeMs = serverTimeMs;
  }

  async append(body: ThrottleRecord): Promise<LedgerRecord<ThrottleRecord>> {
    const day = dayOf(await this.#serverTimeMs());
    return (await this.#records.append(day, body)).record;
  }

  /** Follows what is decided from a time of S3's on. */
  follow(fromMs: number): ThrottleFollower {
    return new ThrottleFollower(this.#records, this.#serverTimeMs, fromMs);
  }

  /** The newest of today and yesterday; null when nobody governs, or nobody has for long. */
  async latest(): Promise<LedgerRecord<ThrottleRecord> | null> {
    return (await this.recent(1)).at(-1) ?? null;
  }

  /** The last `count` of today and yesterday, oldest first. */
  async recent(count: number): Promise<LedgerRecord<ThrottleRecord>[]> {
    const nowMs = await this.#serverTimeMs();
    const today = await this.#records.tail(dayOf(nowMs), count, throttleRecord);
    if (today.length >= count) return today;
    return [...(await this.#records.tail(dayOf(nowMs - DAY_MS), count - today.length, throttleRecord)), ...today];
  }
}

/** Decisions since a time, each told once: for who follows them. */
export class ThrottleFollower {
  readonly #records: RecordStore;
  readonly #serverTimeMs: () => Promise<number>;
  readonly #fromMs: number;
  /** Number of the last one that was read, by day. */
  readonly #read = new Map<string, number>();

  constructor(records: RecordStore, serverTimeMs: () => Promise<number>, fromMs: number) {
    this.#records = records;
    this.#serverTimeMs = serverTimeMs;
    this.#fromMs = fromMs;
  }

  /** Oldest first, of a week at most. */
  async next(): Promise<LedgerRecord<ThrottleRecord>[]> {
    const nowMs = await this.#serverTimeMs();
    const isFirst = this.#read.size === 0;
    const fromMs = isFirst ? Math.max(this.#fromMs, nowMs - FOLLOWED_DAYS * DAY_MS) : nowMs - DAY_MS;
    const found: LedgerRecord<ThrottleRecord>[] = [];
    for (let ms = fromMs; dayOf(ms) <= dayOf(nowMs); ms += DAY_MS)
      found.push(...(await this.#ofDay(dayOf(ms), isFirst)));
    return found;
  }

  async #ofDay(day: string, isFirst: boolean): Promise<LedgerRecord<ThrottleRecord>[]> {
    const after = this.#read.get(day) ?? (isFirst ? await this.#before(day) : 0);
    const fresh = await this.#records.since(day, after, throttleRecord);
    this.#read.set(day, after + fresh.length);
    return fresh;
  }

  /** How many of the day are older than what is asked for: their times are in the listing. */
  async #before(day: string): Promise<number> {
    const listed = await this.#records.list(day);
    return listed.filter(({ lastModifiedMs }) => lastModifiedMs < this.#fromMs).length;
  }
}

const FOLLOWED_DAYS = 7;

function dayOf(ms: number): string {
  return `${THROTTLE}/${new Date(ms).toISOString().slice(0, 10)}`;
}
