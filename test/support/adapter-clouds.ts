/**
 * Both local clouds with the adapters on top, and tables made of values whose exact text is known: for tests that compare
 * the SQL of both dialects with the referee.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Log, sourceTypeText } from '@lakehaul/core';
import { type Sandbox, startSandbox } from '@lakehaul/sandbox';
import type { DatabricksOptions } from '../../packages/adapters/src/databricks/options.ts';
import { Workspace } from '../../packages/adapters/src/databricks/rest.ts';
import { openDatabricks } from '../../packages/adapters/src/databricks/target.ts';
import { cellText, Warehouse } from '../../packages/adapters/src/databricks/warehouse.ts';
import type { LoadRequest, Source, Target, UnloadAnswer, UnloadRequest } from '../../packages/adapters/src/ports.ts';
import { DataApi } from '../../packages/adapters/src/redshift/client.ts';
import type { RedshiftOptions } from '../../packages/adapters/src/redshift/options.ts';
import { openRedshift } from '../../packages/adapters/src/redshift/source.ts';
import { Statements } from '../../packages/adapters/src/redshift/statements.ts';
import { type KnownTable, quoted } from './planned-table.ts';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => quiet };
const clock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export interface AdapterClouds extends AsyncDisposable {
  sandbox: Sandbox;
  source: Source;
  target: Target;
  /** Runs statements at the source, in order, in batches. */
  execute(sqls: readonly string[]): Promise<void>;
  /** Rows of one query at the source, as text. */
  querySource(sql: string): Promise<(string | null)[][]>;
  /** Rows of one statement at the target, as text by field. */
  queryTarget(sql: string): Promise<Record<string, string | null>[]>;
  /** UNLOAD of a request to a prefix of its own; the answer, and the load that follows it. */
  unload(request: Omit<UnloadRequest, 'dataUrl' | 'statementName' | 'clientToken'>): Promise<Unloaded>;
}

export interface Unloaded {
  request: UnloadRequest;
  answer: UnloadAnswer;
  load: LoadRequest;
}

export async function startAdapterClouds(): Promise<AdapterClouds> {
  const directory = await mkdtemp(join(tmpdir(), 'adapter-clouds-'));
  const sandbox = await startSandbox({ directory: join(directory, 'clouds') });
  let counter = 0;
  const deps = {
    clock,
    log: quiet,
    ids: { uuid: () => `id-${++counter}`, random: () => 0.5 },
    outside: <T>(_point: string, call: (signal: AbortSignal) => Promise<T>) => call(new AbortController().signal),
  };
  const redshift = redshiftOptions(sandbox);
  const databricks = await databricksOptions(sandbox, directory);
  const statements = new Statements(new DataApi(redshift, deps), deps, redshift.statements);
  const source = openRedshift(redshift, deps);
  const target = openDatabricks(databricks, deps);
  const ca = sandbox.endpoints.databricks.caPem;
  const warehouse = new Warehouse(databricks, deps, new Workspace(databricks, deps, ca), ca);
  return {
    sandbox,
    source,
    target,
    async execute(sqls) {
      for (let from = 0; from < sqls.length; from += 40) {
        const name = deps.ids.uuid();
        const id = await statements.submit({ sqls: sqls.slice(from, from + 40), name, token: name });
        const ended = await statements.await(id);
        if (ended.status !== 'finished') throw new Error(ended.error ?? 'a batch failed');
      }
    },
    async querySource(sql) {
      const [rows = []] = await statements.query('test', [sql]);
      return rows;
    },
    async queryTarget(sql) {
      const { rows } = await warehouse.read(sql);
      return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellText(value)])));
    },
    async unload(unsent) {
      const number = ++counter;
      const prefix = `stage/${number}/data/`;
      const statementName = `unload-${number}`;
      const dataUrl = `s3://lakehaul-staging/${prefix}`;
      const request: UnloadRequest = { ...unsent, dataUrl, statementName, clientToken: statementName };
      const { statementId } = await source.submitUnload(request);
      const ended = await source.awaitStatement(statementId, new AbortController().signal);
      if (ended.status !== 'finished') throw new Error(ended.error ?? 'the unload failed');
      const answer = await source.readUnloadAnswer(statementId, request);
      const fileNames = sandbox.objects
        .list('lakehaul-staging', prefix)
        .map((object) => object.key.slice(prefix.length))
        .filter((name) => name.endsWith('.parquet'));
      const load: LoadRequest = {
        plan: request.plan,
        hashForm: request.hashForm,
        chunk: 0,
        attempt: 1,
        dataUrl,
        fileNames,
        statementTag: `test/t/g1/c0/a1/s${number}`,
        statementTimeoutMs: 60_000,
        sendBeforeMs: Number.POSITIVE_INFINITY,
        startBeforeMs: Date.now() + 3_600_000,
      };
      return { request, answer, load };
    },
    async [Symbol.asyncDispose]() {
      await warehouse.close();
      await target.close();
      await sandbox.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function redshiftOptions({ endpoints, credentials }: Sandbox): RedshiftOptions {
  return {
    kind: 'provisioned',
    clusterIdentifier: 'sandbox',
    region: 'us-east-1',
    database: 'dev',
    dbUser: 'lakehaul',
    unloadRoleArn: 'arn:aws:iam::123456789012:role/unload',
    endpoint: endpoints.redshift,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
    staging: { region: 'us-east-1' },
    statements: { bytes: 100_000, perBatch: 40, sourceTimeoutMs: 60_000 },
  };
}

async function databricksOptions({ endpoints, credentials }: Sandbox, directory: string): Promise<DatabricksOptions> {
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, endpoints.databricks.caPem);
  return {
    host: endpoints.databricks.host,
    port: endpoints.databricks.port,
    httpPath: endpoints.databricks.httpPath,
    catalog: 'main',
    auth: { kind: 'token', token: { reveal: () => credentials.token } },
    caFile,
    statements: { targetTimeoutMs: 60_000 },
  };
}

/** CREATE and INSERT at the source. */
export async function createSource(clouds: AdapterClouds, { plan, rows }: KnownTable): Promise<void> {
  const columns = plan.columns.map(({ source }) => `${quoted(source.name)} ${sourceTypeText(source.type)}`);
  const table = `"public".${quoted(plan.source.table)}`;
  await clouds.execute([
    `CREATE TABLE ${table} (${columns.join(', ')})`,
    ...rows.map((row) => `INSERT INTO ${table} VALUES (${row.map((value) => value.literal).join(', ')})`),
  ]);
}
