/**
 * What a person accepted after a table was planned: the plan is immutable, and the rows that come later are not the ones it
 * measured. Records, append-only; they count from the moment at which they were written, never backwards.
 */
import type { TablePlan } from '@lakehaul/core';
import { z } from 'zod';
import type { LedgerRecord, RecordStore } from './records.ts';

/** The only kind that may follow a plan: everything else decides what is read and how. */
const LATER = /^rounding:.+$/s;

export const acknowledgedRecord = z.object({
  schemaVersion: z.literal(1),
  acknowledgements: z.array(z.string().regex(LATER)),
  /** Absent where the configuration said it, and in older records. */
  who: z.string().min(1).optional(),
  reason: z.string().min(1).optional(),
  /** The caller's own name of the act: coming twice, it is recorded once. */
  request: z.string().min(1).optional(),
});

export function mayFollowPlan(acknowledgement: string): boolean {
  return LATER.test(acknowledgement);
}

export type AcknowledgedRecord = z.infer<typeof acknowledgedRecord>;

export class Acknowledged {
  readonly #records: RecordStore;

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** Nothing is asked for a table without VARIANT columns: only those have something to acknowledge later. */
  async of(plan: Pick<TablePlan, 'tableId' | 'columns'>): Promise<string[]> {
    if (!plan.columns.some((column) => !column.excluded && column.target.type.kind === 'VARIANT')) return [];
    return (await this.records(plan.tableId)).flatMap((record) => record.body.acknowledgements);
  }

  /** Oldest first. */
  records(tableId: string): Promise<LedgerRecord<AcknowledgedRecord>[]> {
    return this.#records.readAll(`acknowledged/${tableId}`, acknowledgedRecord);
  }

  /** Those of a configuration that neither the plan nor an earlier record has. */
  async missing(plan: TablePlan, configured: readonly string[]): Promise<string[]> {
    const known = new Set([...plan.acknowledgements, ...(await this.of(plan))]);
    return configured.filter((each) => LATER.test(each) && !known.has(each));
  }

  async append(tableId: string, acknowledgements: string[]): Promise<void> {
    await this.#records.append(`acknowledged/${tableId}`, { schemaVersion: 1, acknowledgements });
  }

  /** By a person; the same request again records nothing more, whichever process it comes to. */
  async acknowledge(
    tableId: string,
    acknowledgements: string[],
    by: { who: string; reason: string; request: string },
  ): Promise<void> {
    for (;;) {
      const records = await this.records(tableId);
      if (records.some(({ body }) => body.request === by.request)) return;
      const number = String(records.length + 1).padStart(10, '0');
      const body = { schemaVersion: 1, acknowledgements, ...by } as const;
      if ((await this.#records.write(`acknowledged/${tableId}/${number}`, body)).isMine) return;
    }
  }
}
