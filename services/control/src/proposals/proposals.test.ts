import { describe, expect, it } from 'vitest';
import { startApi } from '../../../../test/support/api-changes.ts';
import { QUARANTINED, SALES } from '../../../../test/support/api-world.ts';
import { BODIES, chunkRef } from '../../../../test/support/ledger-world.ts';

const named = (chunk: number) => `${SALES.tableId}/g1/${chunk}`;

describe('the quarantine', () => {
  it('is listed with why, page by page', async () => {
    const { app } = await startApi();
    const get = async (url: string) => (await app.inject({ url, headers: { authorization: 'Bearer viewer' } })).json();
    const first = await get('/v1/quarantine?limit=2');
    expect(first.chunks.map((each: { chunk: string }) => each.chunk)).toEqual([named(2), named(5)]);
    expect(first.chunks[0].trouble).toMatchObject({ code: 'ATTEMPTS_EXHAUSTED', next: 'look' });
    const last = await get(`/v1/quarantine?limit=2&cursor=${first.next}`);
    expect([last.chunks.map((each: { chunk: string }) => each.chunk), last.next]).toEqual([[named(7)], null]);
    expect((await get('/v1/quarantine?code=HASH_MISMATCH')).chunks).toEqual([]);
  });

  it('is replayed by filter or by name: the dry run tells exactly what is opened', async () => {
    const { change, ledger, model } = await startApi();
    const dry = await change('/v1/quarantine/replay', { filter: { code: 'ATTEMPTS_EXHAUSTED' }, dryRun: true });
    expect(dry.json()).toMatchObject({ isDryRun: true, total: 3, tables: { [SALES.tableId]: 3 } });
    expect((await change('/v1/quarantine/replay', { filter: {}, expected: 2 })).statusCode).toBe(422);
    const one = await change('/v1/quarantine/replay', { filter: { chunks: [named(5)] }, expected: 1 });
    expect(one.json()).toMatchObject({ total: 1, chunks: [{ chunk: named(5), attempt: 2 }] });
    const opened = await ledger.read({ ...chunkRef(SALES, 5), attempt: 2 }, 'opened');
    expect(opened?.body).toMatchObject({ cause: 'operator', reason: 'token:operator: because' });
    // The read model is a moment old: what went on meanwhile is left alone and told.
    const rest = await change('/v1/quarantine/replay', { filter: {} });
    expect(rest.json()).toMatchObject({ total: 2, movedOn: [named(5)] });
    await model.refreshOnce();
    expect((await change('/v1/quarantine/replay', { filter: {} })).json().total).toBe(0);
    expect((await change('/v1/quarantine/replay', { filter: { chunks: [named(5)] } })).json().code).toBe(
      'CHUNK_NOT_QUARANTINED',
    );
    expect((await change('/v1/quarantine/replay', { filter: { chunks: [named(500)] } })).statusCode).toBe(404);
  });

  it('is accepted by two people: one proposes and tells the number, another one approves; what moved on is left alone', async () => {
    const { app, change, ledger, process } = await startApi();
    const filter = { chunks: [named(2), named(7)] };
    const accept = (payload: object, who = 'ann-approver') =>
      change('/v1/quarantine/accept', { filter, ...payload }, { who });
    expect((await accept({ expected: 2 }, 'viewer')).statusCode).toBe(403);
    expect((await accept({ expected: 3 })).statusCode).toBe(422);
    expect((await accept({})).statusCode).toBe(400);
    expect((await accept({ dryRun: true })).json()).toMatchObject({ proposal: null, total: 2 });
    const { proposal } = (await accept({ expected: 2, reason: 'junk rows' })).json();
    expect(await ledger.chunkState(chunkRef(SALES, 2))).toMatchObject({ stage: 'quarantined' });
    await ledger.openAttempt(chunkRef(SALES, 7), {
      attempt: 2,
      body: { cause: 'operator', reason: 'a person', observedAt: null, hashForm: 'joined', level: 'carried' },
      causedBy: null,
    });

    const approve = (who: string, key?: string, on = app) =>
      change(
        `/v1/proposals/${proposal}/approve`,
        { reason: 'seen' },
        { who, on, ...(key === undefined ? {} : { key }) },
      );
    expect((await approve('operator')).statusCode).toBe(403);
    // Nobody approves what he proposed himself.
    expect([(await approve('ann-approver')).statusCode, (await approve('ann-approver')).json().code]).toEqual([
      403,
      'FORBIDDEN',
    ]);
    expect(await ledger.chunkState(chunkRef(SALES, 2))).toMatchObject({ stage: 'quarantined' });
    const answer = await approve('ben-approver', 'approved-once');
    expect(answer.json()).toMatchObject({
      total: 1,
      movedOn: [named(7)],
      chunks: [
        {
          chunk: named(2),
          accepted: { who: 'token:ann-approver and token:ben-approver', reason: 'junk rows; approved: seen' },
        },
      ],
    });
    expect(await ledger.chunkState(chunkRef(SALES, 2))).toMatchObject({ stage: 'accepted' });
    expect(await ledger.chunkState(chunkRef(SALES, 7))).toMatchObject({ stage: 'opened', attempt: 2 });
    const { app: other } = await process('b');
    expect((await approve('ben-approver', 'approved-once', other)).json()).toEqual(answer.json());
    // A third one comes too late to put a name to it.
    expect((await approve('approver')).json().chunks[0].accepted.who).toBe('token:ann-approver and token:ben-approver');
    const listed = await app.inject({ url: '/v1/proposals', headers: { authorization: 'Bearer viewer' } });
    expect(listed.json().proposals).toMatchObject([
      {
        proposal,
        who: 'token:ann-approver',
        reason: 'junk rows',
        decided: { decision: 'approved', who: 'token:ben-approver', reason: 'seen' },
      },
    ]);
    expect((await change(`/v1/proposals/${'0'.repeat(64)}/approve`, {}, { who: 'approver' })).statusCode).toBe(404);
  });

  it('is not accepted in an attempt that nobody proposed: hauled again and gone wrong again is told as moved on', async () => {
    const { change, ledger } = await startApi();
    const { proposal } = (
      await change(
        '/v1/quarantine/accept',
        { filter: { chunks: [named(2), named(5)] }, expected: 2 },
        { who: 'ann-approver' },
      )
    ).json();
    const again = { ...chunkRef(SALES, 5), attempt: 2 };
    const body = {
      cause: 'operator',
      reason: 'a person',
      observedAt: null,
      hashForm: 'joined',
      level: 'carried',
    } as const;
    await ledger.openAttempt(chunkRef(SALES, 5), { attempt: 2, body, causedBy: null });
    await ledger.write(again, 'quarantined', BODIES.quarantined, null);
    const told = { total: 1, movedOn: [named(5)], chunks: [{ chunk: named(2) }] };
    const approve = (more: object) => change(`/v1/proposals/${proposal}/approve`, more, { who: 'ben-approver' });
    expect((await approve({ dryRun: true })).json()).toMatchObject(told);
    expect((await approve({})).json()).toMatchObject(told);
    expect(await ledger.read(again, 'accepted')).toBeNull();
  });
});

