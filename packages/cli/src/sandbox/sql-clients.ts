/** Plain SQL on either side, through the real drivers, rows as text: for people and for the demo's own writes. */
import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  type Field,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { DBSQLClient } from '@databricks/sql';
import { LakehaulError } from '@lakehaul/core';
import type { SandboxState } from './state.ts';

export interface SqlRows {
  columns: string[];
  rows: (string | null)[][];
}

export interface SqlClient extends AsyncDisposable {
  run(sql: string): Promise<SqlRows>;
}

export function openRedshiftSql(state: Pick<SandboxState, 'endpoints' | 'credentials'>): SqlClient {
  const client = new RedshiftDataClient({
    endpoint: state.endpoints.redshift,
    region: 'us-east-1',
    credentials: { accessKeyId: state.credentials.accessKeyId, secretAccessKey: state.credentials.secretAccessKey },
  });
  return {
    async run(sql) {
      const { Id } = await client.send(
        new ExecuteStatementCommand({ Sql: sql, Database: 'dev', ClusterIdentifier: 'sandbox', DbUser: 'lakehaul' }),
      );
      let described = await client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
      while (described.Status !== 'FINISHED' && described.Status !== 'FAILED' && described.Status !== 'ABORTED')
        described = await client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
      if (described.Status !== 'FINISHED')
        throw new LakehaulError('SOURCE_STATEMENT_FAILED', described.Error ?? described.Status, {
          disposition: 'refuse',
          next: 'mend the statement',
        });
      if (described.HasResultSet !== true) return { columns: [], rows: [] };
      const rows: (string | null)[][] = [];
      let columns: string[] = [];
      let token: string | undefined;
      do {
        const page = await client.send(new GetStatementResultCommand({ Id, NextToken: token }));
        columns = (page.ColumnMetadata ?? []).map((column) => column.name ?? '');
        for (const record of page.Records ?? []) rows.push(record.map(fieldText));
        token = page.NextToken;
      } while (token !== undefined);
      return { columns, rows };
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

function fieldText(field: Field): string | null {
  if (field.isNull === true) return null;
  const value = field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
  return value === undefined
    ? field.blobValue === undefined
      ? null
      : Buffer.from(field.blobValue).toString('hex')
    : String(value);
}

/** One session on a connection of its own. */
export async function openDatabricksSql(state: Pick<SandboxState, 'endpoints' | 'credentials'>): Promise<SqlClient> {
  const connection = await connectDatabricks(state);
  const session = await connection.openSession().catch(async (thrown: unknown) => {
    await connection[Symbol.asyncDispose]();
    throw thrown;
  });
  return {
    run: (sql) => session.run(sql),
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}

/** Connected once for many sessions: with an authority of its own to trust, each new connection reads all of Node's again (46 ms). */
export interface DatabricksConnection extends AsyncDisposable {
  openSession(): Promise<SqlClient>;
}

export async function connectDatabricks(
  state: Pick<SandboxState, 'endpoints' | 'credentials'>,
): Promise<DatabricksConnection> {
  const { host, port, httpPath, caPem } = state.endpoints.databricks;
  const client = new DBSQLClient({ logger: { log: () => undefined } });
  await client.connect({
    host,
    port,
    path: httpPath,
    token: state.credentials.token,
    customCaCert: Buffer.from(caPem),
    telemetryEnabled: false,
    preserveBigNumericPrecision: true,
  });
  return {
    openSession: () => openSession(client),
    [Symbol.asyncDispose]: () => client.close().catch(unlessForgotten),
  };
}

/** A warehouse that was restarted has forgotten its sessions: there is nothing left to close. */
function unlessForgotten(thrown: unknown): void {
  const message = typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : '';
  if (!message.includes('INVALID_HANDLE')) throw thrown;
}

async function openSession(client: DBSQLClient): Promise<SqlClient> {
  const session = await client.openSession({ configuration: { TIMEZONE: 'UTC' } });
  return {
    async run(sql) {
      const operation = await session.executeStatement(sql).catch((thrown: unknown) => {
        throw sqlError(thrown);
      });
      try {
        const rows = (await operation.fetchAll().catch((thrown: unknown) => {
          throw sqlError(thrown);
        })) as Record<string, unknown>[];
        const schema = await operation.getSchema();
        const columns = (schema?.columns ?? []).map((column) => column.columnName);
        return { columns, rows: rows.map((row) => columns.map((column) => cellText(row[column]))) };
      } finally {
        await operation.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await session.close().catch(unlessForgotten);
    },
  };
}

/** The driver's StatusError is no Error, so its message is taken wherever it is. */
function sqlError(thrown: unknown): LakehaulError {
  const message =
    typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : String(thrown);
  return new LakehaulError('TARGET_STATEMENT_FAILED', message, { disposition: 'refuse', next: 'mend the statement' });
}

function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
