/**
 * Requests to S3 by each process that hauls, as its own numbered series: each record has the numbers since the process
 * began, so that the last one is all that counts and no reader adds anything twice. A process writes one when its numbers
 * have grown by a share, so there are few however long it runs, and when it ends; what a killed one did after its last
 * record is not known.
 */
import { z } from 'zod';
import type { RecordStore } from './records.ts';

export const S3_REQUESTS = 's3-requests';

const whole = z.string().regex(/^\d+$/);
export const requestRecord = z.object({ schemaVersion: z.literal(1), puts: whole, lists: whole, gets: whole });

export interface S3RequestCounts {
  puts: bigint;
  lists: bigint;
  /** GET, HEAD and all else that is billed so. */
  gets: bigint;
}

export interface S3RequestTotal extends S3RequestCounts {
  /** Processes that ever recorded anything. */
  processes: number;
}

/** A name that no other process has: a pod's host name comes back. */
export const PROCESS_ID = /^[0-9a-f-]{36}$/;

export class RequestLog {
  readonly #records: RecordStore;
  /** Of each process: path of its last record that was read, and what it says. */
  readonly #known = new Map<string, { path: string; counts: S3RequestCounts }>();

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** `number` is one higher than that of the process's last record, from 1 on. */
  async write(process: string, number: number, { puts, lists, gets }: S3RequestCounts): Promise<void> {
    const path = `${S3_REQUESTS}/${process}/${String(number).padStart(10, '0')}`;
    const body = { schemaVersion: 1 as const, puts: `${puts}`, lists: `${lists}`, gets: `${gets}` };
    await this.#records.write(path, body);
  }

  async total(): Promise<S3RequestTotal> {
    const last = new Map<string, string>();
    // In key order: the last one of each process is the newest.
    for (const { path } of await this.#records.list(S3_REQUESTS)) last.set(path.split('/')[1] ?? '', path);
    const sum = { puts: 0n, lists: 0n, gets: 0n, processes: last.size };
    for (const [process, path] of last) {
      const counts = await this.#read(process, path);
      sum.puts += counts.puts;
      sum.lists += counts.lists;
      sum.gets += counts.gets;
    }
    return sum;
  }

  async #read(process: string, path: string): Promise<S3RequestCounts> {
    const known = this.#known.get(process);
    if (known?.path === path) return known.counts;
    const record = await this.#records.read(path, requestRecord);
    const { puts = '0', lists = '0', gets = '0' } = record?.body ?? {};
    const counts = { puts: BigInt(puts), lists: BigInt(lists), gets: BigInt(gets) };
    this.#known.set(process, { path, counts });
    return counts;
  }
}
