import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { traceIdOf } from '@lakehaul/core';
import { SLOW_DOWNS } from '@lakehaul/fleet';
import { ChunkQueues, openQueueStore } from '@lakehaul/queue';
import { createMetrics, METRICS, silentLog } from '@lakehaul/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Collector, startCollector } from '../support/collector.ts';
import { eventually, type Fleet, type Service, startFleet } from '../support/processes.ts';
import { type ReceiverServer, startReceiver } from '../support/receiver-server.ts';
import { startWorld, type World } from '../support/world.ts';

/** Each service as its own process: what it tells a scraper and a probe, and how it ends. */
const NAMES = ['planner', 'worker', 'verifier', 'control'] as const;
const ROOT = join(import.meta.dirname, '../..');

let world: World;
let fleet: Fleet;
let receiver: ReceiverServer;
let collector: Collector;
const services = new Map<string, Service>();

beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "svc"');
  await world.redshift.run('CREATE TABLE "svc"."t" (id integer, name varchar(40)) SORTKEY (id)');
  await world.redshift.run(`INSERT INTO "svc"."t" VALUES (1, 'row-value-one'), (2, 'row-value-two')`);
  receiver = await startReceiver();
  collector = await startCollector();
  const sections = `notify:
  everyMs: 1s
  receivers: [{ name: channel, shape: generic, minSeverity: info, urlEnv: WEBHOOK }]
`;
  fleet = await startFleet(world, { include: ['svc.t'], defaults: { level: 'full' } }, { sections });
  const env = { WEBHOOK: `${receiver.url}/s3cretpath`, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  for (const name of NAMES) services.set(name, fleet.start(name, env));
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function addressOf(name: string, says = 'http listens'): Promise<string> {
  const service = services.get(name);
  const port = await eventually(
    `${name} listens`,
    async () => service?.lines.find((line) => line['message'] === says)?.['port'],
    { services: [...services.values()] },
  );
  return `http://127.0.0.1:${String(port)}`;
}

describe.each(NAMES)('%s', (name) => {
  it('is live and ready, and its metrics are those of the table', async () => {
    const address = await addressOf(name);
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
    const text = await (await fetch(`${address}/metrics`)).text();
    expect(text).toContain(`lakehaul_build_info{service="${name}"`);
    expect(text.endsWith('\n')).toBe(true);
    const names = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]));
    for (const exported of names) expect(Object.keys(METRICS)).toContain(exported);
  });

  it('logs JSON lines that name the service and hold no secret', async () => {
    await addressOf(name);
    const lines = services.get(name)?.lines ?? [];
    expect(lines.some((line) => line['service'] === name && typeof line['at'] === 'string')).toBe(true);
    const { secretAccessKey, token } = world.clouds.credentials;
    const text = JSON.stringify(lines);
    expect(text).not.toContain(secretAccessKey);
    expect(text).not.toContain(token);
    for (const each of Object.values(fleet.tokens)) expect(text).not.toContain(each);
  });

  it('--help lists its settings without connecting to anything', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--import',
        join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'),
        join(ROOT, 'services', name, 'src/main.ts'),
        '--help',
      ],
      { env: { PATH: process.env['PATH'] } },
    );
    expect(stdout).toContain('LAKEHAUL_CONFIG');
    expect(stdout).toContain('LAKEHAUL_REDIS_URL');
  });
});

