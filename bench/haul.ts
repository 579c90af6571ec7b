/**
 * lakehaul (real drivers, Redis, level full) against one script that does the same work straight in DuckDB with its
 * default threads: the same UNLOAD, the same load, the same two fingerprints, same codecs and row groups. Interleaved
 * runs, ratio of medians; both results are compared with the source by the oracle.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { sandboxConfig } from '../packages/cli/src/sandbox/config-text.ts';
import { compareTables, readActiveTable } from '../test/support/oracle.ts';
import { startRedis } from '../test/support/processes.ts';
import { COLUMNS, rowsSql } from './haul-rows.ts';

/** Of the bare script, and wished of the planner: a million rows and more each, so that all threads have row groups. */
const CHUNKS = '16';

interface SandboxProcess {
  child: ChildProcess;
  endpoints: Parameters<typeof sandboxConfig>[0]['endpoints'] & { admin: string };
  credentials: { accessKeyId: string; secretAccessKey: string; token: string };
}

interface BareRun {
  seconds: number;
  cpuSeconds: number;
  bytes: number;
  chunks: number;
}

interface HaulRun {
  seconds: number;
  /** Of the fleet's process and of the sandbox's, which both engines are in. */
  cpuSeconds: number;
  rows: string;
  chunks: number;
  idleRssBytes: number;
  peakRssBytes: number;
}

