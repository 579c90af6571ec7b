import type { ColumnPlan } from '@lakehaul/core';
import { recordShape } from '@lakehaul/ledger';
import { describe, expect, it } from 'vitest';
import { startApi, VIEWER } from '../../../test/support/api-changes.ts';
import { type ApiWorld, SALES } from '../../../test/support/api-world.ts';
import { BODIES, chunkRef, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import type { StoreCall } from '../../../test/support/memory-store.ts';

const variant = (name: string, loss: ColumnPlan['loss'] = 'parsed'): ColumnPlan => ({
  source: {
    ...{ name, ordinal: 1, type: { kind: 'super' }, nullable: true },
    ...{ sortKeyPosition: 0, isDistKey: false, isCaseInsensitive: false },
  },
  target: { name, type: { kind: 'VARIANT' }, nullable: true },
  ...{ loss, lossReason: 'order of keys is gone', excluded: false },
});
const JSONS = tablePlan(6, {
  tableId: 'logs-json-00000000',
  source: { database: 'dev', schema: 'logs', table: 'json', oid: '102', columnListHash: 'abc' },
  columns: [variant('doc'), variant('note'), variant('known', 'lossy')],
  acknowledgements: ['loss:doc', 'loss:note', 'loss:known'],
});
const POST = `/v1/tables/${JSONS.tableId}/acknowledge`;

async function withRounded({ ledger, world }: ApiWorld): Promise<void> {
  await ledger.writePlan(JSONS, rangeChunks(JSONS));
  /** In quarantine by rows with rounded numbers in these columns. */
  const quarantine = async (chunk: number, rounded: readonly string[], outOfRange = '0') => {
    const ref = { ...chunkRef(JSONS, chunk), attempt: 1 };
    const inexact = ['doc', 'note', 'known'].map((column) => ({
      ...{ column, rounded: rounded.includes(column) ? '1' : '0', outOfRange },
    }));
    const carried = { rowCount: '10', groups: [{ sum1: '1', sum2: '2' }], parsed: [{ sum1: '1', sum2: '2' }], inexact };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(ref, 'mismatched', { ...BODIES.mismatched, code: 'NUMBERS_ROUNDED', carried }, null);
    await ledger.write(ref, 'quarantined', { ...BODIES.quarantined, code: 'NUMBERS_ROUNDED' }, null);
  };
  await quarantine(0, ['doc']);
  await quarantine(1, ['doc', 'note']);
  await quarantine(2, ['doc'], '3');
  const other = { ...chunkRef(JSONS, 3), attempt: 1 };
  await ledger.openAttempt(other, { attempt: 1, body: BODIES.opened, causedBy: null });
  await ledger.write(other, 'mismatched', BODIES.mismatched, null);
  await ledger.write(other, 'quarantined', BODIES.quarantined, null);
  world.tick();
}

async function started() {
  const { api, app, ledger, change } = await startApi(withRounded);
  const post = (payload: object, { url, ...options }: { who?: string; key?: string; url?: string } = {}) =>
    change(url ?? POST, { reason: '38 digits are enough', ...payload }, { who: 'ann-operator', ...options });
  const get = async (url = `/v1/tables/logs.json/acknowledgements`) =>
    (await app.inject({ url, headers: { authorization: 'Bearer viewer' } })).json();
  const approve = (proposal: string, who: string, key?: string) =>
    change(`/v1/proposals/${proposal}/approve`, { reason: 'so it is' }, { who, ...(key === undefined ? {} : { key }) });
  return { api, app, ledger, post, approve, get };
}

const chunks = (...numbers: number[]) => numbers.map((chunk) => `${JSONS.tableId}/g1/${chunk}`);

describe('what is acknowledged of a table', () => {
  it('is told with what is missing, and the chunks that wait for each', async () => {
    const { get } = await started();
    expect(await get()).toEqual({
      ...{ table: 'logs.json', tableId: JSONS.tableId, later: [], toReplay: [], isWhole: true },
      planned: ['loss:doc', 'loss:note', 'loss:known'],
      // Neither the number that no VARIANT can hold nor a chunk that differs: a name helps neither.
      missing: [
        { acknowledgement: 'rounding:doc', chunks: chunks(0, 1) },
        { acknowledgement: 'rounding:note', chunks: chunks(1) },
      ],
    });
    expect(await get(`/v1/tables/${SALES.tableId}/acknowledgements`)).toMatchObject({ planned: [], missing: [] });
  });

  it('grows when one proposes and another one approves; recorded with both and why, and tells what can be replayed then', async () => {
    const { api, app, get, post, approve, ledger } = await started();
    const acknowledgements = ['rounding:doc', 'rounding:known', 'rounding:doc'];
    const told = {
      table: 'logs.json',
      tableId: JSONS.tableId,
      acknowledged: ['rounding:doc'],
      known: ['rounding:known'],
    };
    const before = api.world.store.keys.length;
    expect((await post({ acknowledgements, dryRun: true })).json()).toEqual({
      ...told,
      isDryRun: true,
      proposal: null,
    });
    for (const who of ['viewer', 'examiner', 'reporter'])
      expect((await post({ acknowledgements }, { who })).statusCode).toBe(403);
    expect(api.world.store.keys.length).toBe(before);

    const { proposal, ...rest } = (await post({ acknowledgements }, { who: 'ann-approver' })).json();
    expect(rest).toEqual({ ...told, isDryRun: false });
    expect(recordShape(`proposals/${proposal}/proposed`)).toBeDefined();
    const listed = (await app.inject({ url: '/v1/proposals', headers: VIEWER })).json().proposals;
    expect(listed).toMatchObject([
      { action: 'acknowledge', loss: { tableId: JSONS.tableId, acknowledgements: ['rounding:doc'] }, decided: null },
    ]);
    for (const who of ['ann-approver', 'operator']) expect((await approve(proposal, who)).statusCode).toBe(403);
    expect(await ledger.acknowledged.of(JSONS)).toEqual([]);

    // Of two who approve one after the other the first one's name stands, and one record.
    for (const who of ['ben-approver', 'approver'])
      expect((await approve(proposal, who)).json()).toMatchObject({ action: 'acknowledge', chunks: [], lifted: null });
    expect(await ledger.acknowledged.of(JSONS)).toEqual(['rounding:doc']);
    expect(await get()).toMatchObject({
      later: [
        {
          acknowledgement: 'rounding:doc',
          who: 'token:ann-approver and token:ben-approver',
          reason: '38 digits are enough; approved: so it is',
        },
      ],
      missing: [{ acknowledgement: 'rounding:note', chunks: chunks(1) }],
      toReplay: chunks(0),
    });
    // Known by now: there is nothing to propose.
    expect((await post({ acknowledgements })).json()).toMatchObject({ status: 422, code: 'USAGE' });
    const [record, ...more] = await ledger.acknowledged.records(JSONS.tableId);
    expect(more).toEqual([]);
    expect(recordShape(`acknowledged/${JSONS.tableId}/0000000001`)?.safeParse(record?.body).error).toBeUndefined();
  });

  it('is nothing that decides what is read, and no column that rounds nothing: refused with what may be said', async () => {
    const { api, post } = await started();
    const before = api.world.store.keys.length;
    const refused = async (acknowledgement: string, url = POST) => {
      const answer = await post({ acknowledgements: ['rounding:doc', acknowledgement] }, { url });
      expect([answer.statusCode, answer.json().code], acknowledgement).toEqual([422, 'USAGE']);
      return answer.json().next;
    };
    for (const each of ['loss:doc', 'row-security', 'exclude:doc', 'rounding:', ' rounding:doc'])
      expect(await refused(each)).toContain('only rounding:COLUMN may follow a plan');
    expect(await refused('rounding:nothing')).toContain('rounding:note');
    expect(await refused('rounding:doc', `/v1/tables/${SALES.tableId}/acknowledge`)).toContain('nothing to do');
    for (const acknowledgements of [[], ['a\u0000'], 'rounding:doc'])
      expect((await post({ acknowledgements })).statusCode).toBe(400);
    expect(api.world.store.keys.length).toBe(before);
  });

  it('is recorded once, after a crash at any write of the approval too', async () => {
    for (let crashAt = 1; crashAt <= 4; crashAt++) {
      const { api, post, approve, ledger } = await started();
      const { proposal } = (await post({ acknowledgements: ['rounding:doc'] })).json();
      let writes = 0;
      api.world.store.intercept = ({ operation, when }: StoreCall) => {
        if (operation === 'putIfAbsent' && when === 'after' && ++writes >= crashAt)
          throw new Error('the process is gone');
      };
      const say = (who = 'ben-approver', key = 'crash-and-again') => approve(proposal, who, key);
      await say();
      api.world.store.intercept = undefined;
      const again = await Promise.all([say(), say(), say('approver', 'another-one')]);
      expect(again.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
      expect(await ledger.acknowledged.records(JSONS.tableId)).toHaveLength(1);
    }
  });
});
