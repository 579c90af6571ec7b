import { appRoutes } from '@bull-board/api/dist/routes.js';
import type { ChunkQueues } from '@lakehaul/queue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiWorld } from '../../../../test/support/api-world.ts';
import { ROLES } from '../auth/principal.ts';
import { BOARD_READS, QueuesBoard } from './board.ts';
import { BOARD_PATH, boardDirectory } from './board-routes.ts';

/** A queue of BullMQ by its looks: what is asked of it is kept, and answered by `answer`. */
class SpiedQueue {
  readonly calls: string[] = [];
  answer: (method: string) => unknown = () => 0;

  readonly queue = new Proxy({} as ChunkQueues['bullQueues'][number], {
    get: (_target, name) => {
      if (name === 'metaValues') return { version: 'bullmq:6.7.0' };
      if (name === 'name') return 'm1-unload';
      if (name === 'opts') return {};
      if (name === 'getBackend') return () => ({ client: undefined });
      return async () => {
        this.calls.push(String(name));
        return this.answer(String(name));
      };
    },
  });
}

const spy = new SpiedQueue();
const uiPath = boardDirectory() ?? '';
const forEver = { sleep: () => new Promise<void>(() => undefined) };
const silent = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const boardOf = (sleep = forEver) =>
  new QueuesBoard({ queues: { bullQueues: [spy.queue] }, uiPath, clock: sleep, log: silent });

const api = new ApiWorld();
await api.seed();
const { app, model } = await api.process({ board: boardOf() });
beforeAll(() => model.refreshOnce());
afterAll(() => app.close());

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const ask = (url: string, who: string, method: Method = 'GET', on = app) =>
  on.inject({
    ...{ method, url: `${BOARD_PATH}${url}` },
    headers: who === '' ? {} : { authorization: `Bearer ${who}` },
    ...(method === 'GET' ? {} : { payload: {} }),
  });
const addressOf = (route: string) =>
  route
    .replace(':queueName', 'm1-unload')
    .replace(':jobId', '1')
    .replace(':queueStatus', 'failed')
    .replace(':schedulerId', 's');

const methodsOf = (method: string | readonly string[]) => [method].flat().map((each) => each.toUpperCase() as Method);
const routes = appRoutes.api.flatMap(({ method, route }) =>
  methodsOf(method).flatMap((each) => [route].flat().map((url) => ({ method: each, url }))),
);
const writing = routes.filter(({ method }) => method !== 'GET');