describe('the api of control', () => {
  const ask = async (path: string, init: RequestInit = {}, token = fleet.tokens.operator) =>
    fetch(`${await addressOf('control', 'api listens')}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers },
    });
  const post = (path: string, token = fleet.tokens.operator) =>
    ask(path, { method: 'POST', body: '{"reason":"test"}', headers: { 'idempotency-key': `the-test-${path}` } }, token);

  it('pauses what the fleet does within three seconds, told by an event; a viewer and a stranger cannot', async () => {
    await eventually('the first look is over', async () => (await ask('/v1/status')).status === 200);
    const events = await ask('/v1/events');
    const reader = events.body?.getReader();
    const decoder = new TextDecoder();
    let heard = '';
    const listening = (async () => {
      for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
        heard += decoder.decode(read.value, { stream: true });
    })();
    expect((await post('/v1/queues/verify/pause', fleet.tokens.viewer)).status).toBe(403);
    expect((await post('/v1/queues/verify/pause', 'nobody')).status).toBe(401);
    const startMs = Date.now();
    expect((await post('/v1/queues/verify/pause')).status).toBe(200);
    await eventually('the queue is told as paused', async () => {
      const { queues } = (await (await ask('/v1/queues')).json()) as { queues: { queue: string; isPaused: boolean }[] };
      return queues.some((each) => each.queue === 'verify' && each.isPaused);
    });
    await eventually('the listener hears of it', async () => heard.includes('"pattern":"*::verify"'));
    expect(Date.now() - startMs).toBeLessThan(3_000);
    expect(heard).toContain('event: progress');
    expect(heard).toContain('"who":"token:operator"');
    await reader?.cancel();
    await listening;
    expect((await post('/v1/queues/verify/resume')).status).toBe(200);
  });

  it('shows bull-board as it is deployed, page and queues, to whoever may read, and takes no change', async () => {
    const basic = { authorization: `Basic ${Buffer.from(`any:${fleet.tokens.viewer}`).toString('base64')}` };
    const page = await ask('/queues-board/', { headers: basic });
    const [script] = /static\/js\/main\.[^"]+/.exec(await page.text()) ?? [];
    expect((await ask(`/queues-board/${script}`, { headers: basic })).status).toBe(200);
    const told = await ask('/queues-board/api/queues', { headers: basic });
    const { queues } = (await told.json()) as { queues: { name: string; readOnlyMode: boolean }[] };
    expect(queues.map(({ name }) => name.replace(/^.*-/, ''))).toEqual(['unload', 'load', 'verify']);
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
    for (const token of [fleet.tokens.viewer, fleet.tokens.operator])
      expect((await ask('/queues-board/api/queues/pause', { method: 'PUT', body: '{}' }, token)).status).toBe(404);
    expect((await ask('/queues-board/', {}, 'nobody')).status).toBe(401);
  });
});

it('control tells receivers, once, by a URL that is in no log', async () => {
  await eventually('it is told that the watch has begun', async () => receiver.received.length > 0);
  const [first] = receiver.received;
  expect([first?.path, first?.body['id'], first?.body['kind']]).toEqual([
    '/s3cretpath',
    'lakehaul/fleet/notice/1',
    'begun',
  ]);
  expect(new Set(receiver.received.map(({ body }) => body['id'])).size).toBe(receiver.received.length);
  const text = JSON.stringify([...services.values()].map(({ lines }) => lines));
  expect(text).toContain('notice noted');
  expect(text).not.toContain('s3cretpath');
});

describe('the fleet', () => {
  it('proves the table, and every process ends with 0 on SIGTERM', async () => {
    await eventually(
      'the table is proven',
      async () => services.get('verifier')?.lines.some((line) => line['message'] === 'table sealed'),
      { services: [...services.values()] },
    );
    expect(await world.judge({ schema: 'svc', table: 't' })).toEqual({
      sourceRows: 2n,
      targetRows: 2n,
      missing: 0n,
      extra: 0n,
    });
    const store = await openQueueStore({ kind: 'redis', url: fleet.redisUrl, path: '' }, { log: silentLog });
    const queues = new ChunkQueues({ store, migration: 'fleet', log: silentLog, metrics: createMetrics() });
    await eventually('each process tells of its slow-downs', async () => (await queues.board(SLOW_DOWNS)).size === 4);
    await queues.close();
    await store.stop();
    for (const service of services.values()) expect(await service.terminate()).toBe(0);
  });

  it('has recorded what each process asked S3 by the time it ended', async () => {
    const session = await world.session(world.config({ include: ['svc.t'] }, { migration: 'fleet' }));
    const { processes, puts, lists, gets } = await session.ledger.requests.total();
    expect(processes).toBe(4);
    expect(puts > 10n && lists > 20n && gets > 20n).toBe(true);
  });

  it('has told one trace of the chunk, worker’s and verifier’s steps alike, whose id the ledger’s reader knows', async () => {
    const spans = collector.spans();
    const [ref] = spans.filter((span) => span.name === 'unload').map((span) => span.attributes);
    const tableId = String(ref?.['lakehaul.table']);
    const traceId = traceIdOf('fleet', { tableId, generation: 1, chunk: 0, attempt: 1 });
    const steps = spans.filter((span) => span.traceId === traceId && span.isRoot);
    expect([...new Set(steps.map((span) => `${span.service} ${span.name}`))].sort()).toEqual([
      'lakehaul-verifier verify',
      'lakehaul-worker load',
      'lakehaul-worker unload',
    ]);
    const proof = steps.find((span) => span.name === 'verify' && span.attributes['lakehaul.outcome'] === 'done');
    const calls = spans.filter((span) => span.parentSpanId === proof?.spanId).map((span) => span.name);
    expect(calls.some((name) => name.startsWith('databricks.'))).toBe(true);
    expect(calls.some((name) => name.startsWith('s3.'))).toBe(true);
    const unload = steps.find((span) => span.name === 'unload' && span.attributes['lakehaul.outcome'] === 'done');
    const submitted = services.get('worker')?.lines.find((line) => line['message'] === 'unload submitted');
    expect(unload?.attributes['lakehaul.statement_ids']).toBe(submitted?.['statementId']);
    const passes = spans.filter((span) => span.service === 'lakehaul-planner' && span.isRoot).map((span) => span.name);
    expect([...new Set(passes)].sort()).toEqual(['feed', 'govern', 'plan-table', 'watch']);
    // The log’s lines lead to the trace.
    const lines = services.get('worker')?.lines ?? [];
    expect(lines.find((line) => line['message'] === 'chunk unloaded')?.['traceId']).toBe(traceId);
    const sent = collector.bodies.join('\n');
    const { secretAccessKey, token } = world.clouds.credentials;
    for (const secret of [secretAccessKey, token, ...Object.values(fleet.tokens), 'row-value', 'SELECT', 'UNLOAD'])
      expect(sent.includes(secret)).toBe(false);
  });

  it('a wrong setting is refused before anything starts, with all problems at once', async () => {
    const service = fleet.start('worker', { LAKEHAUL_UNLOAD_SLOTS: 'many', LAKEHAUL_LOAD_SLOTZ: '3' });
    await eventually('the worker ends', async () => service.child.exitCode !== null);
    expect(service.child.exitCode).toBe(1);
    const text = JSON.stringify(service.lines);
    expect(text).toContain('LAKEHAUL_UNLOAD_SLOTS');
    expect(text).toContain('LAKEHAUL_LOAD_SLOTZ');
  });
});
