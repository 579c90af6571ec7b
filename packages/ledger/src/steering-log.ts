/**
 * What people set while the fleet runs, and who set it: a numbered series of records. Each holds one change and the whole
 * state after it, so that the last one is all that a service needs to read.
 */
import { LakehaulError, NOTHING_STEERED, type Steering, type SteeringChange, steered } from '@lakehaul/core';
import { z } from 'zod';
import type { LedgerRecord, RecordStore } from './records.ts';

const pattern = z.string().min(1);
const row = z.object({ pattern, max: z.number().int().nonnegative() });
const priorityRow = z.object({ pattern, priority: z.number().int().positive() });
const throttleRow = z.object({ name: z.string().min(1), value: z.number().int().nonnegative() });
const state = z.object({
  pauses: z.array(pattern),
  limits: z.array(row),
  priorities: z.array(priorityRow),
  // Records of before there was a throttle say nothing of it.
  throttle: z.array(throttleRow).default([]),
});
const change = z.discriminatedUnion('action', [
  z.object({ action: z.enum(['pause', 'resume']), pattern }),
  z.object({ action: z.literal('limit'), pattern, max: row.shape.max.nullable() }),
  z.object({ action: z.literal('priority'), pattern, priority: priorityRow.shape.priority.nullable() }),
  z.object({ action: z.literal('throttle'), ...throttleRow.shape, value: throttleRow.shape.value.nullable() }),
]);
const steeringRecord = z.object({
  schemaVersion: z.literal(1),
  change,
  who: z.string().min(1),
  reason: z.string().min(1),
  /** The caller's own name of the request: coming twice, it changes nothing twice. */
  requestId: z.string().min(1),
  before: state,
  after: state,
});

export type SteeringRecord = z.infer<typeof steeringRecord>;
export const STEERING = 'settings/steering';
/** How old the knowledge of a pause may be where a step begins: people see it work, and it costs a LIST a second at most. */
export const STEERING_AGE_MS = 1_000;
export { steeringRecord };

export interface Steered {
  record: LedgerRecord<SteeringRecord> | null;
  /** What the change was made on: somebody else's may have come in since a preview. */
  before: Steering;
  state: Steering;
  /** False: it was so already, or the request came again. */
  isChanged: boolean;
}

export class SteeringLog {
  readonly #records: RecordStore;
  readonly #nowMs: () => number;
  /** Records never change: each is read once. */
  #known: readonly LedgerRecord<SteeringRecord>[] = [];
  #latest: LedgerRecord<SteeringRecord> | null = null;
  #readMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(records: RecordStore, nowMs: () => number) {
    this.#records = records;
    this.#nowMs = nowMs;
  }

  /** Not older than `maxAgeMs`: one LIST, whoever asks at the same time. */
  async current(maxAgeMs = 0): Promise<Steering> {
    if (this.#nowMs() - this.#readMs > maxAgeMs || maxAgeMs === 0) await this.#refresh();
    return this.#latest?.body.after ?? NOTHING_STEERED;
  }

  /** All of them, oldest first: one LIST, and a GET for what is new. */
  async changes(): Promise<readonly LedgerRecord<SteeringRecord>[]> {
    const known = this.#known;
    const fresh = await this.#records.since(STEERING, known.length, steeringRecord);
    if (fresh.length > 0) this.#known = [...known, ...fresh];
    return fresh.length > 0 ? [...known, ...fresh] : known;
  }

  /** What the change would make of the state as it is now; throws what `change` would throw. */
  async preview(request: SteeringChange): Promise<{ before: Steering; after: Steering }> {
    const before = await this.current();
    return { before, after: steered(before, request) };
  }

  /** Two people at once: the second change is made on the state that the first one left. */
  async change(request: { change: SteeringChange; who: string; reason: string; requestId: string }): Promise<Steered> {
    for (;;) {
      const all = await this.changes();
      const repeated = all.find((record) => record.body.requestId === request.requestId);
      if (repeated !== undefined) return this.#again(repeated, request.change);
      const before = all.at(-1)?.body.after ?? NOTHING_STEERED;
      const after = steered(before, request.change);
      if (after === before) return { record: null, before, state: before, isChanged: false };
      const number = String(all.length + 1).padStart(10, '0');
      const body = { schemaVersion: 1 as const, ...request, before, after } as SteeringRecord;
      const { record, isMine } = await this.#records.write<SteeringRecord>(
        `${STEERING}/${number}`,
        body,
        all.at(-1)?.key ?? null,
      );
      if (isMine) return { record, before, state: after, isChanged: true };
    }
  }

  #again(record: LedgerRecord<SteeringRecord>, asked: SteeringChange): Steered {
    if (!isSame(record.body.change, asked))
      throw new LakehaulError('USAGE', 'the request id was used for another change', {
        where: record.key,
        next: 'Choose a new id for a new change.',
      });
    return { record, before: record.body.before, state: record.body.after, isChanged: false };
  }

  #refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const askedMs = this.#nowMs();
    const latest = await this.#records.latest(STEERING, steeringRecord);
    // The same object as long as nobody changed anything: whoever holds it sees a change by identity.
    if (latest?.key !== this.#latest?.key) this.#latest = latest;
    this.#readMs = askedMs;
  }
}

function isSame(a: SteeringChange, b: SteeringChange): boolean {
  const ordered = (value: SteeringChange) => JSON.stringify(Object.entries(value).sort());
  return ordered(a) === ordered(b);
}