describe('the queues board', () => {
  it('knows every reading route of bull-board, and no other', () => {
    const reading = routes.filter(({ method }) => method === 'GET').map(({ url }) => url);
    expect([...BOARD_READS].sort()).toEqual(reading.sort());
    expect(writing.length).toBeGreaterThan(15);
  });

  it.each(writing)('has no $method $url for anybody: nothing is asked of a queue', async ({ method, url }) => {
    spy.calls.length = 0;
    for (const who of ['viewer', 'operator', 'approver', 'viewer+operator+approver']) {
      const answer = await ask(addressOf(url), who, method);
      expect([answer.statusCode, answer.json().code], who).toEqual([404, 'NOT_FOUND']);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
    expect((await ask(addressOf(url), '', method)).statusCode).toBe(401);
    expect(spy.calls).toEqual([]);
  });

  it('takes no other method where it reads', async () => {
    spy.calls.length = 0;
    for (const url of ['', '/', '/queue/m1-unload', '/static/images/logo.svg', ...BOARD_READS.map(addressOf)])
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
        expect((await ask(url, 'viewer+operator+approver', method)).statusCode, `${method} ${url}`).toBe(404);
    expect(spy.calls).toEqual([]);
  });

  it('is for those who may read: page, files and answers', async () => {
    for (const url of ['', '/', '/static/images/logo.svg', '/api/queues']) {
      for (const who of ['', 'stranger']) expect((await ask(url, who)).statusCode).toBe(401);
      for (const role of ROLES) expect((await ask(url, role)).statusCode, role).toBe(role === 'reporter' ? 403 : 200);
    }
  });

  it('has a browser ask for a password: each way in stands in a line of its own', async () => {
    const { headers } = await ask('/', '');
    expect(headers['www-authenticate']).toEqual(['Bearer realm="lakehaul"', 'Basic realm="lakehaul", charset="UTF-8"']);
  });

  it('tells the queues, read-only', async () => {
    const { queues } = (await ask('/api/queues', 'viewer')).json();
    expect(queues).toMatchObject([{ name: 'm1-unload', readOnlyMode: true, allowRetries: false }]);
    expect((await ask('/api/queues/none/workers', 'viewer')).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    for (const query of ['page=0', 'jobsPerPage=301', 'jobsPerPage=x', 'activeQueue=%25'])
      expect((await ask(`/api/queues?${query}`, 'viewer')).statusCode, query).toBe(400);
  });

  it('has a page that asks nobody else, and whose scripts and styles are there', async () => {
    const page = await ask('/queue/m1-unload', 'viewer');
    expect(page.body).not.toMatch(/https?:|<style|<script(?! defer src="static\/| id="__UI_CONFIG__")/);
    const csp = String(page.headers['content-security-policy']);
    expect(csp).toContain("script-src 'self';");
    expect(csp).not.toMatch(/https?:|unsafe-eval|\*/);
    const files = [...page.body.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map((match) => match[1]);
    expect(files.filter((file) => file?.endsWith('.js')).length).toBeGreaterThan(1);
    expect(files.filter((file) => file?.endsWith('.css'))).toHaveLength(1);
    for (const file of [...files, 'static/locales/en-US/messages.json'])
      expect((await ask(`/${file}`, 'viewer')).statusCode, file).toBe(200);
    for (const path of ['../index.ejs', '..%2findex.ejs', '%2e%2e/index.ejs', '/etc/passwd', 'js', ''])
      expect((await ask(`/static/${path}`, 'viewer')).statusCode, path).toBe(404);
    // Ours are as strict as before.
    const docs = await app.inject({ url: '/docs', headers: { authorization: 'Bearer viewer' } });
    expect(docs.headers['content-security-policy']).toContain("default-src 'none';style-src");
  });

  it('is not in the API’s description', async () => {
    const { paths } = (await app.inject({ url: '/openapi.json', headers: { authorization: 'Bearer viewer' } })).json();
    expect(Object.keys(paths).filter((path) => path.includes('board'))).toEqual([]);
  });

  it('says so where it is not installed', async () => {
    const without = await api.process();
    for (const url of ['/', '/api/queues'])
      expect((await ask(url, 'viewer', 'GET', without.app)).json()).toMatchObject({
        ...{ status: 404, code: 'NOT_FOUND', detail: expect.stringContaining('not part of this installation') },
      });
    await without.app.close();
  });
});

describe('while the queue store is away', () => {
  it('the board answers 503 without its words, and the API goes on', async () => {
    spy.answer = () => {
      throw new Error('connect ECONNREFUSED redis://user:secret@10.0.0.1');
    };
    for (const url of ['/api/queues', '/api/queues/m1-unload/1', '/api/job-schedulers']) {
      const answer = await ask(url, 'viewer');
      expect([answer.statusCode, answer.json().code], url).toEqual([503, 'QUEUE_UNAVAILABLE']);
      expect(answer.body).not.toMatch(/secret|ECONNREFUSED/);
    }
    const status = await app.inject({ url: '/v1/status', headers: { authorization: 'Bearer viewer' } });
    expect(status.statusCode).toBe(200);
    expect((await ask('/', 'viewer')).statusCode).toBe(200);
  });

  it('one that hangs is waited for no longer than it may, and by few', async () => {
    spy.answer = () => new Promise(() => undefined);
    const late = { sleep: () => Promise.resolve() };
    const hanging = await api.process({ board: boardOf(late) });
    spy.calls.length = 0;
    const answers = [];
    for (let time = 0; time < 20; time++) answers.push(await ask('/api/queues', 'viewer', 'GET', hanging.app));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([503]));
    expect(spy.calls.filter((name) => name === 'getJobCounts')).toHaveLength(16);
    await hanging.app.close();
  });
});
