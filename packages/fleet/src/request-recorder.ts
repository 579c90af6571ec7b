/** Writes into the ledger what this process asked S3, so that the cost knows it after a restart and in every process. */
import type { Ledger, S3RequestCounts } from '@lakehaul/ledger';

/** Requests that are worth a record of their own; beyond, a record when there are so much more than in the last one. */
const FIRST = 1_000n;
const GROWTH_PERCENT = 5n;

export class RequestRecorder {
  readonly #ledger: Pick<Ledger, 'requests'>;
  readonly #process: string;
  readonly #counts: () => S3RequestCounts;
  #written = 0;
  #recorded = 0n;

  constructor(deps: { ledger: Pick<Ledger, 'requests'>; process: string; counts: () => S3RequestCounts }) {
    this.#ledger = deps.ledger;
    this.#process = deps.process;
    this.#counts = deps.counts;
  }

  async runOnce(): Promise<void> {
    const grown = sum(this.#counts()) - this.#recorded;
    if (grown >= FIRST && grown * 100n >= this.#recorded * GROWTH_PERCENT) await this.#write();
  }

  /** When the process ends in order: what came since the last record. */
  async close(): Promise<void> {
    if (sum(this.#counts()) > this.#recorded) await this.#write();
  }

  async #write(): Promise<void> {
    const counts = this.#counts();
    await this.#ledger.requests.write(this.#process, this.#written + 1, counts);
    this.#written += 1;
    this.#recorded = sum(counts);
  }
}

function sum({ puts, lists, gets }: S3RequestCounts): bigint {
  return puts + lists + gets;
}
