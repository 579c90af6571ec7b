import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchExecuteStatementCommand,
  type BatchExecuteStatementCommandInput,
  DescribeStatementCommand,
  type DescribeStatementCommandOutput,
  ExecuteStatementCommand,
  type Field,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { type OpenEngine, openEngine } from '../engine.ts';
import { createFaults, type FaultPlan } from '../faults.ts';
import { ObjectFiles } from '../s3/store.ts';
import { type RunningRedshift, startRedshift } from './server.ts';
import { defaultSwitches, type RedshiftSwitches } from './switches.ts';

export const KEY = { accessKeyId: 'AKIDSANDBOX', secretAccessKey: 'sandbox-secret' };
export const TARGET = { ClusterIdentifier: 'sandbox', Database: 'dev' };

export interface TestRedshift extends AsyncDisposable {
  client: RedshiftDataClient;
  server: RunningRedshift;
  objects: ObjectFiles;
  engine: OpenEngine;
  faults: FaultPlan;
  directory: string;
  /** Runs statements as one batch and waits; throws its error. */
  batch(sqls: string[], options?: Partial<BatchExecuteStatementCommandInput>): Promise<DescribeStatementCommandOutput>;
  /** Rows of the last statement that has any, values as text or null. */
  query(sql: string): Promise<(string | null)[][]>;
  /** Runs one statement and gives back its error, which must be there. */
  failure(sql: string): Promise<string>;
  /** Stops everything but keeps the directory, then starts on it again. */
  restart(): Promise<void>;
}

export function fieldText(field: Field): string | null {
  if (field.isNull) return null;
  return String(field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue);
}

/** The Redshift side alone, with its engine and objects in a directory of its own, and the real SDK client. */
export async function startTestRedshift(changes: Partial<RedshiftSwitches> = {}): Promise<TestRedshift> {
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-redshift-'));
  const switches = { ...defaultSwitches(), ...changes };
  const open = async () => {
    const engine = await openEngine({ directory, threads: 2 });
    const objects = await ObjectFiles.open(directory);
    await objects.createBucket('stage');
    const faults = createFaults();
    const server = await startRedshift({ engine, objects, faults, switches, credentials: KEY });
    const client = new RedshiftDataClient({ endpoint: server.url, region: 'eu-central-1', credentials: KEY });
    return { engine, objects, faults, server, client };
  };
  let parts = await open();
  const close = async () => {
    parts.client.destroy();
    // What is held by a planned delay goes on into a server that stops, as work in a killed process would.
    const stopped = parts.server.stop();
    parts.faults.release();
    await stopped;
    await parts.engine.close();
    await parts.objects.close();
  };
  const wait = async (Id: string | undefined): Promise<DescribeStatementCommandOutput> => {
    for (;;) {
      const described = await parts.client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 30 }));
      if (['FINISHED', 'FAILED', 'ABORTED'].includes(described.Status ?? '')) return described;
    }
  };
  const run = async (Sql: string) => {
    const { Id } = await parts.client.send(new ExecuteStatementCommand({ ...TARGET, Sql }));
    return wait(Id);
  };
  return {
    get client() {
      return parts.client;
    },
    get server() {
      return parts.server;
    },
    get objects() {
      return parts.objects;
    },
    get engine() {
      return parts.engine;
    },
    get faults() {
      return parts.faults;
    },
    directory,
    async batch(Sqls, options = {}) {
      const { Id } = await parts.client.send(new BatchExecuteStatementCommand({ ...TARGET, Sqls, ...options }));
      const described = await wait(Id);
      if (described.Status !== 'FINISHED') throw new Error(described.Error);
      return described;
    },
    async query(sql) {
      const described = await run(sql);
      if (described.Status !== 'FINISHED') throw new Error(`${described.Error} in ${sql}`);
      if (!described.HasResultSet) return [];
      const rows: (string | null)[][] = [];
      let NextToken: string | undefined;
      do {
        const page = await parts.client.send(new GetStatementResultCommand({ Id: described.Id, NextToken }));
        rows.push(...(page.Records ?? []).map((record) => record.map(fieldText)));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return rows;
    },
    async failure(sql) {
      const described = await run(sql);
      if (described.Status !== 'FAILED') throw new Error(`${described.Status} instead of FAILED: ${sql}`);
      return described.Error ?? '';
    },
    async restart() {
      await close();
      parts = await open();
    },
    async [Symbol.asyncDispose]() {
      await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
