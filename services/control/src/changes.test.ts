import { recordShape } from '@lakehaul/ledger';
import { describe, expect, it } from 'vitest';
import { startApi, VIEWER } from '../../../test/support/api-changes.ts';
import { QUARANTINED, SALES } from '../../../test/support/api-world.ts';
import { chunkRef } from '../../../test/support/ledger-world.ts';
import type { StoreCall } from '../../../test/support/memory-store.ts';

const named = (chunk: number) => `${SALES.tableId}/g1/${chunk}`;

describe('a change of steering', () => {
  it('is recorded with who and why, before and after, and answered with what it did', async () => {
    const { change, ledger } = await startApi();
    const paused = await change('/v1/queues/unload/pause', { reason: 'month end' });
    expect(paused.statusCode).toBe(200);
    expect(paused.json()).toEqual({
      isDryRun: false,
      isChanged: true,
      refused: null,
      changes: [{ action: 'pause', pattern: '*::unload', value: null }],
      before: { pauses: [], limits: [], priorities: [], throttle: [] },
      after: { pauses: ['*::unload'], limits: [], priorities: [], throttle: [] },
    });
    const [record] = await ledger.steering.changes();
    expect(record?.body).toMatchObject({
      who: 'token:operator',
      reason: 'month end',
      after: { pauses: ['*::unload'] },
    });
    expect((await change('/v1/queues/unload/resume', {})).json()).toMatchObject({
      isChanged: true,
      after: { pauses: [] },
    });
    expect((await change('/v1/tables/public.flights/pause', {})).json().after.pauses).toEqual(['public.flights::*']);
    expect((await change(`/v1/tables/${SALES.tableId}/priority`, { priority: 3 })).json().after.priorities).toEqual([
      { pattern: 'public.flights', priority: 3 },
    ]);
    expect((await change('/v1/queues/load/limit', { tables: 'logs.*', max: 2 })).json().after.limits).toEqual([
      { pattern: 'logs.*::load', max: 2 },
    ]);
  });

  it('in a dry run tells the same and changes nothing, and needs no key', async () => {
    const { app, ledger, api } = await startApi();
    const before = api.world.store.keys.length;
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/queues/unload/pause',
      payload: { reason: 'to see', dryRun: true },
      headers: { authorization: 'Bearer operator' },
    });
    expect(answer.json()).toMatchObject({ isDryRun: true, isChanged: true, after: { pauses: ['*::unload'] } });
    expect(await ledger.steering.changes()).toEqual([]);
    expect(api.world.store.keys.length).toBe(before);
  });

  it('that means nothing is refused before anything is written', async () => {
    const { change, api } = await startApi();
    const before = api.world.store.keys.length;
    for (const [url, payload, status, code] of [
      ['/v1/queues/unload/resume', {}, 422, 'USAGE'],
      ['/v1/queues/unload/pause', { tables: 'no.such*' }, 422, 'USAGE'],
      ['/v1/queues/none/pause', {}, 400, 'REQUEST_INVALID'],
      ['/v1/queues/unload/limit', { max: -1 }, 400, 'REQUEST_INVALID'],
      ['/v1/queues/unload/pause', { reason: '' }, 400, 'REQUEST_INVALID'],
      ['/v1/queues/unload/pause', { reason: 'a\u001b[31mb' }, 400, 'REQUEST_INVALID'],
      ['/v1/queues/unload/pause', { more: 1 }, 400, 'REQUEST_INVALID'],
      ['/v1/tables/no.such/pause', {}, 404, 'NOT_FOUND'],
    ] as const) {
      const answer = await change(url, payload);
      expect([answer.statusCode, answer.json().code], url).toEqual([status, code]);
    }
    expect((await change('/v1/queues/unload/pause', {}, { key: 'short' })).statusCode).toBe(400);
    expect(api.world.store.keys.length).toBe(before);
  });

  it('of several settings is one record each, checked before the first', async () => {
    const { change, ledger } = await startApi();
    const both = { pauses: { '*::verify': true }, limits: { 'public.*::load': 3 }, priorities: { 'logs.events': 1 } };
    const answer = await change('/v1/settings', both, { method: 'PATCH' });
    expect(answer.json()).toMatchObject({ isChanged: true, before: { pauses: [] }, after: { pauses: ['*::verify'] } });
    expect(await ledger.steering.changes()).toHaveLength(3);
    const refused = await change(
      '/v1/settings',
      { limits: { '*::load': 1 }, pauses: { '*::unload': false } },
      { method: 'PATCH' },
    );
    expect(refused.statusCode).toBe(422);
    expect(await ledger.steering.changes()).toHaveLength(3);
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`${'*'.repeat(n + 1)}::load`, n]));
    expect((await change('/v1/settings', { limits: many }, { method: 'PATCH' })).statusCode).toBe(400);
    expect(await ledger.steering.changes()).toHaveLength(3);
    const back = await change('/v1/settings', { limits: { 'public.*::load': null } }, { method: 'PATCH' });
    expect(back.json().after.limits).toEqual([]);
  });

  it('is told with all those before it, newest first, page by page, while more are made', async () => {
    const { change, app, model } = await startApi();
    const set = (max: number) => change('/v1/queues/load/limit', { max, reason: `limit ${max}` });
    for (let max = 1; max <= 5; max++) await set(max);
    await model.refreshOnce();
    const page = async (query: string) =>
      (await app.inject({ url: `/v1/settings/changes?limit=2${query}`, headers: VIEWER })).json();
    const values = ({ changes }: { changes: { change: { value: number } }[] }) =>
      changes.map((each) => each.change.value);
    const first = await page('');
    expect([values(first), first.next]).toEqual([[5, 4], '3']);
    await set(6);
    await model.refreshOnce();
    const second = await page(`&cursor=${first.next}`);
    const third = await page(`&cursor=${second.next}`);
    expect([values(second), values(third), third.next]).toEqual([[3, 2], [1], null]);
    expect((await page('&cursor=0')).code).toBe('REQUEST_INVALID');
  });
});

