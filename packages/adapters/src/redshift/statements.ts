import { createHash } from 'node:crypto';
import type { DescribeStatementCommandOutput, StatementData } from '@aws-sdk/client-redshift-data';
import { LakehaulError, must } from '@lakehaul/core';
import { redshiftMessage } from '../engine-message.ts';
import type { SourceStatement, StatementStatus } from '../ports.ts';
import type { DataApi } from './client.ts';
import { databaseError } from './errors.ts';
import type { RedshiftDeps, StatementLimits } from './options.ts';
import { QUERY_GROUP } from './unload-sql.ts';

const STATUS: Readonly<Record<string, StatementStatus>> = {
  SUBMITTED: 'running',
  PICKED: 'running',
  STARTED: 'running',
  FINISHED: 'finished',
  FAILED: 'failed',
  ABORTED: 'aborted',
};

/** How often a statement is asked for when too many wait for it already. */
const POLL_MS = 2_000;

/** ClientToken is 1 to 64 characters. The SQL is in it: what the service does with another body is not documented. */
export function tokenOf(seed: string, sqls: readonly string[]): string {
  const hash = createHash('sha256').update(seed);
  for (const sql of sqls) hash.update('\0').update(sql);
  return hash.digest('hex');
}

export interface QueryOptions {
  /** What the source's workload management and history know it by. */
  queryGroup?: string;
  timeoutMs?: number;
  /** Gets each batch when it has finished. */
  onEnded?: (statement: SourceStatement) => void;
}

/** Sending, finding, awaiting and reading statements. */
export class Statements {
  readonly api: DataApi;
  readonly #deps: RedshiftDeps;
  readonly #limits: StatementLimits;

  constructor(api: DataApi, deps: RedshiftDeps, limits: StatementLimits) {
    this.api = api;
    this.#deps = deps;
    this.#limits = limits;
  }

  async submit(request: { sqls: readonly string[]; name: string; token: string }): Promise<string> {
    if (request.sqls.length > this.#limits.perBatch)
      throw new LakehaulError(
        'STATEMENT_TOO_LONG',
        `${request.name} has ${request.sqls.length} statements, a batch holds ${this.#limits.perBatch}`,
      );
    const tooLong = request.sqls.find((sql) => Buffer.byteLength(sql) > this.#limits.bytes);
    if (tooLong !== undefined)
      throw new LakehaulError(
        'STATEMENT_TOO_LONG',
        `a statement of ${request.name} has ${Buffer.byteLength(tooLong)} bytes, the limit is ${this.#limits.bytes}`,
      );
    return this.api.batch({ ...request, token: tokenOf(request.token, request.sqls) });
  }

  /** The newest statement of exactly this name; the service keeps them for 24 h. */
  async find(name: string): Promise<SourceStatement | null> {
    let newest: StatementData | null = null;
    for await (const found of this.api.list(name))
      if (found.StatementName === name && (newest === null || (found.CreatedAt ?? 0) > (newest.CreatedAt ?? 0)))
        newest = found;
    if (newest === null) return null;
    return { ...(await this.describe(must(newest.Id, `id of ${name}`))), statementName: name };
  }

  async running(namePrefix: string): Promise<{ statementId: string; statementName: string }[]> {
    const found = new Map<string, string>();
    // In the order in which a statement goes through them: one that moves on meanwhile is seen in the next.
    for (const status of ['SUBMITTED', 'PICKED', 'STARTED'] as const)
      for await (const { Id, StatementName } of this.api.list(namePrefix, status))
        found.set(must(Id, `id of ${StatementName}`), StatementName ?? '');
    return [...found].map(([statementId, statementName]) => ({ statementId, statementName }));
  }

  async describe(statementId: string): Promise<SourceStatement> {
    return statementOf(await this.api.describe(statementId));
  }

  /** Cancelling what has ended already is no error. */
  async cancel(statementId: string): Promise<void> {
    try {
      await this.api.cancel(statementId);
    } catch (error) {
      const statement = await this.describe(statementId);
      if (statement.status === 'running') throw error;
    }
  }

  /** An abort ends the waiting only: the statement goes on, and whoever comes next finds it by its name. */
  async await(statementId: string, signal?: AbortSignal): Promise<SourceStatement> {
    for (;;) {
      signal?.throwIfAborted();
      const statement = statementOf(await this.#wait(statementId, signal));
      if (statement.status !== 'running') return statement;
    }
  }

  async #wait(statementId: string, signal: AbortSignal | undefined): Promise<DescribeStatementCommandOutput> {
    const options = signal === undefined ? {} : { signal };
    try {
      return await this.api.describe(statementId, { ...options, wait: true });
    } catch (error) {
      // Only so many may wait for one statement (ActiveWaitingRequestsExceededException); the others ask now and then.
      if (!(error instanceof LakehaulError) || error.code !== 'THROTTLED') throw error;
      await this.#deps.clock.sleep(POLL_MS, signal);
      return this.api.describe(statementId, options);
    }
  }

  /**
   * Reads: all queries in one transaction, under UTC and without the result cache. Answers the rows of each query.
   * What a read costs the source ends with its time-out, whoever still listens.
   */
  async query(
    what: string,
    queries: readonly string[],
    signal?: AbortSignal,
    { queryGroup = QUERY_GROUP, timeoutMs = this.#limits.sourceTimeoutMs, onEnded }: QueryOptions = {},
  ): Promise<(string | null)[][][]> {
    const settings = [
      `SET query_group TO '${queryGroup}'`,
      "SET timezone TO 'UTC'",
      'SET enable_result_cache_for_session TO off',
      `SET statement_timeout TO ${Math.round(timeoutMs)}`,
      // All names here are quoted as the catalogue tells them; without it Redshift would fold those too.
      'SET enable_case_sensitive_identifier TO true',
    ];
    const answers: (string | null)[][][] = [];
    const room = this.#limits.perBatch - settings.length;
    for (let from = 0; from < queries.length; from += room) {
      const part = queries.slice(from, from + room);
      const id = this.#deps.ids.uuid();
      const name = `lakehaul-${what}-${id}`;
      const statementId = await this.submit({ sqls: [...settings, ...part], name, token: id });
      const ended = await this.await(statementId, signal);
      if (ended.status !== 'finished')
        throw databaseError(ended.status === 'aborted' ? 'aborted' : 'failed', ended.error ?? 'no message', what);
      onEnded?.(ended);
      for (const index of part.keys())
        answers.push(await this.api.rows(`${statementId}:${settings.length + index + 1}`));
    }
    return answers;
  }
}

function statementOf(described: DescribeStatementCommandOutput): SourceStatement {
  const subs = described.SubStatements ?? [];
  const failed = subs.find((sub) => sub.Error !== undefined);
  const error = described.Error ?? failed?.Error;
  const queryIds = (subs.length > 0 ? subs : [described])
    .map((each) => each.RedshiftQueryId ?? 0)
    // 0 and -1 stand for statements that never reached the engine's queue.
    .filter((id) => id > 0)
    .map(String);
  return {
    statementId: must(described.Id, 'id of a statement'),
    statementName: '',
    status: STATUS[described.Status ?? ''] ?? 'running',
    error: error === undefined ? null : redshiftMessage(error),
    queryIds,
    // Nanoseconds; rounded to whole milliseconds long before 2^53 matters.
    durationMs: Math.round((described.Duration ?? 0) / 1_000_000),
  };
}
