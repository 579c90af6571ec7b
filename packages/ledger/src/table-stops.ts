/**
 * Tables that are stopped, and why: a numbered series of records per table, the last one counts. A stopped table opens no
 * attempt; what is staged already may go on to its end, its rows are paid for and their proof is evidence. Other tables
 * are not touched. Only a person lifts a stop, with a reason.
 */
import { must } from '@lakehaul/core';
import { z } from 'zod';
import type { LedgerRecord, RecordStore } from './records.ts';
import { errorCode } from './schemas.ts';

const stop = z.object({
  schemaVersion: z.literal(1),
  action: z.literal('stop'),
  /** SYSTEMIC_CAUSE or SCHEMA_DRIFT, or what else made it stop. */
  code: errorCode,
  /** Likely cause in plain words; no row value. */
  reason: z.string(),
  next: z.string(),
  /** Keys of the receipts, or lines of what was seen, that it rests on. */
  evidence: z.array(z.string()),
  /** Of what was seen, so that the same thing is told once. */
  digest: z.string(),
  /** S3 time before the last look that saw no hidden rows; absent when no such look is known. */
  soundUntil: z.iso.datetime().optional(),
});

const resume = z.object({
  schemaVersion: z.literal(1),
  action: z.literal('resume'),
  who: z.string(),
  reason: z.string(),
  /** Digest of the stop that it lifts. */
  digest: z.string(),
  /** The caller's own name of the act: coming twice, it is done once. Absent in older records. */
  request: z.string().optional(),
});

/** What is written exactly, for an audit. */
export const TABLE_EVENT_SHAPE = z.discriminatedUnion('action', [stop.strict(), resume.strict()]);

export type TableStop = z.infer<typeof stop>;
export type TableResume = z.infer<typeof resume>;
const EVENT = z.discriminatedUnion('action', [stop, resume]);
export type TableEvent = z.infer<typeof EVENT>;

/** What is true of a table now. */
export interface TableHalt {
  tableId: string;
  number: number;
  /** S3 time of the newest event: only what came after a resume may stop the table again. */
  sinceMs: number;
  /** Null when the newest event lifted the stop. */
  stop: TableStop | null;
  key: string;
}

export class TableStops {
  readonly #records: RecordStore;
  readonly #known = new Map<string, LedgerRecord<TableEvent>>();

  constructor(records: RecordStore) {
    this.#records = records;
  }

  async current(tableId: string): Promise<TableHalt | null> {
    const latest = await this.#records.latest(`stops/${tableId}`, EVENT);
    return latest === null ? null : haltOf(latest);
  }

  /** Of every table that ever was stopped, by table id: one LIST however many tables there are. */
  async all(): Promise<Map<string, TableHalt>> {
    const halts = new Map<string, TableHalt>();
    for (const record of await this.#records.readAll('stops', EVENT)) {
      const halt = haltOf(record);
      halts.set(halt.tableId, halt);
    }
    return halts;
  }

  /** Every event of every table, each table's in order. */
  history(): Promise<LedgerRecord<TableEvent>[]> {
    return this.#records.readNew('stops', this.#known, EVENT);
  }

  events(tableId: string): Promise<LedgerRecord<TableEvent>[]> {
    return this.#records.readAll(`stops/${tableId}`, EVENT);
  }

  /**
   * Written as the event after the one that was judged on. False when another event came in between: whoever stops a
   * table on what it saw before a person lifted the stop must look again.
   */
  async append(tableId: string, after: TableHalt | null, event: TableEvent): Promise<boolean> {
    return (await this.#records.write(pathAfter(tableId, after?.number ?? 0), event, after?.key ?? null)).isMine;
  }

  /** What came after the event of that number; null while it is the newest. */
  async after(tableId: string, number: number): Promise<TableEvent | null> {
    return (await this.#records.read(pathAfter(tableId, number), EVENT))?.body ?? null;
  }

  /** Lifts exactly the stop that was judged on. True as well when the same request has done so before. */
  async lift(tableId: string, halt: Pick<TableHalt, 'number' | 'key'>, event: TableResume): Promise<boolean> {
    const path = pathAfter(tableId, halt.number);
    if ((await this.#records.write<TableEvent>(path, event, halt.key)).isMine) return true;
    return isLiftedBy(must(await this.after(tableId, halt.number), path), event.request);
  }
}

/** Whether the event is this request's own lift. */
export function isLiftedBy(event: TableEvent, request: string | undefined): boolean {
  return event.action === 'resume' && request !== undefined && event.request === request;
}

function pathAfter(tableId: string, number: number): string {
  return `stops/${tableId}/${String(number + 1).padStart(10, '0')}`;
}

function haltOf(record: LedgerRecord<TableEvent>): TableHalt {
  const [tableId = '', name = ''] = record.key.split('/').slice(-2);
  return {
    tableId,
    number: Number(name.replace('.json', '')),
    sinceMs: record.lastModifiedMs,
    stop: record.body.action === 'stop' ? record.body : null,
    key: record.key,
  };
}