export async function bench(args: readonly string[]): Promise<Record<string, string | number | boolean>> {
  const rows = Number(option(args, '--rows') ?? '20000000');
  const runs = Number(option(args, '--runs') ?? '3');
  const chunks = Number(option(args, '--chunks') ?? CHUNKS);
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-haul-'));
  await using redis = await startRedis();
  let sandbox: SandboxProcess | null = null;
  try {
    const parquet = join(directory, 'rows.parquet');
    const bareDatabase = join(directory, 'bare.duckdb');
    await makeSource(parquet, bareDatabase, rows);
    console.error(`${rows} rows made`);
    sandbox = await startSandboxProcess(join(directory, 'clouds'));
    await load(sandbox, parquet);
    console.error('rows loaded into the local source');
    const bare: BareRun[] = [];
    const hauled: HaulRun[] = [];
    let stagedBytes = 0;
    for (let run = 1; run <= runs; run++) {
      const bareDirectory = join(directory, `bare-${run}`);
      const answer = await forked<BareRun>('haul-bare-process.ts', [
        bareDatabase,
        bareDirectory,
        String(chunks),
        String(rows),
      ]);
      bare.push(answer);
      stagedBytes = answer.bytes;
      hauled.push(
        await haulOnce({
          directory,
          sandbox,
          run,
          chunkBytes: Math.ceil((await stat(parquet)).size / chunks),
          redisUrl: redis.url,
        }),
      );
      console.error(
        `run ${run}: bare ${answer.seconds.toFixed(1)} s, lakehaul ${hauled.at(-1)?.seconds.toFixed(1)} s in ${hauled.at(-1)?.chunks} chunks; CPU ${answer.cpuSeconds.toFixed(1)} s, ${hauled.at(-1)?.cpuSeconds.toFixed(1)} s`,
      );
      if (run < runs) await rm(bareDirectory, { recursive: true, force: true });
    }
    await stop(sandbox.child);
    const equal = await judge({ directory, bareDatabase, bareDirectory: join(directory, `bare-${runs}`), run: runs });
    const bareSeconds = median(bare.map((each) => each.seconds));
    const lakehaulSeconds = median(hauled.map((each) => each.seconds));
    return {
      ratio: round(lakehaulSeconds / bareSeconds, 3),
      lakehaulSeconds: round(lakehaulSeconds, 1),
      bareSeconds: round(bareSeconds, 1),
      rows,
      bytes: stagedBytes,
      threads: cpus().length,
      runs,
      equal,
      bareCpuSeconds: round(median(bare.map((each) => each.cpuSeconds)), 1),
      lakehaulCpuSeconds: round(median(hauled.map((each) => each.cpuSeconds)), 1),
      idleRssBytes: Math.max(...hauled.map((each) => each.idleRssBytes)),
      peakRssBytes: Math.max(...hauled.map((each) => each.peakRssBytes)),
    };
  } finally {
    if (sandbox !== null) await stop(sandbox.child);
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeSource(parquet: string, database: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE events AS ${rowsSql(rows)}`);
  await connection.run(`COPY events TO '${parquet}' (FORMAT parquet, COMPRESSION snappy)`);
  await connection.run('CHECKPOINT');
  connection.closeSync();
  instance.closeSync();
}

async function startSandboxProcess(directory: string): Promise<SandboxProcess> {
  await mkdir(directory, { recursive: true });
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, '../packages/sandbox/src/main.ts'), '--directory', directory],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return { child, ...(JSON.parse(text) as Omit<SandboxProcess, 'child'>) };
}

async function load(sandbox: SandboxProcess, parquet: string): Promise<void> {
  const body = {
    schema: 'bench',
    table: 'events',
    files: [parquet],
    ddl: `CREATE TABLE "bench"."events" (${COLUMNS.join(', ')}) COMPOUND SORTKEY (at)`,
  };
  const answer = await fetch(new URL('/load', sandbox.endpoints.admin), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Each run is a migration and a target of its own. */
async function haulOnce(request: {
  directory: string;
  sandbox: SandboxProcess;
  run: number;
  chunkBytes: number;
  redisUrl: string;
}): Promise<HaulRun> {
  const { directory, sandbox, run } = request;
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, sandbox.endpoints.databricks.caPem);
  const configFile = join(directory, `run-${run}.yaml`);
  await writeFile(
    configFile,
    sandboxConfig({
      migration: `bench-${run}`,
      endpoints: sandbox.endpoints,
      caFile,
      tables: {
        include: ['bench.events'],
        defaults: { level: 'full', chunkBytes: `${request.chunkBytes}B` },
        overrides: [{ match: 'bench.events', target: { schema: `run${run}`, table: 'events' } }],
      },
      services: { unloadSlots: 2, loadSlots: 2, verifySlots: 2 },
    }),
  );
  const { accessKeyId, secretAccessKey, token } = sandbox.credentials;
  const before = cpuSecondsOf(sandbox.child);
  const answer = await forked<HaulRun>('haul-lakehaul-process.ts', [configFile, request.redisUrl], {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    LAKEHAUL_TARGET_TOKEN: token,
  });
  return { ...answer, cpuSeconds: answer.cpuSeconds + cpuSecondsOf(sandbox.child) - before };
}

/** User and system time of a process so far, from /proc in ticks of 10 ms; NaN where there is no /proc. */
function cpuSecondsOf(child: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** Both results against the source, by one who knows nothing of either. */
async function judge(request: {
  directory: string;
  bareDatabase: string;
  bareDirectory: string;
  run: number;
}): Promise<boolean> {
  const { findTable } = await import('./haul-target.ts');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'; ATTACH '${request.bareDatabase}' AS source (READ_ONLY)`);
  const { files, prefix } = await findTable(join(request.directory, 'clouds'), 'main', `run${request.run}`, 'events');
  const bareFiles = (await readdir(join(request.bareDirectory, 'target'))).map((file) =>
    join(request.bareDirectory, 'target', file),
  );
  const active = readActiveTable(files, prefix);
  const ours = await compareTables({
    connection,
    sourceSql: 'source.events',
    target: active,
    lineageColumn: '_lakehaul',
  });
  const bare = await compareTables({
    connection,
    sourceSql: 'source.events',
    target: {
      paths: bareFiles,
      version: 0,
      columns: active.columns.map((column) => ({ ...column, physicalName: column.name })),
    },
    lineageColumn: '_lakehaul',
  });
  connection.closeSync();
  instance.closeSync();
  return [ours, bare].every((result) => result.missing === 0n && result.extra === 0n);
}

async function forked<T>(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<T> {
  const child = fork(join(import.meta.dirname, file), [...args], {
    execArgv: process.execArgv,
    env: { ...process.env, ...env },
  });
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code} before it had an answer`);
  });
  exit.catch(() => undefined);
  const [answer] = (await Promise.race([once(child, 'message'), exit])) as [T];
  return answer;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
