/**
 * The queries that have ended, in a table that every session reads. Each monitoring query would otherwise have to be
 * handed the whole history, and a watch that samples it makes that quadratic.
 */
import type { Engine } from '../contracts.ts';
import type { QueryEntry, QueryHistory } from './query-history.ts';
import { quoteLiteral } from './quote.ts';

/** Attached to the engine: temporary tables belong to one connection, and sessions come and go. */
const HISTORY_CATALOG = 'history';
export const ENDED_QUERIES = `${HISTORY_CATALOG}.main.ended_queries`;

/** One entry as DuckDB reads it from JSON. */
const QUERY_SHAPE = {
  queryId: 'BIGINT',
  transactionId: 'BIGINT',
  sessionId: 'BIGINT',
  userId: 'BIGINT',
  userName: 'VARCHAR',
  databaseName: 'VARCHAR',
  queryType: 'VARCHAR',
  queryLabel: 'VARCHAR',
  status: 'VARCHAR',
  startMicros: 'BIGINT',
  endMicros: 'BIGINT',
  queueMicros: 'BIGINT',
  executionMicros: 'BIGINT',
  returnedRows: 'BIGINT',
  returnedBytes: 'BIGINT',
  errorMessage: 'VARCHAR',
  queryText: 'VARCHAR',
  unload: {
    format: 'VARCHAR',
    location: 'VARCHAR',
    rowCount: 'BIGINT',
    files: [{ url: 'VARCHAR', rowCount: 'BIGINT', sizeBytes: 'BIGINT' }],
  },
  steps: [{ name: 'VARCHAR', tableId: 'BIGINT', tableName: 'VARCHAR', rowCount: 'BIGINT' }],
};

/** query_text is char(4000) in the real view. */
const QUERY_TEXT_MAX = 4000;

/** A SELECT of the entries, one row each. */
export function queryRows(entries: readonly QueryEntry[]): string {
  const cut = entries.map((entry) => ({ ...entry, queryText: entry.queryText.slice(0, QUERY_TEXT_MAX) }));
  const shape = quoteLiteral(JSON.stringify([QUERY_SHAPE]));
  return `SELECT unnest(from_json(${quoteLiteral(JSON.stringify(cut))}, ${shape}), max_depth := 2)`;
}

/** Entries in one statement: a literal of many megabytes is slower than its parts. */
const ENTRIES_AT_ONCE = 500;

export class EndedQueries {
  private readonly engine: Engine;
  private readonly history: QueryHistory;
  private last: Promise<void> = Promise.resolve();

  private constructor(engine: Engine, history: QueryHistory) {
    this.engine = engine;
    this.history = history;
  }

  static async open(engine: Engine, history: QueryHistory): Promise<EndedQueries> {
    const { connection, release } = await engine.acquire();
    try {
      await connection.run(`ATTACH IF NOT EXISTS ':memory:' AS ${HISTORY_CATALOG}`);
      await connection.run(`CREATE OR REPLACE TABLE ${ENDED_QUERIES} AS ${queryRows([])}`);
    } finally {
      release();
    }
    return new EndedQueries(engine, history);
  }

  /** Afterwards the table has everything that had ended when this was called. */
  refresh(): Promise<void> {
    const next = this.last.then(() => this.append());
    this.last = next.catch(() => undefined);
    return next;
  }

  /** In a transaction of its own: the session's may be older, and may write to its own database only. */
  private async append(): Promise<void> {
    const ended = this.history.takeEnded();
    if (ended.length === 0) return;
    const { connection, release } = await this.engine.acquire();
    try {
      for (let at = 0; at < ended.length; at += ENTRIES_AT_ONCE)
        await connection.run(
          `INSERT INTO ${ENDED_QUERIES} BY NAME ${queryRows(ended.slice(at, at + ENTRIES_AT_ONCE))}`,
        );
    } finally {
      release();
    }
  }
}
