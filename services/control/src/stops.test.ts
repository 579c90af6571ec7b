import type { DiscoveredTable } from '@lakehaul/adapters';
import { recordShape, type TableStop } from '@lakehaul/ledger';
import { describe, expect, it } from 'vitest';
import { startApi } from '../../../test/support/api-changes.ts';
import { asPlanned, EVENTS, QUARANTINED, SALES } from '../../../test/support/api-world.ts';
import { BODIES, chunkRef } from '../../../test/support/ledger-world.ts';
import type { StoreCall } from '../../../test/support/memory-store.ts';

const STOP: TableStop = {
  ...{ schemaVersion: 1, action: 'stop', code: 'SYSTEMIC_CAUSE', reason: 'a zone', next: 'look' },
  ...{ evidence: ['some/receipt.json'], digest: 'a-cause' },
};
const DRIFT: TableStop = {
  ...{ ...STOP, code: 'SCHEMA_DRIFT', reason: 'it was swapped', digest: 'a-drift' },
  evidence: ['table-swapped: the oid was 100 and is 999 now'],
};
const HIDDEN: TableStop = {
  ...{ ...STOP, code: 'ROW_SECURITY', reason: 'rows were hidden', digest: 'hidden' },
  evidence: ['hidden-rows: a policy is attached'],
};
const LIFT = `/v1/tables/${SALES.tableId}/lift-stop`;
const ACCEPT = `/v1/tables/${SALES.tableId}/accept-drift`;

async function started(stop: TableStop | null = STOP) {
  const started = await startApi(async ({ ledger, world }) => {
    if (stop !== null) await ledger.stops.append(SALES.tableId, null, stop);
    world.tick();
  });
  const { api, ledger } = started;
  const see = (sales: Partial<DiscoveredTable>) => {
    api.catalogue = { tables: [{ ...asPlanned(SALES), ...sales }, asPlanned(EVENTS)], notMoved: [] };
  };
  const current = async () => (await ledger.stops.current(SALES.tableId))?.stop ?? null;
  const written = () => api.world.store.keys.length;
  return { ...started, see, current, written };
}

const SWAPPED = { oid: '999', columnListHash: 'swapped' };

