/** The live path of a drill: rows keep arriving in the very table that is being hauled into, whatever else goes wrong. */
import type { SqlClient } from '../sandbox/sql-clients.ts';
import { LIVE_MARK } from './catalogue.ts';

const ROWS_PER_BATCH = 3;
const EVERY_MS = 800;
const AGAIN_MS = 250;
/** Far from every hauled id. */
const FIRST_ID = 1_000_000_000;

export class LiveRows {
  readonly #open: () => Promise<SqlClient>;
  readonly #table: string;
  readonly #stop = new AbortController();
  #client: SqlClient | null = null;
  #written = 0;
  #running: Promise<void> = Promise.resolve();

  /** `open` makes a new connection: a stopped warehouse forgets all sessions. */
  constructor(table: string, open: () => Promise<SqlClient>) {
    this.#table = table;
    this.#open = open;
  }

  get written(): number {
    return this.#written;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when the last batch is surely in the target. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    try {
      await this.#client?.[Symbol.asyncDispose]();
    } catch {
      // A session that the warehouse has forgotten cannot be closed.
    }
  }

  async #run(): Promise<void> {
    do {
      const ids = Array.from({ length: ROWS_PER_BATCH }, (_, index) => FIRST_ID + this.#written + index);
      await this.#writeSurely(ids);
      this.#written += ids.length;
      await pause(EVERY_MS, this.#stop.signal);
    } while (!this.#stop.signal.aborted);
  }

  /** A failed INSERT may have been committed: the first id tells before it is sent again. */
  async #writeSurely(ids: readonly number[]): Promise<void> {
    for (let isAgain = false; ; isAgain = true) {
      try {
        this.#client ??= await this.#open();
        if (isAgain) {
          const found = await this.#client.run(`SELECT id FROM ${this.#table} WHERE id = ${ids[0]} ${LIVE_MARK}`);
          if (found.rows.length > 0) return;
        }
        const rows = ids.map((id) => `(${liveRow(id).join(', ')})`);
        await this.#client.run(`INSERT INTO ${this.#table} (${LIVE_COLUMNS}) VALUES ${rows.join(', ')} ${LIVE_MARK}`);
        return;
      } catch {
        // Whatever it was (a stopped warehouse, a lost session): the live path of a drill never gives up.
        this.#client = null;
        await pause(AGAIN_MS);
      }
    }
  }
}

const LIVE_COLUMNS = 'id, name, note';

/** Every live row is a function of its id, so that the judge can write down what must be there. */
function liveRow(id: number): string[] {
  return [String(id), `'live ${id}'`, `'${'x'.repeat(id % 7)}'`];
}

/** What the live path must have left, as a DuckDB relation with the table's columns. */
export function expectedLiveRows(written: number): string {
  return `SELECT CAST(${FIRST_ID} + i AS BIGINT) AS id, CAST(NULL AS TIMESTAMP) AS seen_at, 'live ' || (${FIRST_ID} + i) AS name,
    CAST(NULL AS DECIMAL(18,4)) AS amount, CAST(NULL AS DOUBLE) AS ratio, repeat('x', CAST((${FIRST_ID} + i) % 7 AS BIGINT)) AS note FROM range(${written}) AS r(i)`;
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
