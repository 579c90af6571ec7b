/**
 * What is used beside the chunks: probes at the source, seals at the target, and every request of our processes to S3,
 * looks at the ledger included. From records, at most once a minute; of many probes and seals some are read, evenly, each
 * once, and each stands for its neighbours.
 */
import { type Ledger, probesPath, type S3RequestTotal } from '@lakehaul/ledger';
import { z } from 'zod';
import type { Run } from './busy-time.ts';

const LOOK_EVERY_MS = 60_000;
const RECORDS_READ = 100;
const PARALLEL_READS = 16;
/** A seal of before they were timed says nothing of its length. */
const timed = z.looseObject({ durationMs: z.number().nonnegative().optional() });

export type UpkeepLedger = Pick<Ledger, 'requests' | 'listRecords' | 'readRecord'>;

export interface Upkeep {
  probes: Run;
  seals: Run;
  requests: S3RequestTotal;
}

export class UpkeepMeter {
  /** Records never change: each is read once. */
  readonly #known = new Map<string, number | null>();
  #last: { upkeep: Upkeep; atMs: number } | null = null;

  /** `nowMs` is S3's. */
  async measure(ledger: UpkeepLedger, nowMs: number): Promise<Upkeep> {
    if (this.#last !== null && nowMs - this.#last.atMs < LOOK_EVERY_MS) return this.#last.upkeep;
    const records = await ledger.listRecords('tables');
    const of = (kind: string) => records.filter(({ path }) => path.split('/')[2] === kind);
    const upkeep = {
      probes: await this.#run(ledger, of(PROBES)),
      seals: await this.#run(ledger, of('seals')),
      requests: await ledger.requests.total(),
    };
    this.#last = { upkeep, atMs: nowMs };
    return upkeep;
  }

  async #run(ledger: UpkeepLedger, records: readonly { path: string; lastModifiedMs: number }[]): Promise<Run> {
    const every = Math.max(1, Math.ceil(records.length / RECORDS_READ));
    const chosen = records.filter((_record, index) => index % every === 0).map(({ path }) => path);
    const lengths: number[] = [];
    for (let start = 0; start < chosen.length; start += PARALLEL_READS) {
      const batch = chosen.slice(start, start + PARALLEL_READS).map((path) => this.#lengthOf(ledger, path));
      for (const length of await Promise.all(batch)) if (length !== null) lengths.push(length);
    }
    const lengthMs = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
    return { seconds: Uint32Array.from(records, ({ lastModifiedMs }) => Math.floor(lastModifiedMs / 1000)), lengthMs };
  }

  async #lengthOf(ledger: UpkeepLedger, path: string): Promise<number | null> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const length = (await ledger.readRecord(path, timed))?.body.durationMs ?? null;
    this.#known.set(path, length);
    return length;
  }
}

const PROBES = probesPath('x').split('/')[2] ?? '';
