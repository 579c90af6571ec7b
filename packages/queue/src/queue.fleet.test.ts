/** What a queue store must do, asked of both stores alike. Redis is required here: nothing is skipped in silence. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Clock, Log, Step } from '@lakehaul/core';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChunkJob, jobIdOf } from './chunk-job.ts';
import { ChunkQueues } from './chunk-queues.ts';
import { openQueueStore } from './open-queue-store.ts';
import { findBinary, freePort, type PrivateRedis, startPrivateRedis } from './private-redis.ts';
import type { QueueMetrics } from './queue-metrics.ts';
import type { QueueStore } from './queue-store.ts';
import { type RunningWorker, type StepWorkerOptions, startStepWorker } from './step-worker.ts';

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => log,
};
const clock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

class CountingMetrics implements QueueMetrics {
  readonly counts = new Map<string, number>();
  count(name: string, _labels: object, by: number | bigint = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + Number(by));
  }
  readonly gauges = new Map<string, number>();
  set(name: string, _labels: object, value: number): void {
    this.gauges.set(name, value);
  }
  observe(_name: string, labels: { outcome: string }): void {
    this.count(`outcome ${labels.outcome}`, labels);
  }
}

const jobOf = (migration: string, chunk: number, step: Step = 'unload'): ChunkJob => ({
  schemaVersion: 1,
  migration,
  tableId: 's-t-00000000',
  generation: 1,
  chunk,
  attempt: 1,
  step,
});

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const limitMs = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > limitMs) throw new Error(`waited in vain until ${what}`);
    await clock.sleep(10);
  }
}

/** A job that holds its slot until it is let go. */
function holdingHandler() {
  const running = new Map<string, () => void>();
  let most = 0;
  const handle = (job: ChunkJob, signal: AbortSignal) =>
    new Promise<{ next: null }>((resolve, reject) => {
      const id = jobIdOf(job);
      const leave = () => running.delete(id);
      running.set(id, () => {
        leave();
        resolve({ next: null });
      });
      most = Math.max(most, running.size);
      signal.addEventListener('abort', () => {
        leave();
        reject(signal.reason);
      });
    });
  return { handle, running, most: () => most };
}

/** One Redis for the whole file; each test has queues of its own name. */
let redis: PrivateRedis;

beforeAll(async () => {
  const binary = await findBinary(['redis-server', 'valkey-server'], process.env['PATH'] ?? '');
  if (binary === null) throw new Error('this suite needs redis-server or valkey-server on the PATH');
  redis = await startPrivateRedis(binary, { log });
});
afterAll(() => redis?.stop());