describe('the throttle', () => {
  it('tells what it read last, and its settings are changed like others: recorded, checked, taken back by null', async () => {
    const { change, ledger, api, app } = await startApi();
    const headers = { authorization: 'Bearer viewer' };
    const told = async () => (await app.inject({ method: 'GET', url: '/v1/throttle', headers })).json();
    expect(await told()).toMatchObject({ isGoverned: false, slots: null, checks: [], history: [] });
    const set = await change('/v1/settings', { throttle: { maxSlots: 4, hold: 1 } }, { method: 'PATCH' });
    expect(set.json()).toMatchObject({
      isChanged: true,
      after: {
        throttle: [
          { name: 'maxSlots', value: 4 },
          { name: 'hold', value: 1 },
        ],
      },
    });
    const check = { name: 'manual', value: 1, limit: 1, unit: 'flag', verdict: 'stop', reason: 'held' } as const;
    await ledger.throttle.append({
      ...{
        schemaVersion: 1,
        change: 'stop',
        slots: 0,
        before: 8,
        reason: 'manual: held',
        winner: 'manual',
        running: 2,
      },
      ...{ canaryMs: 40, checks: [check], memory: { stoppedBy: 'planned', beforeStop: 8, hurtAt: null } },
    });
    api.world.tick(10);
    const now = await told();
    expect(now).toMatchObject({
      isGoverned: true,
      slots: 0,
      winner: 'manual',
      reason: 'manual: held',
      checks: [check],
    });
    expect(now.history).toHaveLength(1);
    expect(now.settings.find((each: { name: string }) => each.name === 'maxSlots')).toMatchObject({
      value: 4,
      configured: 16,
    });
    for (const throttle of [{ maxSlots: 0 }, { maxSlot: 3 }])
      expect((await change('/v1/settings', { throttle }, { method: 'PATCH' })).statusCode).toBe(422);
    const back = await change('/v1/settings', { throttle: { maxSlots: null, hold: null } }, { method: 'PATCH' });
    expect(back.json().after.throttle).toEqual([]);
  });
});

