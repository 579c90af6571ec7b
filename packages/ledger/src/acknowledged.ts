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
});

export type AcknowledgedRecord = z.infer<typeof acknowledgedRecord>;

export class Acknowledged {
  readonly #records: RecordStore;

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** Nothing is asked for a table without VARIANT columns: only those have something to acknowledge later. */
  async of(plan: Pick<TablePlan, 'tableId' | 'columns'>): Promise<string[]> {
    if (!plan.columns.some((column) => !column.excluded && column.target.type.kind === 'VARIANT')) return [];
    const records: LedgerRecord<AcknowledgedRecord>[] = await this.#records.readAll(
      `acknowledged/${plan.tableId}`,
      acknowledgedRecord,
    );
    return records.flatMap((record) => record.body.acknowledgements);
  }

  /** Those of a configuration that neither the plan nor an earlier record has. */
  async missing(plan: TablePlan, configured: readonly string[]): Promise<string[]> {
    const known = new Set([...plan.acknowledgements, ...(await this.of(plan))]);
    return configured.filter((each) => LATER.test(each) && !known.has(each));
  }

  async append(tableId: string, acknowledgements: string[]): Promise<void> {
    await this.#records.append(`acknowledged/${tableId}`, { schemaVersion: 1, acknowledgements });
  }
}
