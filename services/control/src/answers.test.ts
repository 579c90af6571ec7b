import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { Log } from '@lakehaul/core';
import { DIFF_JSON } from '@lakehaul/operate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiWorld, EVENTS, QUARANTINED, SALES } from '../../../test/support/api-world.ts';
import { BODIES, chunkRef } from '../../../test/support/ledger-world.ts';
import { allRoutes } from './app.ts';

const api = new ApiWorld();
await api.seed();
const { app, deps, model, ledger } = await api.process();
const routes = allRoutes(app, deps);

beforeAll(() => model.refreshOnce());
afterAll(() => app.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { authorization: 'Bearer viewer', ...headers } });

/** Of the route, held against its own documented shape. */
async function answerOf(path: string, url: string) {
  const answer = await get(url);
  expect(answer.statusCode, answer.body).toBe(200);
  const shape = routes.find((each) => each.url === path && each.method === 'GET')?.answer;
  expect(shape?.safeParse(answer.json()).error, url).toBeUndefined();
  return answer.json();
}

describe('what is read', () => {
  it('is of the shape that the description says, and says how old it is', async () => {
    const asOf = new Date(api.world.nowMs).toISOString();
    const status = await answerOf('/v1/status', '/v1/status');
    expect(status).toMatchObject({ asOf, totals: { chunks: 17, done: 0 }, evidence: 'FAIL' });
    expect((await answerOf('/v1/tables', '/v1/tables')).tables).toEqual(status.tables);
    expect(await answerOf('/v1/tables/:table', `/v1/tables/${SALES.tableId}`)).toMatchObject({
      table: 'public.flights',
      quarantinedChunks: QUARANTINED,
    });
    expect(await answerOf('/v1/tables/:table', '/v1/tables/logs.events')).toMatchObject({
      tableId: EVENTS.tableId,
      chunks: 5,
    });
    expect((await answerOf('/v1/gates', '/v1/gates')).decision).toEqual(status.decision);
    expect(await answerOf('/v1/settings', '/v1/settings')).toMatchObject({
      asOf,
      limitsInForce: [{ pattern: '*::unload', max: 40 }],
    });
  });

  it('says how old it is also where nothing changed, by one clock', async () => {
    const ages = async () => {
      const first = await get('/v1/status');
      const known = await get('/v1/status', { 'if-none-match': String(first.headers.etag) });
      return [first, known].map(({ statusCode, headers }) => [statusCode, headers['lakehaul-ledger-age']]);
    };
    expect(await ages()).toEqual([
      [200, '0'],
      [304, '0'],
    ]);
    // Looks fail meanwhile.
    api.world.tick(3_600);
    expect(await ages()).toEqual([
      [200, '3600'],
      [304, '3600'],
    ]);
    await model.refreshOnce();
    expect(await ages()).toEqual([
      [200, '0'],
      [304, '0'],
    ]);
  });

  it('tells every chunk’s stage and attempt in one answer, packed for whoever can unpack it', async () => {
    const map = await answerOf('/v1/map', '/v1/map');
    expect(map.plans.map((each: { table: string }) => each.table)).toEqual(['logs.events', 'public.flights']);
    const [events, flights] = map.plans.map(({ cells }: { cells: string }) => [...Buffer.from(cells, 'base64')]);
    expect(events).toEqual([0, 0, 0, 0, 0]);
    const quarantined = map.stages.indexOf('quarantined') + 16;
    expect(flights).toEqual(Array.from({ length: 12 }, (_, chunk) => (QUARANTINED.includes(chunk) ? quarantined : 0)));
    const asked = await get('/v1/map', { 'accept-encoding': 'gzip, br' });
    expect(asked.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(JSON.parse(gunzipSync(asked.rawPayload).toString())).toEqual(map);
    const known = await get('/v1/map', { 'accept-encoding': 'gzip', 'if-none-match': String(asked.headers.etag) });
    expect([known.statusCode, known.headers['content-encoding']]).toEqual([304, undefined]);
  });

  it('tells what went wrong last with which chunk, as soon as that was read', async () => {
    const before = await answerOf('/v1/map', '/v1/map');
    expect(before.plans.map(({ causes }: { causes: unknown }) => causes)).toEqual([[], []]);
    await deps.causes.readOnce(model.snapshot);
    const map = await answerOf('/v1/map', '/v1/map');
    expect([map.causes, map.causesUnread]).toEqual([['ATTEMPTS_EXHAUSTED'], 0]);
    expect(map.plans[1].causes).toEqual([{ cause: 0, chunks: QUARANTINED }]);
  });

  it('tells of every gate its number and limit, and of each what it rests on', async () => {
    const { gates, decision } = await answerOf('/v1/gates', '/v1/gates');
    const failed = gates.filter(({ verdict }: { verdict: string }) => verdict === 'HOLD' || verdict === 'NO_GO');
    expect(failed.map(({ code }: { code: string }) => code)).toEqual(
      decision.reasons.map(({ code }: { code: string }) => code),
    );
    const url = '/v1/gates/CHUNKS_QUARANTINED';
    expect(await answerOf('/v1/gates/:code', url)).toMatchObject({
      ...{ verdict: 'HOLD', value: 3, limit: 0, of: 17, unit: 'chunks', tables: 1, next: null },
      ...{ observedAt: new Date(api.world.nowMs).toISOString(), source: expect.stringContaining('receipts') },
      reason: decision.reasons.find(({ code }: { code: string }) => code === 'CHUNKS_QUARANTINED'),
      findings: [
        {
          ...{ tableId: SALES.tableId, value: 3, moreChunks: 0 },
          chunks: QUARANTINED.map((chunk) => ({
            chunk: `${SALES.tableId}/g1/${chunk}`,
            stage: 'quarantined',
            attempt: 1,
          })),
        },
      ],
    });
    expect((await get('/v1/gates/NOTHING_PLANNED')).json().code).toBe('REQUEST_INVALID');
  });

  it('gives the findings of a gate page by page, each table once', async () => {
    const url = '/v1/gates/CHUNKS_NOT_PROVEN';
    const whole = await answerOf('/v1/gates/:code', url);
    const first = await answerOf('/v1/gates/:code', `${url}?limit=1`);
    const second = await answerOf('/v1/gates/:code', `${url}?limit=1&cursor=${encodeURIComponent(first.next)}`);
    expect([...first.findings, ...second.findings]).toEqual(whole.findings);
    expect([whole.findings.length, first.findings.length, second.next]).toEqual([2, 1, null]);
    // Those that wait first: they are why it takes long.
    const sales = whole.findings.find(({ tableId }: { tableId: string }) => tableId === SALES.tableId);
    expect(sales).toMatchObject({
      value: 12,
      moreChunks: 2,
      chunks: { 0: { stage: 'quarantined' }, 9: { stage: 'planned' } },
    });
  });

  it('tells the pace of the proofs, and who asks', async () => {
    expect(await answerOf('/v1/pace', '/v1/pace')).toMatchObject({ from: null, chunks: [], plannedBytes: '2000' });
    expect(await answerOf('/v1/me', '/v1/me')).toEqual({
      ...{ who: 'token:viewer', roles: ['viewer'], permissions: ['read'], migration: 'm1' },
    });
  });

  it('is sent once to whoever has it, until something in it changes', async () => {
    const first = await get('/v1/status');
    const etag = String(first.headers.etag);
    expect((await get('/v1/status', { 'if-none-match': etag })).statusCode).toBe(304);
    expect((await get('/v1/status', { 'if-none-match': `"x", ${etag}` })).body).toBe('');
    api.world.tick();
    await model.refreshOnce();
    // Only its age is another.
    const later = await get('/v1/status');
    expect([later.headers.etag, later.json().asOf === first.json().asOf]).toEqual([etag, false]);
    await ledger.openAttempt(chunkRef(SALES, 0), { attempt: 1, body: BODIES.opened, causedBy: null });
    await model.refreshOnce();
    expect((await get('/v1/status', { 'if-none-match': etag })).statusCode).toBe(200);
  });

  it('shows chunks by filter, page by page', async () => {
    const chunks = async (query: string) =>
      (await answerOf('/v1/chunks', `/v1/chunks?${query}`)).chunks.map((each: { chunk: string }) =>
        Number(each.chunk.split('/')[2]),
      );
    expect(await chunks('quarantined=true')).toEqual(QUARANTINED);
    expect(await chunks('stage=quarantined&quarantined=true&table=public.flights&attempt=1')).toEqual(QUARANTINED);
    expect(await chunks('stage=planned&quarantined=true')).toEqual([]);
    expect(await chunks('level=full')).toEqual([0, 1, 2, 3, 4]);
    expect(await chunks('attempt=2')).toEqual([]);
    const page = await answerOf('/v1/chunks', '/v1/chunks?table=public.flights&limit=5');
    const next = await answerOf('/v1/chunks', `/v1/chunks?table=public.flights&limit=500&cursor=${page.next}`);
    expect(page.chunks.length + next.chunks.length).toBe(SALES.chunkCount);
    expect((await get('/v1/chunks?cursor=made-up')).statusCode).toBe(400);
  });

  it('tells the story of a chunk by its name', async () => {
    const story = await answerOf('/v1/chunks/:table/:generation/:chunk', `/v1/chunks/${SALES.tableId}/g1/2`);
    expect(story.trail.map((each: { stage: string }) => each.stage)).toEqual(['opened', 'quarantined']);
    for (const wrong of ['g1/99', 'g2/2', 'g1/-1', '1/2'])
      expect((await get(`/v1/chunks/${SALES.tableId}/${wrong}`)).statusCode).toBeGreaterThanOrEqual(400);
    expect((await get(`/v1/chunks/${SALES.tableId}/g1/99`)).json().code).toBe('NOT_FOUND');
  });

  it('describes itself as OpenAPI 3.1 and as a page without scripts', async () => {
    const openapi = (await get('/openapi.json')).json();
    expect(openapi.openapi).toBe('3.1.0');
    const described = Object.entries<Record<string, object>>(openapi.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(
      routes.map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`).sort(),
    );
    const page = await get('/docs');
    expect(page.headers['content-type']).toContain('text/html');
    for (const { url } of routes) expect(page.body).toContain(url.replaceAll(/:(\w+)/g, '{$1}'));
    expect(page.body).not.toMatch(/<script|https?:\/\//);
  });
});

describe('queues', () => {
  it('are told with what holds them, and slots by what runs and what may start', async () => {
    const { queues } = await answerOf('/v1/queues', '/v1/queues');
    expect(queues[0]).toEqual({
      queue: 'unload',
      waiting: 5,
      active: 2,
      delayed: 0,
      isPaused: false,
      limits: [{ pattern: '*::unload', max: 40 }],
    });
    expect(await answerOf('/v1/desired-slots', '/v1/desired-slots')).toMatchObject({ unload: 7, load: 1, verify: 0 });
    // What the throttle has set in the queue holds pods back as it holds jobs; a step that it does not bound is left alone.
    for (const [unload, slots] of [
      [3, 3],
      [0, 2],
      [1_000_000, 7],
    ] as const) {
      api.concurrency = { ...api.concurrency, unload };
      await model.refreshOnce();
      expect(await answerOf('/v1/desired-slots', '/v1/desired-slots')).toMatchObject({ unload: slots, load: 1 });
    }
    const steer = (max: number | null) =>
      ledger.steering.change({
        change: { action: 'limit', pattern: '*::unload', max },
        who: 'a',
        reason: 'b',
        requestId: `limit ${max} ${api.world.nowMs}`,
      });
    await steer(4);
    await model.refreshOnce();
    expect(await answerOf('/v1/desired-slots/:queue', '/v1/desired-slots/unload')).toEqual({ slots: 4 });
    await ledger.steering.change({
      change: { action: 'pause', pattern: '*::unload' },
      who: 'a',
      reason: 'b',
      requestId: 'pause',
    });
    await model.refreshOnce();
    // Two statements run on and want to be watched.
    expect((await answerOf('/v1/desired-slots/:queue', '/v1/desired-slots/unload')).slots).toBe(2);
    expect((await answerOf('/v1/queues', '/v1/queues')).queues[0]).toMatchObject({ isPaused: true });
  });

  it('are not made up while the queue store is away; the ledger is told all the same', async () => {
    api.isQueueAway = true;
    await model.refreshOnce();
    for (const url of ['/v1/queues', '/v1/desired-slots', '/v1/desired-slots/unload']) {
      const answer = await get(url);
      expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([503, 'NOT_READY', '2']);
    }
    await answerOf('/v1/status', '/v1/status');
    api.isQueueAway = false;
    await model.refreshOnce();
  });
});

it('before the first look nothing is answered but that', async () => {
  const fresh = await api.process();
  for (const url of ['/v1/status', '/v1/chunks', '/v1/queues', '/v1/events']) {
    const answer = await fresh.app.inject({ url, headers: { authorization: 'Bearer viewer' } });
    expect([url, answer.statusCode, answer.json().code]).toEqual([url, 503, 'NOT_READY']);
  }
  await fresh.app.close();
});

describe('the rows in which a chunk differed', () => {
  it('are for an examiner alone; each look is in the log, and hashed they hold no value', async () => {
    const own = new ApiWorld();
    await own.seed();
    const looks: object[] = [];
    const log: Log = {
      debug() {},
      info: (_, fields) => void looks.push(fields ?? {}),
      warn() {},
      error() {},
      with: () => log,
    };
    const { app, model, ledger } = await own.process({ log });
    try {
      const ref = { ...chunkRef(SALES, 4), attempt: 1 };
      const rows = [
        { kind: 'changed', key: { id: '17' }, columns: [{ name: 'mail', source: 'a@b.example', target: null }] },
      ];
      const report = JSON.stringify({ missingRows: '0', extraRows: '0', changedRows: '1', rows, isTruncated: false });
      const rowsKey = await ledger.writeDiff(ref, report);
      const rowsSha256 = createHash('sha256').update(report).digest('hex');
      await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
      await ledger.write(ref, 'mismatched', { ...BODIES.mismatched, rowsKey, rowsSha256 }, null);
      own.world.tick();
      await model.refreshOnce();
      const ask = (who: string, query = '') =>
        app.inject({
          url: `/v1/chunks/${SALES.tableId}/g1/4/diff${query}`,
          headers: { authorization: `Bearer ${who}` },
        });
      for (const who of ['viewer', 'operator', 'approver', 'reporter']) {
        const refused = await ask(who);
        expect([refused.statusCode, refused.body.includes('example')]).toEqual([403, false]);
      }
      expect(looks.filter((each) => 'chunk' in each)).toEqual([]);
      const shown = await ask('examiner');
      expect(shown.headers['cache-control']).toBe('no-store');
      expect(DIFF_JSON.parse(shown.json()).mismatches).toMatchObject([{ rowsState: 'shown', rows }]);
      expect(looks.filter((each) => 'chunk' in each)).toMatchObject([
        { who: 'token:examiner', chunk: `${SALES.tableId}/g1/4` },
      ]);
      expect(JSON.stringify(looks)).not.toContain('example');
      const hashed = await ask('examiner', '?redact=true');
      expect(hashed.json().mismatches).toMatchObject([{ rowsState: 'shown', isRedacted: true }]);
      expect(hashed.body).not.toMatch(/example|"17"/);
    } finally {
      await app.close();
    }
  });
});
