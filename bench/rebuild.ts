/**
 * A lost Redis: 100,000 chunks in every stage, the queues empty, and the feeder of a planner that was just started. Measured
 * from FLUSHALL to a full window, against bare LISTs of the same keys by the same client in the same run, in turns.
 * No checkpoint segment is there when it begins, and writing them is measured too: the worst case.
 * Bound: 20 s beyond the LISTs. Needs a redis-server on the PATH.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LakehaulError, NOTHING_STEERED, type TablePlan } from '@lakehaul/core';
import { Ledger } from '@lakehaul/ledger';
import { feedQueues } from '@lakehaul/planner';
import { rangesBetween } from '@lakehaul/planning';
import { ChunkQueues, type QueueStore } from '@lakehaul/queue';
import { createMetrics, createOutside, silentLog, systemClock, systemIds } from '@lakehaul/runtime';
import { Redis } from 'ioredis';
import { type OpenObjectStore, openObjectStore } from '../packages/adapters/src/s3/object-store.ts';
import { findBinary, startPrivateRedis } from '../packages/queue/src/private-redis.ts';
import { openRedis } from '../packages/queue/src/redis.ts';
import { CHUNKS_PER_TABLE, MIGRATION, PREFIX, planOf, TABLES } from './rebuild-ledger.ts';

const BUCKET = 'ledger';
/** Of the throw-away S3, and of nothing else. */
const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' };
const RUNS = 3;
/** The default of services.windowSize. */
const WINDOW = 2_000;
/** As the scan lists (SCAN_DEFAULTS). */
const PARALLEL_SHARDS = 16;
const log = silentLog;
const metrics = createMetrics();

interface Measured extends Record<string, number> {
  chunks: number;
  listSeconds: number;
  rebuildSeconds: number;
  beyondListSeconds: number;
  /** Jobs that wait when the window is full again. */
  jobs: number;
  runs: number;
}

export async function bench(): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-bench-'));
  const child = fork(join(import.meta.dirname, 'rebuild-s3-process.ts'), [
    directory,
    BUCKET,
    ...Object.values(CREDENTIALS),
  ]);
  const redis = await startRedis();
  try {
    const { url, receipts } = await readyS3(child);
    const store = openLedgerStore(url);
    const plans = await writePlans(ledgerOver(store));
    console.error(`${TABLES * CHUNKS_PER_TABLE} chunks, ${receipts} receipts`);
    const measured = await takeTurns(store, redis, plans, receipts);
    store.close();
    return measured;
  } finally {
    await redis.store.stop();
    const gone = once(child, 'exit');
    if (child.kill()) await gone;
    await rm(directory, { recursive: true, force: true });
  }
}

async function takeTurns(
  store: OpenObjectStore,
  redis: EmptiedRedis,
  plans: readonly TablePlan[],
  receipts: number,
): Promise<Measured> {
  const queues = new ChunkQueues({ store: redis.store, migration: MIGRATION, log, metrics });
  const lists: Took[] = [];
  const rebuilds: Took[] = [];
  let jobs = 0;
  // A window that was full before: there must be something to lose.
  await rebuild(store, queues, plans);
  for (let run = 0; run < RUNS; run++) {
    await forgetSegments(store);
    lists.push(await took(async () => bareLists(store, receipts)));
    await redis.flushAll();
    if (!(await queues.isEmpty())) throw new LakehaulError('INTERNAL', 'the queues are not empty after FLUSHALL');
    rebuilds.push(
      await took(async () => {
        jobs = await rebuild(store, queues, plans);
      }),
    );
    const [list, whole] = [lists.at(-1), rebuilds.at(-1)];
    console.error(
      `run ${run + 1}: LISTs ${list?.seconds} s (CPU ${list?.cpuSeconds} s), rebuild ${whole?.seconds} s (CPU ${whole?.cpuSeconds} s), ${jobs} jobs`,
    );
  }
  await queues.close();
  const [listSeconds, rebuildSeconds] = [median(lists), median(rebuilds)];
  const beyondListSeconds = round(rebuildSeconds - listSeconds);
  return { chunks: TABLES * CHUNKS_PER_TABLE, listSeconds, rebuildSeconds, beyondListSeconds, jobs, runs: RUNS };
}

interface EmptiedRedis {
  store: QueueStore;
  flushAll(): Promise<void>;
}