describe('a request that comes again', () => {
  it('gets the same answer from every process, also after a restart, and changes nothing twice', async () => {
    const { change, ledger, process } = await startApi();
    const first = await change('/v1/queues/unload/pause', {}, { key: 'the-same-key' });
    const { app: other } = await process('b');
    await change('/v1/queues/unload/resume', {});
    for (const on of [undefined, other]) {
      const again = await change(
        '/v1/queues/unload/pause',
        {},
        { key: 'the-same-key', ...(on === undefined ? {} : { on }) },
      );
      expect([again.statusCode, again.json(), again.headers['idempotency-replayed']]).toEqual([
        200,
        first.json(),
        'true',
      ]);
    }
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect((await ledger.steering.current()).pauses).toEqual([]);
    expect(await ledger.steering.changes()).toHaveLength(2);
  });

  it('with another body or to another path is refused; the same key of somebody else is another key', async () => {
    const { change, ledger } = await startApi();
    const key = 'one-key-for-all';
    await change('/v1/queues/unload/limit', { max: 3 }, { key });
    for (const answer of [
      await change('/v1/queues/unload/limit', { max: 4 }, { key }),
      await change('/v1/queues/load/limit', { max: 3 }, { key }),
      await change('/v1/queues/unload/limit', { max: 3, reason: 'another' }, { key }),
    ])
      expect([answer.statusCode, answer.json().code]).toEqual([409, 'KEY_REUSED']);
    expect((await change('/v1/queues/unload/limit', { max: 4 }, { key, who: 'ann-operator' })).statusCode).toBe(200);
    expect((await ledger.steering.current()).limits).toEqual([{ pattern: '*::unload', max: 4 }]);
  });

  it('at the same moment to two processes is made once', async () => {
    const { change, ledger, app, process } = await startApi();
    const { app: other } = await process('b');
    const answers = await Promise.all(
      [app, other, app, other].map((on) => change('/v1/queues/load/pause', {}, { key: 'all-at-once', on })),
    );
    const [first] = answers;
    for (const each of answers) expect([each.statusCode, each.json()]).toEqual([200, first?.json()]);
    expect(first?.json().isChanged).toBe(true);
    expect(await ledger.steering.changes()).toHaveLength(1);
  });

  it('after a crash at any write is finished by the next try, once', async () => {
    for (let crashAt = 1; crashAt <= 6; crashAt++) {
      const { change, ledger, api, process } = await startApi();
      let writes = 0;
      const crash = ({ operation, when }: StoreCall) => {
        if (operation === 'putIfAbsent' && when === 'after' && ++writes >= crashAt)
          throw new Error('the process is gone');
      };
      api.world.store.intercept = crash;
      const replay = () =>
        change('/v1/quarantine/replay', { filter: { table: 'public.flights' } }, { key: 'crash-and-again' });
      const first = await replay();
      api.world.store.intercept = undefined;
      const { app: next } = await process('b');
      const again = await change(
        '/v1/quarantine/replay',
        { filter: { table: 'public.flights' } },
        { key: 'crash-and-again', on: next },
      );
      expect(again.statusCode, `write ${crashAt}`).toBe(200);
      if (first.statusCode === 200) expect(again.json()).toEqual(first.json());
      expect(again.json()).toMatchObject({ total: 3, movedOn: [] });
      for (const chunk of QUARANTINED)
        expect(await ledger.chunkState(chunkRef(SALES, chunk))).toMatchObject({ attempt: 2, stage: 'opened' });
    }
  });

  it('of several settings, of which somebody makes a later one impossible meanwhile, tells what is in force', async () => {
    const { app, change, ledger } = await startApi();
    await change('/v1/queues/load/pause', {});
    const byOther = {
      change: { action: 'resume', pattern: '*::load' },
      who: 'ben',
      reason: 'x',
      requestId: 'cli-1',
    } as const;
    const make = ledger.steering.change.bind(ledger.steering);
    ledger.steering.change = async (request) => {
      const done = await make(request);
      if (request.change.action === 'pause') await make(byOther);
      return done;
    };
    const patch = () =>
      app.inject({
        method: 'PATCH',
        url: '/v1/settings',
        headers: { authorization: 'Bearer operator', 'idempotency-key': 'two-settings' },
        payload: { reason: 'because', pauses: { '*::verify': true, '*::load': false } },
      });
    const first = await patch();
    expect([first.statusCode, first.json()]).toMatchObject([
      200,
      { changes: [{ pattern: '*::verify' }], refused: { change: { pattern: '*::load' }, code: 'USAGE' } },
    ]);
    expect((await patch()).json()).toEqual(first.json());
    expect((await ledger.steering.current()).pauses).toEqual(['*::verify']);
  });

  it('a refusal that came too late for the plan is remembered as well', async () => {
    const { change, ledger } = await startApi();
    await change('/v1/queues/unload/pause', {});
    // Between the plan and the change another person resumes: the log refuses, and so does the answer for ever.
    const resumeByOther = () =>
      ledger.steering.change({
        change: { action: 'resume', pattern: '*::unload' },
        who: 'ben',
        reason: 'x',
        requestId: 'cli-1',
      });
    const current = ledger.steering.current.bind(ledger.steering);
    let isFirst = true;
    ledger.steering.current = async (maxAgeMs) => {
      const state = await current(maxAgeMs);
      if (isFirst && maxAgeMs === undefined) {
        isFirst = false;
        await resumeByOther();
      }
      return state;
    };
    const first = await change('/v1/queues/unload/resume', {}, { key: 'late-refusal' });
    expect([first.statusCode, first.json().code]).toEqual([422, 'USAGE']);
    await change('/v1/queues/unload/pause', {});
    const again = await change('/v1/queues/unload/resume', {}, { key: 'late-refusal' });
    expect([again.statusCode, again.json()]).toEqual([422, first.json()]);
    expect((await ledger.steering.current()).pauses).toEqual(['*::unload']);
  });
});

