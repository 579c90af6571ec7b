/**
 * Business processes that somebody outside, a monitoring system or a person, declares failing or well again: a numbered
 * series of records per process, the last one counts. They are evidence for the decision to switch; here they are only kept.
 */
import { z } from 'zod';
import type { LedgerRecord, RecordStore } from './records.ts';

export const SIGNALS = 'signals';

/** A process's name is part of a key. */
export const PROCESS_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export const signalRecord = z.object({
  schemaVersion: z.literal(1),
  process: z.string().regex(PROCESS_NAME),
  status: z.enum(['failing', 'ok']),
  who: z.string().min(1),
  reason: z.string().min(1),
});

export type ProcessSignal = z.infer<typeof signalRecord>;

export class ProcessSignals {
  readonly #records: RecordStore;

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** What was declared of every process, oldest first: one LIST, and a GET for what is new. */
  all(): Promise<LedgerRecord<ProcessSignal>[]> {
    return this.#records.readAll(SIGNALS, signalRecord);
  }

  async current(process: string): Promise<LedgerRecord<ProcessSignal> | null> {
    return this.#records.latest(`${SIGNALS}/${process}`, signalRecord);
  }

  /** Declaring what is declared already changes nothing, so a signal that is sent again and again is one record. */
  async declare(signal: Omit<ProcessSignal, 'schemaVersion'>): Promise<{ isChanged: boolean }> {
    for (;;) {
      const before = await this.current(signal.process);
      if ((before?.body.status ?? 'ok') === signal.status) return { isChanged: false };
      const number = String(Number(before === null ? 0 : numberOf(before.key)) + 1).padStart(10, '0');
      const body: ProcessSignal = { schemaVersion: 1, ...signal };
      const written = await this.#records.write(`${SIGNALS}/${signal.process}/${number}`, body, before?.key ?? null);
      if (written.isMine) return { isChanged: true };
    }
  }
}

/** The newest of each process. */
export function newestSignals(all: readonly LedgerRecord<ProcessSignal>[]): LedgerRecord<ProcessSignal>[] {
  const newest = new Map<string, LedgerRecord<ProcessSignal>>();
  for (const record of all) {
    const known = newest.get(record.body.process);
    if (known === undefined || numberOf(record.key) > numberOf(known.key)) newest.set(record.body.process, record);
  }
  return [...newest.values()];
}

function numberOf(key: string): number {
  return Number(key.split('/').at(-1)?.replace('.json', ''));
}