async function startRedis(): Promise<EmptiedRedis> {
  const binary = await findBinary(['redis-server', 'valkey-server'], process.env['PATH'] ?? '');
  if (binary === null) throw new LakehaulError('QUEUE_UNAVAILABLE', 'no redis-server on the PATH');
  const server = await startPrivateRedis(binary, { log });
  const other = new Redis(server.url);
  const stop = async () => {
    other.disconnect();
    await server.stop();
  };
  const store = await openRedis({ url: server.url, prefix: '{lakehaul}', isShared: false, stop }, { log });
  return { store, flushAll: async () => void (await other.flushall()) };
}

/** As a planner that was just started: it knows nothing but where the ledger is. */
async function rebuild(store: OpenObjectStore, queues: ChunkQueues, expected: readonly TablePlan[]): Promise<number> {
  const ledger = ledgerOver(store);
  const plans = await ledger.readPlans();
  const scan = ledger.openScan();
  await feedQueues(
    {
      ...{ ledger, scan, queues, clock: systemClock, log, windowSize: WINDOW },
      ...{ limits: [], steering: NOTHING_STEERED, stopped: new Set<string>() },
    },
    plans,
  );
  const counts = await queues.counts();
  const jobs = counts.unload.waiting + counts.load.waiting + counts.verify.waiting;
  if (jobs !== WINDOW || plans.length !== expected.length)
    throw new LakehaulError(
      'INTERNAL',
      `${jobs} jobs of ${plans.length} tables wait, not ${WINDOW} of ${expected.length}`,
    );
  return jobs;
}

async function bareLists(store: OpenObjectStore, receipts: number): Promise<void> {
  const { keys } = ledgerOver(store);
  const count = async (prefix: string): Promise<number> => {
    let found = 0;
    for await (const _ of store.list(prefix)) found++;
    return found;
  };
  for (const prefix of [keys.planHeads(), keys.segments, keys.markers]) await count(prefix);
  const shards = Array.from({ length: 256 }, (_, shard) => keys.shardPrefix(shard.toString(16).padStart(2, '0')));
  let found = 0;
  let next = 0;
  const lane = async () => {
    for (let prefix = shards[next++]; prefix !== undefined; prefix = shards[next++]) {
      const own = await count(prefix);
      found += own;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_SHARDS }, lane));
  if (found !== receipts) throw new LakehaulError('INTERNAL', `${found} of ${receipts} receipts listed`);
}

/** The bench's own way back to its beginning; nothing else ever deletes from a ledger. */
async function forgetSegments(store: OpenObjectStore): Promise<void> {
  const segments: string[] = [];
  for await (const info of store.list(ledgerOver(store).keys.segments)) segments.push(info.key);
  if (segments.length === 0) throw new LakehaulError('INTERNAL', 'the rebuild wrote no segment');
  await store.delete(segments);
}

async function writePlans(ledger: Ledger): Promise<TablePlan[]> {
  const plans = Array.from({ length: TABLES }, (_, table) => planOf(table));
  for (const plan of plans) {
    const boundaries = Array.from({ length: plan.chunkCount - 1 }, (_, index) => String(index * 10));
    const cuts = rangesBetween({ column: 'k', boundaries, rows: [], end: null });
    const chunks = cuts.map(({ parts }, number) => ({
      number,
      generation: 1,
      parts,
      estimatedRows: 0n,
      estimatedBytes: 0n,
      scanGroup: null,
    }));
    await ledger.writePlan(plan, chunks);
  }
  return plans;
}

function ledgerOver(store: OpenObjectStore): Ledger {
  const actor = { service: 'bench', instance: 'bench', version: '0' };
  return new Ledger({ store, prefix: PREFIX, migration: MIGRATION, actor, clock: systemClock, ids: systemIds });
}

function openLedgerStore(endpoint: string): OpenObjectStore {
  const outside = createOutside({ clock: systemClock, ids: systemIds, log, metrics });
  return openObjectStore(
    { bucket: BUCKET, prefix: PREFIX, region: 'us-east-1', endpoint, credentials: CREDENTIALS },
    { outside, clock: systemClock, ids: systemIds },
  );
}

async function readyS3(child: ChildProcess): Promise<{ url: string; receipts: number }> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the S3 of the bench ended with status ${code} before it was ready`);
  });
  ended.catch(() => undefined);
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string; receipts: number }];
  return answer;
}

/** `cpuSeconds` of this process alone: on a busy machine it tells more than the clock. */
interface Took {
  seconds: number;
  cpuSeconds: number;
}

async function took(work: () => Promise<void>): Promise<Took> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: round((performance.now() - started) / 1000), cpuSeconds: round((user + system) / 1_000_000) };
}

function median(values: readonly Took[]): number {
  return values.map((each) => each.seconds).sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