describe('a table’s stop', () => {
  it('is told with why, since when, its digest and what lifting it takes', async () => {
    for (const [stop, driftAcceptance] of [
      [STOP, null],
      [DRIFT, 'reopening'],
      [HIDDEN, 'no'],
    ] as const) {
      const { app } = await started(stop);
      const headers = { authorization: 'Bearer viewer' };
      const table = (await app.inject({ url: '/v1/tables/public.flights', headers })).json();
      const { code, reason, next, digest } = stop;
      expect(table.stop).toEqual({ code, reason, next, digest, since: expect.any(String), driftAcceptance });
    }
  });

  it('is lifted by an operator, by the digest that he looked at, and recorded with who and why', async () => {
    const { change, current, written, ledger } = await started();
    const before = written();
    const dry = await change(LIFT, { dryRun: true });
    expect(dry.json()).toMatchObject({
      ...{ isDryRun: true, table: 'public.flights', tableId: SALES.tableId, reopened: 0, accepts: [] },
      stop: { code: 'SYSTEMIC_CAUSE', digest: 'a-cause' },
      steps: ['stopped for SYSTEMIC_CAUSE: a zone', 'lift stop 1'],
    });
    for (const who of ['viewer', 'approver', 'examiner'])
      expect((await change(LIFT, {}, { who })).statusCode).toBe(403);
    const other = await change(LIFT, { digest: 'another' });
    expect([other.statusCode, other.json().code]).toEqual([422, 'USAGE']);
    expect((await change('/v1/tables/logs.events/lift-stop', {})).statusCode).toBe(422);
    expect((await change('/v1/tables/no.such/lift-stop', {})).statusCode).toBe(404);
    expect([written(), (await current())?.digest]).toEqual([before, 'a-cause']);
    const lifted = await change(LIFT, { digest: 'a-cause', reason: 'zone mended' });
    expect([lifted.statusCode, lifted.json()]).toEqual([200, { ...dry.json(), isDryRun: false }]);
    const [, event] = await ledger.stops.events(SALES.tableId);
    expect(event?.body).toMatchObject({ action: 'resume', who: 'token:operator', reason: 'zone mended' });
    expect(await current()).toBeNull();
  });

  it('that was lifted is not lifted again by the request that comes again after the next stop', async () => {
    const { change, current, ledger, process } = await started();
    const first = await change(LIFT, {}, { key: 'lift-it-once' });
    await ledger.stops.append(SALES.tableId, await ledger.stops.current(SALES.tableId), { ...STOP, digest: 'new' });
    const { app: other } = await process('b');
    for (const on of [undefined, other]) {
      const again = await change(LIFT, {}, { key: 'lift-it-once', ...(on === undefined ? {} : { on }) });
      expect([again.statusCode, again.json()]).toEqual([200, first.json()]);
    }
    expect((await current())?.digest).toBe('new');
  });

  it('that somebody lifts and the fleet sets again between plan and act stands', async () => {
    const { api, change, current, ledger } = await started();
    // After the plan is recorded, before anything is done.
    api.world.store.intercept = async ({ operation, key, when }: StoreCall) => {
      if (operation !== 'putIfAbsent' || when !== 'after' || !key.endsWith('/asked.json')) return;
      api.world.store.intercept = undefined;
      const halt = await ledger.stops.current(SALES.tableId);
      const by = { schemaVersion: 1, action: 'resume', who: 'ben', reason: 'x', digest: 'a-cause' } as const;
      await ledger.stops.append(SALES.tableId, halt, by);
      await ledger.stops.append(SALES.tableId, await ledger.stops.current(SALES.tableId), { ...STOP, digest: 'new' });
    };
    const answer = await change(LIFT, {});
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'SUPERSEDED']);
    expect((await current())?.digest).toBe('new');
  });

  it('is not lifted while the schema has drifted: refused with how two people may', async () => {
    const { change, see, current, written } = await started(DRIFT);
    see(SWAPPED);
    const before = written();
    for (const dryRun of [true, false]) {
      const answer = await change(LIFT, { dryRun });
      expect([answer.statusCode, answer.json().code]).toEqual([409, 'SCHEMA_DRIFT']);
      expect(answer.json().next).toContain(`POST ${ACCEPT}`);
    }
    expect([written(), await current()]).toEqual([before, DRIFT]);
    see({});
    expect((await change(LIFT, {})).statusCode).toBe(200);
  });
});

describe('the stop of a table whose rows were hidden', () => {
  it('is refused while they are; then what was unloaded is reopened, also what began after the last look', async () => {
    const { api, change, ledger, see, current } = await started(HIDDEN);
    const ref = { ...chunkRef(SALES, 9), attempt: 1 };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(ref, 'unloaded', BODIES.unloaded, null);
    api.world.tick();
    see({ hasRowSecurity: true });
    expect((await change(LIFT, {})).json()).toMatchObject({ status: 409, code: 'ROW_SECURITY' });
    see({});
    expect((await change(LIFT, { dryRun: true })).json().reopened).toBe(QUARANTINED.length + 1);
    expect((await change(LIFT, {})).json()).toMatchObject({ reopened: QUARANTINED.length + 1, movedOn: [] });
    for (const chunk of [...QUARANTINED, 9])
      expect(await ledger.chunkState(chunkRef(SALES, chunk))).toMatchObject({ stage: 'opened', attempt: 2 });
    expect(await current()).toBeNull();
  });

  it('after a crash at any write is lifted by the same request, and nothing is opened twice', async () => {
    for (let crashAt = 1; crashAt <= 10; crashAt++) {
      const { api, change, ledger, process } = await started(HIDDEN);
      let writes = 0;
      api.world.store.intercept = ({ operation, when }: StoreCall) => {
        if (operation === 'putIfAbsent' && when === 'after' && ++writes >= crashAt)
          throw new Error('the process is gone');
      };
      await change(LIFT, {}, { key: 'crash-and-again' });
      api.world.store.intercept = undefined;
      const { app: next } = await process('b');
      const again = await change(LIFT, {}, { key: 'crash-and-again', on: next });
      expect([again.statusCode, again.json().reopened], `write ${crashAt}`).toEqual([200, QUARANTINED.length]);
      for (const chunk of QUARANTINED) expect((await ledger.chunkState(chunkRef(SALES, chunk))).attempt).toBe(2);
      expect((await ledger.stops.events(SALES.tableId)).map(({ body }) => body.action)).toEqual(['stop', 'resume']);
    }
  });
});

