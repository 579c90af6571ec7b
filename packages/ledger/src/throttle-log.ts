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

function dayOf(ms: number): string {
  return `${THROTTLE}/${new Date(ms).toISOString().slice(0, 10)}`;
}