describe.each(['redis', 'embedded'] as const)('a queue store: %s', (kind) => {
  let store: QueueStore;
  let number = 0;

  beforeAll(async () => {
    store = await openQueueStore(kind === 'redis' ? { kind, url: redis.url, path: '' } : { kind, path: '' }, { log });
  });
  afterAll(() => store?.stop());

  /** Queues and workers of one test, closed with it. */
  function open() {
    const migration = `${kind}-${++number}`;
    const metrics = new CountingMetrics();
    const queues = new ChunkQueues({ store, migration, log, metrics });
    const workers: RunningWorker[] = [];
    return {
      migration,
      queues,
      metrics,
      start(options: Pick<StepWorkerOptions, 'slots' | 'handle'> & Partial<StepWorkerOptions>) {
        const worker = startStepWorker({ queues, step: 'unload', log, metrics, clock, ...options });
        workers.push(worker);
        return worker;
      },
      add: (chunks: readonly number[], priority = 100) =>
        queues.add(chunks.map((chunk) => ({ job: jobOf(migration, chunk), priority }))),
      async [Symbol.asyncDispose]() {
        await Promise.all(workers.map((worker) => worker.stop()));
        await queues.close();
      },
    };
  }

  it('adding a job twice is adding it once, and what ended may run again', async () => {
    await using world = open();
    const seen: number[] = [];
    await world.add([1, 2]);
    await world.add([2, 3]);
    expect(await world.queues.jobIdsInQueue('unload')).toEqual(
      new Set([1, 2, 3].map((chunk) => jobIdOf(jobOf(world.migration, chunk)))),
    );
    expect((await world.queues.counts()).unload).toEqual({ waiting: 3, active: 0, delayed: 0 });
    world.start({
      slots: 1,
      handle: async (job) => {
        seen.push(job.chunk);
        return { next: null };
      },
    });
    await until('all ran', () => world.queues.isEmpty());
    await world.add([1]);
    await until('it ran again', () => seen.length === 4);
    expect(seen.sort()).toEqual([1, 1, 2, 3]);
  });

  it('what processes tell on its board is read by the others of the migration; an embedded store has no others', async () => {
    await using one = open();
    await using two = open();
    await one.queues.tellBoard('x', 'a', '1');
    await one.queues.tellBoard('x', 'a', '2');
    await one.queues.tellBoard('x', 'b', '5');
    await two.queues.tellBoard('x', 'a', '9');
    const others =
      kind === 'redis'
        ? [
            ['a', '2'],
            ['b', '5'],
          ]
        : [];
    expect([...(await one.queues.board('x'))].sort()).toEqual(others);
    await one.queues.forgetOnBoard('x', 'a');
    expect([...(await one.queues.board('x'))]).toEqual(others.slice(1));
    expect([...(await one.queues.board('y'))]).toEqual([]);
  });

  it('a lower priority number is served first', async () => {
    await using world = open();
    const seen: number[] = [];
    await world.add([1, 2], 50);
    await world.add([3], 5);
    world.start({
      slots: 1,
      handle: async (job) => {
        seen.push(job.chunk);
        return { next: null };
      },
    });
    await until('all ran', () => seen.length === 3);
    expect(seen[0]).toBe(3);
  });

  it('the next job is in its queue before the job ends', async () => {
    await using world = open();
    const loads: ChunkJob[] = [];
    let unloadsWhenLoading = -1;
    world.start({ slots: 1, handle: async (job) => ({ next: { ...job, step: 'load' } }) });
    world.start({
      step: 'load',
      slots: 1,
      handle: async (job) => {
        unloadsWhenLoading = (await world.queues.counts()).unload.waiting;
        loads.push(job);
        return { next: null };
      },
    });
    await world.add([7]);
    await until('the load ran', () => loads.length === 1);
    expect(loads[0]).toEqual({ ...jobOf(world.migration, 7), step: 'load' });
    expect(unloadsWhenLoading).toBe(0);
  });

  it('global concurrency bounds what runs over all workers, and can be changed and held', async () => {
    await using world = open();
    const { handle, running, most } = holdingHandler();
    expect(await world.queues.concurrency()).toEqual({ unload: null, load: null, verify: null });
    await world.queues.setConcurrency('unload', 3);
    expect(await world.queues.concurrency()).toEqual({ unload: 3, load: null, verify: null });
    await world.add([1, 2, 3, 4, 5, 6, 7, 8]);
    world.start({ slots: 4, handle });
    world.start({ slots: 4, handle });
    await until('three run', () => running.size === 3);
    await clock.sleep(300);
    expect(most()).toBe(3);
    await world.queues.setConcurrency('unload', 0);
    for (const finish of [...running.values()]) finish();
    await until('the three are gone', async () => (await world.queues.counts()).unload.active === 0);
    expect(running.size).toBe(0);
    expect((await world.queues.counts()).unload.waiting).toBe(5);
    expect(await world.queues.hasStartableJobs('unload')).toBe(false);
    expect((await world.queues.concurrency()).unload).toBe(0);
    await world.queues.setConcurrency('unload', 8);
    expect(await world.queues.hasStartableJobs('unload')).toBe(true);
    await until('the rest runs', () => running.size === 5);
  });

  it('drained jobs are handed over at once and run elsewhere, unfailed', async () => {
    await using world = open();
    const first = holdingHandler();
    const second = holdingHandler();
    const old = world.start({ slots: 10, handle: first.handle });
    await world.add([1, 2, 3, 4, 5]);
    await until('they run', () => first.running.size === 5);
    world.start({ slots: 10, handle: second.handle });
    const startMs = performance.now();
    await old.drain();
    await until('they run elsewhere', () => second.running.size === 5);
    const tookMs = performance.now() - startMs;
    expect(first.running.size).toBe(0);
    // A fetch that was under way may catch a job that was just handed over; it is handed over once more.
    expect(world.metrics.counts.get('lakehaul_handovers_total')).toBeGreaterThanOrEqual(5);
    expect([...world.metrics.counts.keys()]).not.toContain('outcome failed');
    expect(tookMs).toBeLessThan(10_000);
  });

  it('the age of the oldest running job is told, and is 0 when none runs', async () => {
    await using world = open();
    const { handle, running } = holdingHandler();
    world.start({ slots: 2, handle });
    const age = () => world.metrics.gauges.get('lakehaul_oldest_job_age_seconds') ?? -1;
    await world.add([1]);
    await until('it runs', () => running.size === 1);
    // The next heartbeat tells it, without anything having begun or ended.
    await until('its age is told', () => age() > 0.1);
    for (const finish of [...running.values()]) finish();
    await until('none runs', () => age() === 0);
  });

  it('an emptied store is filled again and its workers go on by themselves', async () => {
    await using world = open();
    const seen: number[] = [];
    const { handle, running } = holdingHandler();
    const worker = world.start({
      slots: 1,
      handle: async (job, signal) => {
        seen.push(job.chunk);
        return job.chunk === 1 ? handle(job, signal) : { next: null };
      },
    });
    await world.add([1, 2, 3]);
    await until('one runs', () => running.size === 1);
    await world.queues.obliterate();
    expect(await world.queues.isEmpty()).toBe(true);
    // Its job is gone from the store; that must hurt nobody.
    for (const finish of [...running.values()]) finish();
    await world.add([2, 3, 4]);
    await until('the new ones ran', () => seen.length === 4);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(Date.now() - worker.lastProgressMs()).toBeLessThan(60_000);
  });

  it('what the handler throws takes the job out of the queue; what only a person can settle is told', async () => {
    await using world = open();
    const told: unknown[] = [];
    const { LakehaulError } = await import('@lakehaul/core');
    world.start({
      slots: 1,
      handle: async () => {
        throw new LakehaulError('CREDENTIALS_REJECTED', 'the token has expired');
      },
      onStop: (error) => told.push(error),
    });
    await world.add([1]);
    await until('it was told', () => told.length === 1);
    await until('the queue is empty', () => world.queues.isEmpty());
    expect(told[0]).toMatchObject({ code: 'CREDENTIALS_REJECTED' });
    expect(world.metrics.counts.get('outcome failed')).toBe(1);
  });

  it('what a step moved and how it failed is counted once, here', async () => {
    await using world = open();
    world.start({
      slots: 1,
      handle: async (job) =>
        job.chunk === 1
          ? { next: null, moved: { rowCount: 7n, sizeBytes: 900n } }
          : { next: null, failure: 'SOURCE_STATEMENT_FAILED' },
    });
    await world.add([1, 2]);
    await until('both ran', () => world.metrics.counts.get('outcome failed') === 1);
    await until('both left', () => world.queues.isEmpty());
    const counts = Object.fromEntries(world.metrics.counts);
    expect(counts).toMatchObject({
      lakehaul_moved_rows_total: 7,
      lakehaul_moved_bytes_total: 900,
      lakehaul_step_failures_total: 1,
      'outcome done': 1,
    });
  });

  it('a next job that must wait for the feeder is not chained', async () => {
    await using world = open();
    let ran = 0;
    world.start({
      slots: 1,
      handle: async (job) => {
        ran++;
        return { next: { ...job, step: 'load' } };
      },
      mayChain: async () => false,
    });
    await world.add([1]);
    await until('it ran and left', async () => ran === 1 && (await world.queues.isEmpty()));
  });
});