describe('accepting a changed schema', () => {
  const proposedDrift = async () => {
    const world = await started(DRIFT);
    world.see(SWAPPED);
    const made = await world.change(ACCEPT, { digest: 'a-drift', reason: 'new table' }, { who: 'ann-operator' });
    const { proposal } = made.json();
    const approve = (who: string, more: object = {}) =>
      world.change(`/v1/proposals/${proposal}/approve`, { reason: 'seen', ...more }, { who });
    return { ...world, made, proposal, approve };
  };

  it('takes two people: nothing is done before another one approves, and then all of it, in both names', async () => {
    const { app, change, made, proposal, approve, current, ledger, written } = await proposedDrift();
    expect((await change(ACCEPT, { digest: 'a-drift' }, { who: 'viewer' })).statusCode).toBe(403);
    expect((await change(ACCEPT, {})).statusCode).toBe(400);
    const told = { reopened: QUARANTINED.length, accepts: [{ kind: 'table-swapped' }], stop: { digest: 'a-drift' } };
    expect((await change(ACCEPT, { dryRun: true })).json()).toMatchObject({ ...told, proposal: null });
    expect([made.statusCode, made.json()]).toMatchObject([200, { ...told, proposal: expect.any(String) }]);
    expect([(await current())?.digest, await ledger.schemas.of(SALES.tableId)]).toEqual(['a-drift', []]);
    const list = async () =>
      (await app.inject({ url: '/v1/proposals', headers: { authorization: 'Bearer viewer' } })).json().proposals[0];
    expect(await list()).toMatchObject({
      ...{ proposal, action: 'accept-drift', chunks: [], decided: null },
      drift: { tableId: SALES.tableId, stopDigest: 'a-drift', drifts: [{ kind: 'table-swapped' }] },
    });
    expect((await approve('ann-operator')).statusCode).toBe(403);
    const before = written();
    const dry = (await approve('ben-approver', { dryRun: true })).json();
    expect([dry.action, dry.lifted, written()]).toMatchObject(['accept-drift', told, before]);
    const { lifted, chunks } = (await approve('ben-approver')).json();
    expect([lifted, chunks]).toMatchObject([told, []]);
    const by = { who: 'token:ann-operator and token:ben-approver', reason: 'new table; approved: seen' };
    expect(await ledger.schemas.of(SALES.tableId)).toMatchObject([{ ...by, oid: '999', replaces: true }]);
    expect((await ledger.stops.events(SALES.tableId)).at(-1)?.body).toMatchObject({ action: 'resume', ...by });
    for (const chunk of QUARANTINED)
      expect(await ledger.chunkState(chunkRef(SALES, chunk))).toMatchObject({ stage: 'opened', attempt: 2 });
    expect((await list()).decided).toMatchObject({ decision: 'approved', who: 'token:ben-approver' });
  });

  it('nobody approves alone: also with both roles it takes somebody else', async () => {
    const { change, see, current } = await started(DRIFT);
    see(SWAPPED);
    const who = 'operator+approver';
    const { proposal } = (await change(ACCEPT, { digest: 'a-drift' }, { who })).json();
    const alone = await change(`/v1/proposals/${proposal}/approve`, {}, { who });
    expect([alone.statusCode, alone.json().code]).toEqual([403, 'FORBIDDEN']);
    expect(await current()).not.toBeNull();
  });

  it('that is another one by the time of the approval is refused, and nothing is done or decided', async () => {
    const { approve, see, current, written } = await proposedDrift();
    const before = written();
    see({ ...SWAPPED, oid: '1000' });
    for (const dryRun of [true, false])
      expect((await approve('ben-approver', { dryRun })).json()).toMatchObject({ status: 409, code: 'SUPERSEDED' });
    see({});
    // Undone meanwhile: the stop may be lifted by one, and is not by this approval.
    expect((await approve('ben-approver')).json()).toMatchObject({ status: 409, code: 'SUPERSEDED' });
    expect([written(), (await current())?.digest]).toEqual([before, 'a-drift']);
  });

  it('of a table that was resumed and stopped again is refused', async () => {
    const { approve, ledger, current } = await proposedDrift();
    const halt = await ledger.stops.current(SALES.tableId);
    const resume = { schemaVersion: 1, action: 'resume', who: 'ben', reason: 'x', digest: 'a-drift' } as const;
    await ledger.stops.append(SALES.tableId, halt, resume);
    await ledger.stops.append(SALES.tableId, await ledger.stops.current(SALES.tableId), DRIFT);
    expect((await approve('ben-approver')).json()).toMatchObject({ status: 409, code: 'SUPERSEDED' });
    expect(await current()).not.toBeNull();
  });

  it('of a swapped table hauls every chunk anew, also one that people took as it was', async () => {
    const { approve, ledger } = await proposedDrift();
    const [taken = 0] = QUARANTINED;
    await ledger.write({ ...chunkRef(SALES, taken), attempt: 1 }, 'accepted', BODIES.accepted, null);
    expect((await approve('ben-approver')).json().lifted).toMatchObject({ reopened: QUARANTINED.length, movedOn: [] });
    expect(await ledger.chunkState(chunkRef(SALES, taken))).toMatchObject({ stage: 'opened', attempt: 2 });
  });

  it('is not proposed where only undoing it helps, nor where nothing has changed', async () => {
    const { change, see, written } = await started(DRIFT);
    const before = written();
    expect((await change(ACCEPT, { digest: 'a-drift' })).json()).toMatchObject({ status: 422, code: 'USAGE' });
    see({ hasMasking: true });
    expect((await change(ACCEPT, { digest: 'a-drift' })).json()).toMatchObject({ status: 409, code: 'ROW_SECURITY' });
    expect(written()).toBe(before);
  });

  it('by two approvers at once is done once, in the first one’s name', async () => {
    for (let round = 0; round < 5; round++) {
      const { approve, ledger } = await proposedDrift();
      const answers = await Promise.all([approve('ben-approver'), approve('approver')]);
      expect(answers.map(({ statusCode }) => statusCode)).toContain(200);
      expect(await ledger.schemas.of(SALES.tableId)).toHaveLength(1);
      expect((await ledger.stops.events(SALES.tableId)).map(({ body }) => body.action)).toEqual(['stop', 'resume']);
    }
  });

  it('after a crash at any write is finished by the next try, once', async () => {
    for (let crashAt = 1; crashAt <= 12; crashAt++) {
      const { api, ledger, proposal, change, process } = await proposedDrift();
      let writes = 0;
      api.world.store.intercept = ({ operation, when }: StoreCall) => {
        if (operation === 'putIfAbsent' && when === 'after' && ++writes >= crashAt)
          throw new Error('the process is gone');
      };
      const url = `/v1/proposals/${proposal}/approve`;
      await change(url, {}, { who: 'ben-approver', key: 'crash-and-again' });
      api.world.store.intercept = undefined;
      const { app: on } = await process('b');
      const again = await change(url, {}, { who: 'ben-approver', key: 'crash-and-again', on });
      expect([again.statusCode, again.json().lifted?.reopened], `write ${crashAt}`).toEqual([200, QUARANTINED.length]);
      expect(await ledger.schemas.of(SALES.tableId)).toHaveLength(1);
      for (const chunk of QUARANTINED) expect((await ledger.chunkState(chunkRef(SALES, chunk))).attempt).toBe(2);
      expect((await ledger.stops.events(SALES.tableId)).map(({ body }) => body.action)).toEqual(['stop', 'resume']);
    }
  });

  it('is recorded as an audit expects it', async () => {
    const { api, approve } = await proposedDrift();
    expect((await approve('ben-approver')).statusCode).toBe(200);
    const kinds = ['requests', 'proposals', 'stops', 'schemas'];
    const records = api.world.store.keys.filter((key) => kinds.some((kind) => key.includes(`/records/${kind}/`)));
    expect(records).toHaveLength(2 * 2 + 2 + 2 + 1);
    for (const key of records) {
      const text = new TextDecoder().decode((await api.world.store.get(key))?.body);
      const path = key.replace(/^.*\/records\//, '').replace(/\.json$/, '');
      expect(recordShape(path)?.safeParse(JSON.parse(text).body).error, path).toBeUndefined();
    }
  });
});
