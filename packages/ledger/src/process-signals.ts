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
  readonly #known = new Map<string, LedgerRecord<ProcessSignal>>();

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** What was declared of every process, ever; each record is read once. */
  all(): Promise<LedgerRecord<ProcessSignal>[]> {
    return this.#records.readNew(SIGNALS, this.#known, signalRecord);
  }

  /** The newest of each process: one LIST, and a GET a process, whatever a monitoring system has said over weeks. */
  async newest(): Promise<LedgerRecord<ProcessSignal>[]> {
    const paths = new Map<string, string>();
    for (const { path } of await this.#records.list(SIGNALS)) paths.set(path.split('/')[1] ?? '', path);
    return this.#records.readEach([...paths.values()], signalRecord);
  }

  async current(process: string): Promise<LedgerRecord<ProcessSignal> | null> {
    return this.#records.latest(`${SIGNALS}/${process}`, signalRecord);
  }

  /** Number of the newest record of a process; 0 before one. */
  async number(process: string): Promise<number> {
    const newest = await this.current(process);
    return newest === null ? 0 : numberOf(newest.key);
  }

  /**
   * Declaring what is declared already changes nothing, so a signal that is sent again and again is one record. `after` is
   * the number that stood when it was asked for: said again after a crash it finds its own record among the later ones, and
   * takes back nothing that somebody else has said since.
   */
  async declare(signal: Omit<ProcessSignal, 'schemaVersion'>, after?: number): Promise<{ isChanged: boolean }> {
    if (after !== undefined) {
      const later = await this.#records.since(`${SIGNALS}/${signal.process}`, after, signalRecord);
      const { who, reason, status } = signal;
      if (later.some(({ body }) => body.who === who && body.reason === reason && body.status === status))
        return { isChanged: true };
    }
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

function numberOf(key: string): number {
  return Number(key.split('/').at(-1)?.replace('.json', ''));
}