describe('redis', () => {
  it('a killed worker’s jobs are taken over when its lock has expired, and no job fails by it', async () => {
    const store = await openQueueStore({ kind: 'redis', url: redis.url, path: '' }, { log });
    const metrics = new CountingMetrics();
    const queues = new ChunkQueues({ store, migration: 'killed', log, metrics });
    await queues.add([{ job: jobOf('killed', 1), priority: 1 }]);
    // Twice: BullMQ's default fails a job at its second stall.
    for (let kill = 0; kill < 2; kill++) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(import.meta.dirname, 'testing/holding-worker.ts'), redis.url, 'killed'],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const seen: number[] = [];
    const worker = startStepWorker({
      queues,
      step: 'unload',
      slots: 1,
      log,
      metrics,
      clock,
      lockMs: 1_000,
      stalledCheckMs: 300,
      handle: async (job) => {
        seen.push(job.chunk);
        return { next: null };
      },
    });
    await until('it was taken over', () => seen.length === 1);
    expect(metrics.counts.get('lakehaul_stalls_total')).toBeGreaterThanOrEqual(1);
    await until('the queue is empty', () => queues.isEmpty());
    await worker.drain();
    await queues.close();
    await store.stop();
  });

  it('a server killed and restarted empty: adds fail at once meanwhile, then re-added jobs run without a restart', async () => {
    const binary = (await findBinary(['redis-server', 'valkey-server'], process.env['PATH'] ?? '')) ?? '';
    const port = await freePort();
    const serve = () =>
      spawn(binary, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
        stdio: 'ignore',
      });
    let server = serve();
    const url = `redis://127.0.0.1:${port}`;
    const open = () => openQueueStore({ kind: 'redis', url, path: '' }, { log });
    let store: QueueStore | undefined;
    await until('redis is up', async () => {
      store = await open().catch(() => undefined);
      return store !== undefined;
    });
    if (store === undefined) throw new Error('no store');
    const metrics = new CountingMetrics();
    const queues = new ChunkQueues({ store, migration: 'lost', log, metrics });
    const { handle, running } = holdingHandler();
    const worker = startStepWorker({ queues, step: 'unload', slots: 2, log, metrics, clock, handle });
    const add = (chunks: readonly number[]) =>
      queues.add(chunks.map((chunk) => ({ job: jobOf('lost', chunk), priority: 1 })));
    await add([1, 2, 3]);
    await until('two run', () => running.size === 2);

    server.kill('SIGKILL');
    await once(server, 'exit');
    const startMs = performance.now();
    await until('adds fail', () =>
      add([4]).then(
        () => false,
        (thrown: { code?: string }) => thrown.code === 'QUEUE_UNAVAILABLE',
      ),
    );
    expect(performance.now() - startMs).toBeLessThan(10_000);
    server = serve();
    await until('adds work again', () =>
      add([3]).then(
        () => true,
        () => false,
      ),
    );
    for (const finish of [...running.values()]) finish();
    await until('the job that was lost runs', () => running.has(jobIdOf(jobOf('lost', 3))));
    for (const finish of [...running.values()]) finish();
    await until('the queue is empty', () => queues.isEmpty());
    await worker.drain();
    await queues.close();
    await store.stop();
    server.kill('SIGKILL');
    await once(server, 'exit');
  });

  it('warns of a server that may evict jobs', async () => {
    const admin = new Redis(redis.url);
    const warned: string[] = [];
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const store = await openQueueStore(
      { kind: 'redis', url: redis.url, path: '' },
      { log: { ...log, warn: (message) => warned.push(message) } },
    );
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    expect(warned).toEqual(['redis may evict jobs']);
    expect(store.description).not.toContain(new URL(redis.url).password);
    await store.stop();
    admin.disconnect();
  });

  it('says what is missing when it is wanted and there is none', async () => {
    await expect(openQueueStore({ kind: 'redis', path: '/nowhere' }, { log })).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      disposition: 'refuse',
    });
    await expect(
      openQueueStore({ kind: 'redis', url: 'redis://:secret@127.0.0.1:1', path: '' }, { log }),
    ).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', where: 'redis://127.0.0.1:1' });
  });

  it('a private server ends with its process, killed or not', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'testing/private-server.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const client = new Redis(line.toString().trim(), { maxRetriesPerRequest: 0, retryStrategy: () => null });
    client.on('error', () => undefined);
    expect(await client.ping()).toBe('PONG');
    const isGone = once(client, 'end');
    child.kill('SIGKILL');
    await isGone;
  });

  it('auto takes the server on the PATH, privately: a password, nothing shared', async () => {
    const store = await openQueueStore({ kind: 'auto', path: process.env['PATH'] ?? '' }, { log });
    expect(store).toMatchObject({ kind: 'redis', isShared: false });
    const port = /127\.0\.0\.1:(\d+)/.exec(store.description)?.[1];
    const stranger = new Redis(Number(port), '127.0.0.1', { maxRetriesPerRequest: 0, retryStrategy: () => null });
    stranger.on('error', () => undefined);
    await expect(stranger.ping()).rejects.toThrow(/NOAUTH/);
    stranger.disconnect();
    await store.stop();
  });
});