it('what is recorded of a request is what an audit expects, and holds neither key nor token', async () => {
  const { app, change, api } = await startApi();
  await change('/v1/queues/unload/pause', {}, { key: 'a-very-secret-key' });
  await change('/v1/quarantine/replay', { filter: { chunks: [named(2)] } }, { key: 'another-secret-key' });
  const written = api.world.store.keys.filter((key) => key.includes('/records/requests/'));
  expect(written).toHaveLength(4);
  await change('/v1/quarantine/accept', { filter: {}, expected: 3 }, { who: 'ann-approver' });
  const [{ proposal }] = (
    await app.inject({ url: '/v1/proposals', headers: { authorization: 'Bearer viewer' } })
  ).json().proposals;
  await change(`/v1/proposals/${proposal}/approve`, {}, { who: 'ben-approver' });
  written.push(...api.world.store.keys.filter((key) => key.includes('/records/proposals/')));
  expect(written).toHaveLength(6);
  for (const key of written) {
    const text = new TextDecoder().decode((await api.world.store.get(key))?.body);
    const path = key.replace(/^.*\/records\//, '').replace(/\.json$/, '');
    expect(recordShape(path)?.safeParse(JSON.parse(text).body).error, path).toBeUndefined();
    expect(text).not.toMatch(/secret-key|Bearer/);
  }
});

describe('a business process', () => {
  it('is declared failing by a reporter, who may do nothing else; said twice it is one record', async () => {
    const { app, change, ledger } = await startApi();
    const declare = (status: string, key: string) =>
      change('/v1/signals/month-end', { status }, { who: 'reporter', key });
    expect(
      (await change('/v1/signals/month-end', { status: 'failing', dryRun: true }, { who: 'reporter' })).json(),
    ).toEqual({ process: 'month-end', status: 'failing', isDryRun: true, isChanged: true });
    expect(await ledger.signals.all()).toEqual([]);
    expect((await declare('failing', 'first-one')).json()).toMatchObject({ isChanged: true, isDryRun: false });
    expect((await declare('failing', 'second-one')).json()).toMatchObject({ isChanged: false });
    const list = (who: string) =>
      app.inject({ method: 'GET', url: '/v1/signals', headers: { authorization: `Bearer ${who}` } });
    expect((await list('reporter')).statusCode).toBe(403);
    expect((await list('viewer')).json().signals).toMatchObject([
      { process: 'month-end', status: 'failing', who: 'token:reporter', reason: 'because' },
    ]);
    expect(await ledger.signals.all()).toHaveLength(1);
    expect((await change('/v1/signals/Month End', { status: 'ok' }, { who: 'reporter' })).statusCode).toBe(400);
    expect((await change('/v1/queues/unload/pause', {}, { who: 'reporter' })).statusCode).toBe(403);
  });
});