describe('a proposal', () => {
  const made = async () => {
    const world = await startApi();
    const filter = { chunks: [named(2)] };
    const { proposal } = (
      await world.change('/v1/quarantine/accept', { filter, expected: 1 }, { who: 'ann-operator' })
    ).json();
    const decide = (verb: string, who: string, more: object = {}) =>
      world.change(`/v1/proposals/${proposal}/${verb}`, more, { who });
    return { ...world, proposal, decide };
  };
  const state = async ({ ledger }: Awaited<ReturnType<typeof startApi>>) =>
    (await ledger.read({ ...chunkRef(SALES, 2), attempt: 1 }, 'accepted'))?.body.who ?? null;

  it('is withdrawn by whoever made it, or by an approver; then nobody can approve it, nor withdraw what is approved', async () => {
    const world = await made();
    const { decide } = world;
    expect((await decide('withdraw', 'ben-operator')).statusCode).toBe(403);
    expect((await decide('withdraw', 'ann-operator', { dryRun: true })).json()).toMatchObject({ isDryRun: true });
    expect((await decide('withdraw', 'ann-operator')).statusCode).toBe(200);
    expect((await decide('approve', 'ben-approver')).json()).toMatchObject({
      status: 422,
      detail: 'the proposal was withdrawn by token:ann-operator',
    });
    expect(await state(world)).toBeNull();

    const approved = await made();
    expect((await approved.decide('approve', 'ben-approver')).statusCode).toBe(200);
    expect((await approved.decide('withdraw', 'ben-approver')).statusCode).toBe(422);
    expect(await state(approved)).toBe('token:ann-operator and token:ben-approver');
  });

  it('that is approved and withdrawn at once is one of the two, and what is done is what is told', async () => {
    for (let round = 0; round < 10; round++) {
      const world = await made();
      const [approved, withdrawn] = await Promise.all([
        world.decide('approve', 'ben-approver'),
        world.decide('withdraw', 'ann-operator'),
      ]);
      expect([approved.statusCode, withdrawn.statusCode].sort()).toEqual([200, 422]);
      expect((await state(world)) !== null).toBe(approved.statusCode === 200);
    }
  });

  it('is one of a list that is read page by page, newest first', async () => {
    const { api, app, change } = await startApi();
    const ids: string[] = [];
    for (const chunk of QUARANTINED) {
      const filter = { chunks: [named(chunk)] };
      ids.unshift((await change('/v1/quarantine/accept', { filter, expected: 1 })).json().proposal);
      api.world.tick();
    }
    const page = async (query: string) =>
      (await app.inject({ url: `/v1/proposals?limit=2${query}`, headers: { authorization: 'Bearer viewer' } })).json();
    const first = await page('');
    const last = await page(`&cursor=${first.next}`);
    const told = [...first.proposals, ...last.proposals];
    expect(told.map(({ proposal }: { proposal: string }) => proposal)).toEqual(ids);
    expect([first.proposals.length, last.next]).toEqual([2, null]);
    expect((await page('&cursor=nonsense')).status).toBe(400);
  });
});
