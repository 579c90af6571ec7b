import { type Clock, LakehaulError, must } from '@lakehaul/core';
import type { PressureRequest, SourcePressure } from '../ports.ts';
import {
  CANARY_GROUP,
  COUNTS_SQL,
  canarySql,
  canaryTimeSql,
  READING_GROUP,
  STORAGE_SQL,
  waitCountSql,
  waitsSql,
} from './pressure-sql.ts';
import type { Statements } from './statements.ts';
import { CLOCK_SQL } from './write-history-sql.ts';

type Row = readonly (string | null)[];

/** Storage fills slowly, and asking is a batch of its own. */
const STORAGE_EVERY_MS = 300_000;

/** One look at the source's pain: a canary first, then what the history says, the canary's own time included. */
export class PressureReader {
  readonly #statements: Statements;
  readonly #clock: Clock;
  /** Null: what is asked has no such view. */
  #storage: { percent: number | null; unread: string | null; askedMs: number } | null = null;
  readonly #isServerless: boolean;
  #isCanaryRefused = false;
  /** Newest first; the view may be slow to tell of the last one. */
  #canaries: string[] = [];

  constructor(statements: Statements, clock: Clock, kind: 'provisioned' | 'serverless') {
    this.#statements = statements;
    this.#clock = clock;
    this.#isServerless = kind === 'serverless';
  }

  /** Throws when the source does not answer within the time-out, the wait in its queue included. */
  async read({ windowMs, timeoutMs, canaryTable }: PressureRequest): Promise<SourcePressure> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const settings = { timeoutMs, signal };
      if (canaryTable !== null && !this.#isCanaryRefused) await this.#canary(canarySql(canaryTable), settings);
      const canaries = this.#canaries.length === 0 ? [] : [canaryTimeSql(this.#canaries)];
      const asked = [CLOCK_SQL, COUNTS_SQL, waitCountSql(windowMs), waitsSql(windowMs), ...canaries];
      const [clock = [], counts = [], waited = [], waits = [], times = []] = await this.#statements.query(
        'reading',
        asked,
        signal,
        { queryGroup: READING_GROUP, timeoutMs },
      );
      return {
        seesAllStatements: must(clock[0], 'row of the own user in svv_user_info')[1] === '1',
        ...totals(counts),
        queueTimeMs: percentile95Ms(Number(waited[0]?.[0] ?? '0'), waits),
        canaryMs: times[0] === undefined ? null : millis(times[0][0]),
        ...(await this.#readStorage(timeoutMs, signal)),
      };
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
      throw new LakehaulError('ANSWER_LOST', `the source did not answer a reading within ${timeoutMs} ms`, {
        cause: thrown,
      });
    }
  }

  async #canary(sql: string, { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
    let queryId: string | undefined;
    try {
      await this.#statements.query('canary', [sql], signal, {
        ...{ queryGroup: CANARY_GROUP, timeoutMs },
        onEnded: (statement) => {
          queryId = statement.queryIds.at(-1);
        },
      });
    } catch (error) {
      // A table that is gone is no pain; the other signs still tell.
      if (!isRefusal(error)) throw error;
      this.#isCanaryRefused = true;
      this.#canaries = [];
    }
    if (queryId !== undefined) this.#canaries = [queryId, ...this.#canaries].slice(0, 3);
  }

  async #readStorage(
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Pick<SourcePressure, 'storagePercent' | 'storageUnread'>> {
    const nowMs = this.#clock.nowMs();
    if (this.#isServerless) return { storagePercent: null, storageUnread: 'serverless has no view of its storage' };
    if (this.#storage === null || nowMs - this.#storage.askedMs >= STORAGE_EVERY_MS)
      this.#storage = { ...(await this.#askStorage(timeoutMs, signal)), askedMs: nowMs };
    return { storagePercent: this.#storage.percent, storageUnread: this.#storage.unread };
  }

  async #askStorage(
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ percent: number | null; unread: string | null }> {
    try {
      const [rows = []] = await this.#statements.query('storage', [STORAGE_SQL], signal, {
        ...{ queryGroup: READING_GROUP, timeoutMs },
      });
      const shares = rows.map(([used, capacity]) => (Number(used) * 100) / Math.max(1, Number(capacity)));
      if (shares.length > 0) return { percent: Math.max(...shares), unread: null };
      return { percent: null, unread: 'stv_node_storage_capacity shows this user no node' };
    } catch (error) {
      if (isRefusal(error))
        return { percent: null, unread: 'stv_node_storage_capacity may be read by superusers only' };
      throw error;
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof LakehaulError && (error.code === 'PERMISSION_DENIED' || error.code === 'TABLE_MISSING');
}

function totals(rows: readonly Row[]): Pick<SourcePressure, 'queued' | 'running' | 'runningOurs'> {
  const sum = (keep: (state: string, isOurs: boolean) => boolean) =>
    rows
      .filter(([state, ours]) => keep(state ?? '', ours === '1'))
      .reduce((total, row) => total + Number(row[2] ?? '0'), 0);
  return {
    queued: sum((state) => state === 'queued'),
    running: sum((state) => state === 'running'),
    runningOurs: sum((state, isOurs) => state === 'running' && isOurs),
  };
}

/** Of `count` waits, of which the longest are known. Null without any. */
function percentile95Ms(count: number, longest: readonly Row[]): number | null {
  if (count === 0 || longest.length === 0) return null;
  const above = Math.min(Math.floor(count * 0.05), longest.length - 1);
  return millis(must(longest[above], 'a wait')[0]);
}

function millis(micros: string | null | undefined): number {
  return Math.round(Number(micros ?? '0') / 1_000);
}
