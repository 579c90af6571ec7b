/** The main job on the local clouds, from nothing to a decision. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asLakehaulError, LakehaulError, must } from '@lakehaul/core';
import { openSession, readLedger, type Session } from '@lakehaul/fleet';
import type { StatusReport } from '@lakehaul/operate';
import { planDeps, planMigration, writeMigrationPlan } from '@lakehaul/planner';
import { openQueueStore } from '@lakehaul/queue';
import { loadMigrationConfig } from '@lakehaul/runtime';
import { type Sandbox, startSandbox } from '@lakehaul/sandbox';
import { Cleanup } from '../cleanup.ts';
import { runFleet } from '../fleet.ts';
import { problemsText } from '../print/config-problems.ts';
import { ProgressLine } from '../print/progress.ts';
import type { Terminal } from '../print/terminal.ts';
import { sandboxConfig } from '../sandbox/config-text.ts';
import { shortPath, writeEnvFile } from '../sandbox/env-file.ts';
import { openDatabricksSql, openRedshiftSql, type SqlClient } from '../sandbox/sql-clients.ts';
import { type SandboxTokens, sandboxTokens } from '../sandbox/tokens.ts';
import { serveControl } from '../serve-control.ts';
import { type DemoResult, demoResult } from './demo-result.ts';
import { countLiveRows, LIVE_TABLE_DDL, LiveWriter } from './live-writer.ts';
import { loadDemoTables } from './load-demo.ts';
import { isPlanted, plantAndProve } from './plant.ts';
import { CUT_LINE } from './tables.ts';

export interface DemoRequest {
  directory: string;
  terminal: Terminal;
  signal: AbortSignal;
  env: Readonly<Record<string, string | undefined>>;
  /** Null keeps the log silent: what the demo has to say, it says as talk. */
  logLevel: 'debug' | 'info' | 'warn' | 'error' | null;
  /** At most so many rows of each table. */
  maxRows: number;
}

export interface RunningDemo extends AsyncDisposable {
  result: DemoResult;
  report: StatusReport;
}

const LIVE_EVERY_MS = 1_000;

