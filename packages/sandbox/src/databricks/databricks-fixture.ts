/** A warehouse in a temporary directory, with the unmodified driver connected to it. For tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DBSQLClient } from '@databricks/sql';
import { openEngine } from '../engine.ts';
import { createFaults } from '../faults.ts';
import { ObjectFiles } from '../s3/store.ts';
import { type RunningDatabricks, startDatabricks } from './server.ts';
import type { DatabricksSwitches } from './switches.ts';

export type Row = Record<string, unknown>;
export type Session = Awaited<ReturnType<DBSQLClient['openSession']>>;

export interface Answer {
  rows: Row[];
  modifiedRows: number | null;
  statementId: string;
}

export async function openDatabricks(switches: Partial<DatabricksSwitches> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-databricks-'));
  const engine = await openEngine({ directory, threads: 2, memoryLimit: '1GB' });
  const objects = await ObjectFiles.open(directory);
  await objects.createBucket('lakehaul-warehouse');
  await objects.createBucket('stage');
  const faults = createFaults();
  const credentials = { token: 'dapi-test', clientId: 'machine', clientSecret: 'secret' };
  const server = await startDatabricks({ engine, objects, faults, switches, credentials });
  const clients: DBSQLClient[] = [];

  async function connect(token = server.token, to: RunningDatabricks = server): Promise<DBSQLClient> {
    const client = new DBSQLClient({ logger: { log: () => undefined } });
    clients.push(client);
    await client.connect({
      host: to.host,
      port: to.port,
      path: to.httpPath,
      token,
      customCaCert: to.caPem,
      telemetryEnabled: false,
    });
    return client;
  }

  /** A DuckDB query over staged data, written as one Parquet object. */
  async function stage(key: string, query: string): Promise<string> {
    const file = objects.scratchPath('.parquet');
    const lease = await engine.acquire();
    try {
      await lease.connection.run(`COPY (${query}) TO '${file}' (FORMAT parquet)`);
    } finally {
      lease.release();
    }
    await objects.adopt('stage', key, file);
    return `s3://stage/${key}`;
  }

  async function close(): Promise<void> {
    faults.release();
    for (const client of clients) await client.close().catch(() => undefined);
    await server.stop();
    await engine.close();
    await rm(directory, { recursive: true, force: true });
  }
  return { engine, objects, faults, server, connect, stage, [Symbol.asyncDispose]: close };
}

export async function run(session: Session, text: string): Promise<Answer> {
  const operation = await session.executeStatement(text);
  const rows = (await operation.fetchAll()) as Row[];
  const status = await operation.status();
  await operation.close();
  const modifiedRows = status.numModifiedRows?.toNumber() ?? null;
  return { rows, modifiedRows, statementId: operation.id };
}

/** The failure of a statement, as the driver tells it. */
export async function failure(session: Session, text: string): Promise<{ message: string; sqlState: string }> {
  try {
    await run(session, text);
  } catch (error) {
    const { message, response } = error as { message: string; response?: { sqlState?: string } };
    return { message, sqlState: response?.sqlState ?? '' };
  }
  throw new Error(`no failure: ${text}`);
}
