/** The board over real queues, of both stores alike; in a browser over Redis. */
import type { Log, Step } from '@lakehaul/core';
import { ChunkQueues, openQueueStore, type QueueStore } from '@lakehaul/queue';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiWorld } from '../../../../test/support/api-world.ts';
import { findChromium, openBrowser } from '../../../../test/support/browser.ts';
import { QueuesBoard } from './board.ts';
import { boardDirectory } from './board-routes.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const metrics = { count: () => undefined, set: () => undefined, observe: () => undefined };
const clock = { sleep: (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms / 10).unref()) };
const path = process.env['PATH'] ?? '';

const jobOf = (chunk: number, step: Step) =>
  ({ schemaVersion: 1, migration: 'm1', tableId: 's-t-00000000', generation: 1, chunk, attempt: 1, step }) as const;

/** By `Bearer` as the other tests do it, or by what a browser sends of it. */
async function byBearerOrBasic(header: string | undefined) {
  const [, basic] = /^Basic (.+)$/.exec(header ?? '') ?? [];
  const password = basic === undefined ? undefined : Buffer.from(basic, 'base64').toString().split(':')[1];
  const token = password ?? /^Bearer (.+)$/.exec(header ?? '')?.[1];
  return token === 'viewer' ? { id: 'token:viewer', roles: new Set(['viewer'] as const) } : null;
}

async function serve(store: QueueStore) {
  const queues = new ChunkQueues({ store, migration: 'm1', log, metrics });
  await queues.add([0, 1, 2].map((chunk) => ({ job: jobOf(chunk, 'unload'), priority: 1 })));
  await queues.setConcurrency('unload', 4);
  const api = new ApiWorld();
  await api.seed();
  const board = new QueuesBoard({ queues, uiPath: boardDirectory() ?? '', clock, log });
  const authenticate = ({ headers }: { headers: { authorization?: string | undefined } }) =>
    byBearerOrBasic(headers.authorization);
  const { app, model } = await api.process({ board, authenticate });
  await model.refreshOnce();
  const get = async (url: string) => {
    const answer = await app.inject({ url: `/queues-board/api${url}`, headers: { authorization: 'Bearer viewer' } });
    return { status: answer.statusCode, body: answer.json() };
  };
  const close = async () => {
    await app.close();
    await queues.close();
  };
  return { app, queues, get, close };
}

describe.each(['redis', 'embedded'] as const)('the queues board over %s', (kind) => {
  let store: QueueStore;
  let served: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    store = await openQueueStore({ kind, path }, { log });
    served = await serve(store);
  });
  afterAll(async () => {
    await served?.close();
    await store?.stop();
  });

  it('tells what waits and how many may run, and of a job its ids and nothing else', async () => {
    const { status, body } = await served.get('/queues?activeQueue=m1-unload&status=prioritized');
    expect(status).toBe(200);
    const unload = body.queues.find(({ name }: { name: string }) => name === 'm1-unload');
    expect(body.queues.map(({ name }: { name: string }) => name)).toEqual(['m1-unload', 'm1-load', 'm1-verify']);
    expect(unload).toMatchObject({ readOnlyMode: true, globalConcurrency: 4, isPaused: false });
    const [waiting] = await served.queues.waitingIds('unload');
    const job = await served.get(`/queues/m1-unload/${waiting}`);
    expect(job.body.job.data).toEqual(jobOf(0, 'unload'));
    for (const each of [
      'workers',
      'metrics',
      'default-job-options',
      'rate-limit',
      'job-data-schema',
      `${waiting}/logs`,
    ])
      expect((await served.get(`/queues/m1-unload/${each}`)).status, each).toBe(200);
    expect((await served.get('/redis/stats')).body.backend).toBe(kind === 'redis' ? 'redis' : 'postgres');
    expect((await served.get('/queues/m1-unload/no-such-job')).status).toBe(404);
    // Looking changed nothing.
    expect(await served.queues.waitingIds('unload')).toHaveLength(3);
  });
});

describe('the queues board in a browser', () => {
  const executable = findChromium();

  it.skipIf(executable === null)('opens by Basic, shows the queues, asks nobody else and offers nothing', async () => {
    await using store = await opened();
    const { app, close } = await serve(store.store);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const address = app.server.address();
    const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const browser = await openBrowser(executable ?? '');
    const page = await browser.newPage({ httpCredentials: { username: 'any', password: 'viewer' } });
    const complaints: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(String(error)));
    page.on('request', (request) => void (request.url().startsWith(base) || complaints.push(request.url())));
    page.on(
      'response',
      (answer) => void (answer.status() >= 400 && complaints.push(`${answer.status()} ${answer.url()}`)),
    );
    await page.goto(`${base}/queues-board/`);
    await page.getByText('m1-unload').first().waitFor();
    await page.goto(`${base}/queues-board/queue/m1-unload?status=prioritized`);
    await page.getByText('s-t-00000000-g1-c0-a1-unload').first().waitFor();
    for (const name of [/pause/i, /obliterate/i, /add job/i, /clean/i, /retry/i, /promote/i])
      expect(await page.getByRole('button', { name }).count(), String(name)).toBe(0);
    await browser.close();
    await close();
    expect(complaints).toEqual([]);
  });
});

async function opened() {
  const store = await openQueueStore({ kind: 'redis', path }, { log });
  return { store, [Symbol.asyncDispose]: () => store.stop() };
}

describe('a Redis that goes', () => {
  it('leaves the board without an answer, in time and in words, and the API with one', async () => {
    await using redis = await opened();
    const { app, queues, get, close } = await serve(redis.store);
    expect((await get('/queues')).status).toBe(200);
    // It takes connections and commands, and answers none of them.
    const [queue] = queues.bullQueues;
    const client = (await queue?.getBackend().client) as unknown as Redis;
    await client.call('CLIENT', 'PAUSE', '2000', 'ALL');
    expect(await get('/queues')).toMatchObject({ status: 503, body: { code: 'QUEUE_UNAVAILABLE' } });
    await redis.store.stop();
    expect(await get('/queues')).toMatchObject({ status: 503, body: { code: 'QUEUE_UNAVAILABLE' } });
    expect((await app.inject({ url: '/v1/status', headers: { authorization: 'Bearer viewer' } })).statusCode).toBe(200);
    await close();
  });
});
