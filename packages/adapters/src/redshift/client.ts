import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementCommandOutput,
  type Field,
  GetStatementResultCommand,
  ListStatementsCommand,
  RedshiftDataClient,
  type StatementData,
  type StatusString,
} from '@aws-sdk/client-redshift-data';
import { LakehaulError, must } from '@lakehaul/core';
import { translateRedshiftError } from './errors.ts';
import type { RedshiftDeps, RedshiftOptions } from './options.ts';
import { RateLimiter } from './rate-limiter.ts';

/** DescribeStatement's WaitTimeSeconds ends at 30 (client-redshift-data models_0.d.ts). */
const LONGEST_WAIT_SECONDS = 20;

/** The one place that sends commands: limiter, `outside`, and errors turned into ours. */
export class DataApi {
  readonly endpoint: string;
  readonly #client: RedshiftDataClient;
  readonly #options: RedshiftOptions;
  readonly #deps: RedshiftDeps;
  readonly #limiter: RateLimiter;

  constructor(options: RedshiftOptions, deps: RedshiftDeps) {
    this.endpoint = options.endpoint ?? `https://redshift-data.${options.region}.amazonaws.com`;
    this.#options = options;
    this.#deps = deps;
    this.#limiter = new RateLimiter(deps.clock);
    this.#client = new RedshiftDataClient({
      region: options.region,
      // Retries are `outside`'s alone: two layers of them multiply.
      maxAttempts: 1,
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    });
  }

  /** One transaction. Safe to repeat for 8 h by its token (RMG data-api.md). */
  async batch(request: { sqls: readonly string[]; name: string; token: string }): Promise<string> {
    const input = {
      ...this.#target(),
      Sqls: [...request.sqls],
      StatementName: request.name,
      ClientToken: request.token,
    };
    const output = await this.#send('BatchExecuteStatement', request.name, (abortSignal) =>
      this.#client.send(new BatchExecuteStatementCommand(input), { abortSignal }),
    );
    return must(output.Id, `id of ${request.name}`);
  }

  /** With `wait` the answer comes when the statement ends, or after a while. */
  describe(
    id: string,
    options: { wait?: boolean; signal?: AbortSignal } = {},
  ): Promise<DescribeStatementCommandOutput> {
    const input = { Id: id, ...(options.wait === true ? { WaitTimeSeconds: LONGEST_WAIT_SECONDS } : {}) };
    return this.#send(
      'DescribeStatement',
      id,
      (abortSignal) => this.#client.send(new DescribeStatementCommand(input), { abortSignal }),
      options.signal,
    );
  }

  /** All rows of one statement's result as text. `id` is `<batch id>:<1-based statement>`. */
  async rows(id: string): Promise<(string | null)[][]> {
    const rows: (string | null)[][] = [];
    let token: string | undefined;
    do {
      const input = { Id: id, ...(token === undefined ? {} : { NextToken: token }) };
      const page = await this.#send('GetStatementResult', id, (abortSignal) =>
        this.#client.send(new GetStatementResultCommand(input), { abortSignal }),
      );
      for (const record of page.Records ?? []) rows.push(record.map(fieldText));
      token = page.NextToken;
    } while (token !== undefined);
    return rows;
  }

  /** Newest first. The name is a prefix for the service, so callers compare it whole. */
  async *list(namePrefix: string, status: StatusString = 'ALL'): AsyncGenerator<StatementData, void, void> {
    let token: string | undefined;
    do {
      const input = {
        StatementName: namePrefix,
        Status: status,
        MaxResults: 100,
        ...(token === undefined ? {} : { NextToken: token }),
      };
      const page = await this.#send('ListStatements', namePrefix, (abortSignal) =>
        this.#client.send(new ListStatementsCommand(input), { abortSignal }),
      );
      yield* page.Statements ?? [];
      token = page.NextToken;
    } while (token !== undefined);
  }

  async cancel(id: string): Promise<void> {
    await this.#send('CancelStatement', id, (abortSignal) =>
      this.#client.send(new CancelStatementCommand({ Id: id }), { abortSignal }),
    );
  }

  close(): void {
    this.#client.destroy();
  }

  #target(): Record<'Database', string> &
    Partial<Record<'ClusterIdentifier' | 'WorkgroupName' | 'SecretArn' | 'DbUser', string>> {
    const { kind, clusterIdentifier, workgroupName, secretArn, dbUser, database } = this.#options;
    return {
      Database: database,
      ...(kind === 'provisioned'
        ? { ClusterIdentifier: must(clusterIdentifier, 'source.clusterIdentifier') }
        : { WorkgroupName: must(workgroupName, 'source.workgroupName') }),
      ...(secretArn === undefined ? {} : { SecretArn: secretArn }),
      // Serverless has no DbUser, and a secret names its own user (RMG data-api.md).
      ...(dbUser === undefined || secretArn !== undefined || kind === 'serverless' ? {} : { DbUser: dbUser }),
    };
  }

  async #send<T>(
    operation: string,
    what: string,
    call: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await this.#limiter.take(operation, signal);
    const attempt = async (abortSignal: AbortSignal): Promise<T> => {
      try {
        return await call(abortSignal);
      } catch (error) {
        // The SDK only says that it was aborted; the reason says by whom.
        abortSignal.throwIfAborted();
        throw translateRedshiftError(error, `${operation} ${what}`);
      }
    };
    return this.#deps.outside(`redshift.${operation}`, attempt, {
      isIdempotent: true,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/** Statements cast what may be long to VARCHAR; a number that came as one anyway must not have lost digits on its way. */
export function fieldText(field: Field): string | null {
  if (field.isNull === true) return null;
  if (field.stringValue !== undefined) return field.stringValue;
  if (field.booleanValue !== undefined) return String(field.booleanValue);
  if (field.longValue !== undefined && Number.isSafeInteger(field.longValue)) return String(field.longValue);
  throw new LakehaulError('INTERNAL', 'a result column is not cast to text: its digits may be lost');
}
