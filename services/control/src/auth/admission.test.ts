import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiWorld } from '../../../../test/support/api-world.ts';
import { allRoutes } from '../app.ts';
import { PERMISSIONS, type Permission } from './permissions.ts';
import { ROLES } from './principal.ts';

const api = new ApiWorld();
await api.seed();
const { app, deps, model } = await api.process();
const routes = allRoutes(app, deps);

beforeAll(() => model.refreshOnce());
afterAll(() => app.close());

/** Who may do what, written down a second time: a change of the table has to be meant. */
const MAY: Record<Permission, readonly string[]> = {
  public: ['', 'nobody', 'viewer', 'operator', 'approver', 'reporter', 'examiner'],
  read: ['viewer', 'operator', 'approver', 'examiner'],
  steer: ['operator'],
  replay: ['operator'],
  propose: ['operator', 'approver'],
  approve: ['approver'],
  rows: ['examiner'],
  signal: ['operator', 'approver', 'reporter'],
};

const addressOf = (url: string) =>
  url
    .replace(':table', 'public-flights-1a2b3c4d')
    .replace(':generation', 'g1')
    .replace(':chunk', '2')
    .replace(':queue', 'unload')
    .replace(':code', 'SYSTEMIC_CAUSE')
    .replace(':process', 'month-end')
    .replace(':proposal', 'f'.repeat(64));

async function ask(
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'HEAD',
  url: string,
  who: string,
  payload?: object,
) {
  const headers = who === '' ? {} : { authorization: `Bearer ${who}` };
  // Events never end: only their head is waited for.
  if (url === '/v1/events' && method === 'GET' && who !== '' && MAY.read.includes(who)) {
    const answer = await app.inject({ method, url, headers, payloadAsStream: true });
    answer.stream().destroy();
    return answer;
  }
  return app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
}

describe('each route lets in whom its permission names and nobody else', () => {
  it('every route and every role is in the table', () => {
    expect(Object.keys(MAY).sort()).toEqual(Object.keys(PERMISSIONS).sort());
    expect(routes.length).toBeGreaterThan(20);
    expect(new Set(routes.map((each) => each.permission))).toEqual(new Set(Object.keys(MAY)));
    for (const { url, isChange, permission } of routes)
      expect(isChange, url).toBe(['steer', 'replay', 'propose', 'approve', 'signal'].includes(permission));
  });

  const cases = routes.flatMap((route) => ['', 'stranger', 'nobody', ...ROLES].map((who) => ({ who, route })));
  it.each(cases)('$route.method $route.url for "$who"', async ({ who, route }) => {
    // A change without a body: whoever is let in is told of it, and changes nothing.
    const { statusCode } = await ask(route.method, addressOf(route.url), who);
    if (MAY[route.permission].includes(who) || route.permission === 'public')
      expect(statusCode).toBe(route.isChange ? 400 : 200);
    else expect(statusCode).toBe(who === '' || who === 'stranger' ? 401 : 403);
  });

  it('a route that names no permission cannot be added', async () => {
    const fresh = await api.process();
    await expect(async () => fresh.app.get('/v1/new', async () => 'secret')).rejects.toThrow();
    await fresh.app.close();
  });
});

describe('a stranger', () => {
  const PATHS = [
    ...routes.filter((each) => each.permission !== 'public').map((each) => addressOf(each.url)),
    '/',
    '/v1',
    '/v1/nothing',
    '/v1/tables/no-such-table',
    '/v1/chunks?limit=nonsense',
    '/v1/queues/none/pause',
    '/openapi.yaml',
    '/.git/config',
    '/%zz',
    '/v1/tables/%ff',
    `/v1/tables/${'x'.repeat(400)}`,
    '/v1/status?%zz=1',
    '//healthz',
  ];

  it('gets the same answer for every path and method, word by word', async () => {
    const first = await ask('GET', '/v1/status', '');
    expect(first.statusCode).toBe(401);
    expect(first.json()).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    for (const url of PATHS)
      for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE'] as const) {
        // The console’s page, which holds no data: console-files.test.ts.
        if (url === '/' && (method === 'GET' || method === 'HEAD')) continue;
        const answer = await ask(method, url, '', method === 'GET' || method === 'HEAD' ? undefined : { any: 'thing' });
        const place = `${method} ${url}`;
        expect(answer.statusCode, place).toBe(401);
        if (method !== 'HEAD') expect(answer.body, place).toBe(first.body);
        const { date: _date, connection: _connection, ...headers } = answer.headers;
        const { date: __date, connection: __connection, ...expected } = first.headers;
        expect({ ...headers, 'content-length': '' }, place).toEqual({ ...expected, 'content-length': '' });
      }
  });

  it('cannot send a big body or a broken one to learn more', async () => {
    const first = await ask('GET', '/v1/status', '');
    for (const payload of ['{', 'x'.repeat(2_000_000)]) {
      const answer = await app.inject({
        method: 'POST',
        url: '/v1/queues/unload/pause',
        payload,
        headers: { 'content-type': 'application/json' },
      });
      expect([answer.statusCode, answer.body]).toEqual([401, first.body]);
    }
  });

  it('who is known is told what is there and what is not', async () => {
    for (const [url, status, code] of [
      ['/v1/nothing', 404, 'NOT_FOUND'],
      ['/v1/tables/no-such-table', 404, 'NOT_FOUND'],
      ['/v1/chunks?limit=nonsense', 400, 'REQUEST_INVALID'],
      ['/%zz', 404, 'NOT_FOUND'],
    ] as const) {
      const answer = await ask('GET', url, 'viewer');
      expect([answer.statusCode, answer.json().code], url).toEqual([status, code]);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
  });
});

describe('who asks too often', () => {
  it('is told to wait, strangers by address and the known by name, changes by a limit of their own', async () => {
    const rateLimit = { perMinute: 5, unknownPerMinute: 2, changesPerMinute: 1 };
    const limited = await api.process({ config: { ...deps.config, rateLimit } });
    await limited.model.refreshOnce();
    const get = (who: string, url = '/v1/status') =>
      limited.app.inject({ url, headers: who === '' ? {} : { authorization: `Bearer ${who}` } });
    const codes = async (times: number, call: () => ReturnType<typeof get>) => {
      const seen: number[] = [];
      for (let time = 0; time < times; time++) seen.push((await call()).statusCode);
      return seen;
    };
    expect(await codes(3, () => get(''))).toEqual([401, 401, 429]);
    // The path makes no difference, and health is asked by machines all day.
    expect((await get('', '/nothing')).statusCode).toBe(429);
    expect(await codes(9, () => get('', '/healthz'))).toEqual(Array(9).fill(200));
    expect(await codes(6, () => get('viewer'))).toEqual([200, 200, 200, 200, 200, 429]);
    expect((await get('operator')).statusCode).toBe(200);
    expect((await get('viewer')).headers['retry-after']).toMatch(/^[1-9]\d*$/);
    const change = () =>
      limited.app.inject({
        method: 'POST',
        url: '/v1/queues/unload/pause',
        headers: { authorization: 'Bearer ann-operator' },
        payload: {},
      });
    expect(await codes(2, change)).toEqual([400, 429]);
    await limited.app.close();
  });
});
