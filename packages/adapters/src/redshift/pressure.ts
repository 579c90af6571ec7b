import { type Clock, LakehaulError, must } from '@lakehaul/core';
import type { PressureRequest, SourcePressure } from '../ports.ts';
import { CANARY_GROUP, canarySql, READING_GROUP, readingSql, STORAGE_SQL } from './pressure-sql.ts';
import type { Statements } from './statements.ts';
import { CLOCK_SQL } from './write-history-sql.ts';

type Row = readonly (string | null)[];

const SLOW_EVERY_MS = 300_000;

type Slow = Pick<SourcePressure, 'seesAllStatements' | 'storagePercent' | 'storageUnread'>;

/** One look at the source's pain: a canary first, then what the history says, the canary's own time included. */
export class PressureReader {
  readonly #statements: Statements;
  readonly #clock: Clock;
  #slow: { answer: Slow; askedMs: number } | null = null;
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
  async read({ windowMs, timeoutMs, canaryTable, signal: stop }: PressureRequest): Promise<SourcePressure> {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = stop === undefined ? late : AbortSignal.any([stop, late]);
    try {
      const settings = { timeoutMs, signal };
      if (canaryTable !== null && !this.#isCanaryRefused) await this.#canary(canarySql(canaryTable), settings);
      const [rows = []] = await this.#statements.query('reading', [readingSql(windowMs, this.#canaries)], signal, {
        ...{ queryGroup: READING_GROUP, timeoutMs },
      });
      const canary = rows.find(([what]) => what === 'canary')?.[2];
      return {
        ...totals(rows),
        queueTimeMs: percentile95Ms(rows),
        canaryMs: canary === undefined || canary === null ? null : millis(canary),
        ...(await this.#slowly(timeoutMs, signal)),
      };
    } catch (thrown) {
      if (!late.aborted) throw thrown;
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

  /** Rights and storage change slowly, and each question would wait in the queue once more. */
  async #slowly(timeoutMs: number, signal: AbortSignal): Promise<Slow> {
    const nowMs = this.#clock.nowMs();
    if (this.#slow !== null && nowMs - this.#slow.askedMs < SLOW_EVERY_MS) return this.#slow.answer;
    const [rows = []] = await this.#statements.query('rights', [CLOCK_SQL], signal, {
      ...{ queryGroup: READING_GROUP, timeoutMs },
    });
    const seesAllStatements = must(rows[0], 'row of the own user in svv_user_info')[1] === '1';
    const { percent, unread } = this.#isServerless
      ? { percent: null, unread: 'serverless has no view of its storage' }
      : await this.#askStorage(timeoutMs, signal);
    const answer = { seesAllStatements, storagePercent: percent, storageUnread: unread };
    this.#slow = { answer, askedMs: nowMs };
    return answer;
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

/** Null when nothing waited or started lately. */
function percentile95Ms(rows: readonly Row[]): number | null {
  const waits = rows.filter(([what]) => what === 'wait').map((row) => Number(row[2] ?? '0'));
  const count = Number(rows.find(([what]) => what === 'waited')?.[2] ?? '0');
  if (count === 0 || waits.length === 0) return null;
  // A UNION keeps no order.
  waits.sort((a, b) => b - a);
  return millis(must(waits[Math.min(Math.floor(count * 0.05), waits.length - 1)], 'a wait'));
}

function millis(micros: string | number): number {
  return Math.round(Number(micros) / 1_000);
}