export async function runDemo(request: DemoRequest): Promise<RunningDemo> {
  const startedMs = performance.now();
  const { terminal, directory } = request;
  await mkdir(directory, { recursive: true });
  terminal.talk('starting the local clouds: S3, Redshift Data API, Databricks warehouse');
  const clouds = await startSandbox({ directory: join(directory, 'clouds') });
  await using cleanup = new Cleanup();
  cleanup.use(clouds);
  const redshift = cleanup.use(openRedshiftSql(clouds));
  const databricks = cleanup.use(await openDatabricksSql(clouds));
  await loadDemoTables({ clouds, redshift, directory, terminal, maxRows: request.maxRows });
  for (const ddl of LIVE_TABLE_DDL) await databricks.run(ddl);

  const tokens = await sandboxTokens(directory);
  const session = cleanup.use(await openDemoSession(request, clouds, tokens));
  const store = await openQueueStore(queueStoreOptions(request), { log: session.log });
  cleanup.defer(() => store.stop());
  const fail = (error: unknown) => terminal.talk(`the console is gone: ${asLakehaulError(error).message}`);
  const control = cleanup.use(await serveControl({ session, store, fail }));
  const envFile = await writeEnvFile({ directory, credentials: clouds.credentials, controlUrl: control.url });
  terminal.talk(`see and steer it: ${control.url}/#token=${tokens.operator}`);
  terminal.talk(`in another terminal: . ${shortPath(envFile)}; ./lakehaul top`);
  const report = await haul({ request, session, store, databricks });
  const result = await demoResult({
    session,
    report: report.status,
    live: report.live,
    queueStore: store.kind,
    unloadsStarted: report.unloadsStarted,
    urls: { ...urlsOf(clouds), control: control.url },
    durationSeconds: (performance.now() - startedMs) / 1000,
  });
  const owned = cleanup.move();
  return { result, report: report.status, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

function queueStoreOptions(request: DemoRequest) {
  const url = request.env['LAKEHAUL_REDIS_URL'];
  return { kind: 'auto' as const, path: request.env['PATH'] ?? '', ...(url === undefined ? {} : { url }) };
}

async function openDemoSession(request: DemoRequest, clouds: Sandbox, tokens: SandboxTokens): Promise<Session> {
  const { directory } = request;
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, clouds.endpoints.databricks.caPem);
  const text = sandboxConfig({
    migration: 'demo',
    endpoints: clouds.endpoints,
    caFile,
    tables: DEMO_TABLES,
    services: DEMO_SERVICES,
    staging: { graceHours: 24 },
    control: { port: 0, tokensFile: tokens.tokensFile },
  });
  const path = join(directory, 'lakehaul.yaml');
  await writeFile(path, text);
  const { accessKeyId, secretAccessKey, token } = clouds.credentials;
  const env = {
    ...request.env,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    LAKEHAUL_TARGET_TOKEN: token,
  };
  const loaded = loadMigrationConfig({ path, text, env });
  if ('problems' in loaded) throw new LakehaulError('CONFIG_INVALID', problemsText(loaded.problems), { where: path });
  return openSession(loaded.config, {
    logLevel: request.logLevel ?? 'error',
    logTo: (line) => {
      if (request.logLevel !== null) request.terminal.talk(line.trimEnd());
    },
    credentials: { accessKeyId, secretAccessKey },
    isTraced: true,
  });
}

const DEMO_SERVICES = { unloadSlots: 3, loadSlots: 3, verifySlots: 3, windowSize: 200 };

const DEMO_TABLES = {
  include: ['public.*', 'panther_logs.*', 'types.*'],
  defaults: { chunkBytes: '8MiB', level: 'full' },
  overrides: [
    { match: 'public.birdstrikes', chunkBytes: '256KiB', level: 'carried' },
    { match: 'panther_logs.*', chunkBytes: '4MiB' },
    { match: 'panther_logs.aws_vpcflow', level: 'sampled', sampleEvery: 4 },
    {
      match: 'panther_logs.aws_cloudtrail',
      cutLine: { column: 'p_parse_time', before: CUT_LINE },
      acknowledge: ['adopt-target'],
    },
    { match: 'types.type_torture', acknowledge: ['exclude:t_hllsketch'] },
  ],
};

interface Haul {
  status: StatusReport;
  live: Awaited<ReturnType<LiveWriter['check']>>;
  unloadsStarted: number;
}

async function haul(parts: {
  request: DemoRequest;
  session: Session;
  store: Parameters<typeof runFleet>[0]['store'];
  databricks: SqlClient;
}): Promise<Haul> {
  const { request, session, store, databricks } = parts;
  const { terminal, signal } = request;
  const deps = planDeps(session);
  const migration = await planMigration(deps);
  const [refusal] = migration.refusals;
  if (refusal !== undefined) throw refusal;
  await writeMigrationPlan(deps, migration);
  const submittedBefore = await countUnloads(session);
  const live = new LiveWriter(databricks, session.clock, await countLiveRows(databricks));
  live.start(LIVE_EVERY_MS);
  const progress = new ProgressLine(terminal);
  const fleet = () => runFleet({ session, store, signal, onProgress: (status) => progress.show(status) });
  let status = await fleet();
  if (!signal.aborted && status.done === status.chunks && !(await isPlanted(session.ledger))) {
    const { plans, scan } = await readLedger(session.ledger);
    const plan = must(
      plans.find((each) => each.source.table === 'aws_cloudtrail'),
      'plan of aws_cloudtrail',
    );
    terminal.talk('all proven; now one hauled row is changed behind our back, to see the alarm ring');
    const verify = {
      ledger: session.ledger,
      target: session.clouds.target,
      stage: session.clouds.stage,
      maxAttempts: session.config.attempts.max,
      diffRows: 100,
    };
    const planted = await plantAndProve({
      ledger: session.ledger,
      scan,
      plan,
      client: databricks,
      verify,
      log: session.log,
    });
    terminal.talk(
      `found: lakehaul diff ${plan.source.schema}.${plan.source.table}/${planted.chunk} names the row; repairing`,
    );
    status = await fleet();
  }
  await live.stop();
  return { status, live: await live.check(), unloadsStarted: (await countUnloads(session)) - submittedBefore };
}

/** UNLOAD statements that this migration has ever submitted, by its receipts. */
async function countUnloads(session: Session): Promise<number> {
  const { plans, scan } = await readLedger(session.ledger);
  let unloads = 0;
  for (const plan of plans) {
    const chunks: number[] = [];
    scan.forEach(plan, (chunk, state) => {
      if (state.attempt > 0) chunks.push(chunk);
    });
    for (const chunk of chunks) {
      const trail = await session.ledger.trail({ tableId: plan.tableId, generation: plan.generation, chunk });
      unloads += trail.filter(
        (receipt) => receipt.stage === 'submit' && 'step' in receipt.body && receipt.body.step === 'unload',
      ).length;
    }
  }
  return unloads;
}

function urlsOf(clouds: Sandbox): Record<string, string> {
  const { s3, redshift, databricks } = clouds.endpoints;
  return { s3, redshift, databricks: `https://${databricks.host}:${databricks.port}${databricks.httpPath}` };
}
