import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadRequest, startAdmin } from './admin.ts';
import { createFaults } from './faults.ts';

const faults = createFaults();
const loads: LoadRequest[] = [];
const states: string[] = [];
let admin: Awaited<ReturnType<typeof startAdmin>>;
beforeAll(async () => {
  const load = async (request: LoadRequest) => {
    loads.push(request);
    return { rowCount: 9007199254740993n };
  };
  const setWarehouse = async (state: string) => void states.push(state);
  admin = await startAdmin({ faults, load, setWarehouse });
});
afterAll(() => admin.stop());

function post(path: string, body: unknown, type = 'application/json'): Promise<Response> {
  return fetch(admin.url + path, { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) });
}

describe('admin endpoint', () => {
  it('takes a plan from another process, shows what it struck and lets held calls go', async () => {
    const plan = [{ point: 's3.PutObject', nth: 1, happens: { kind: 'delay', until: 'released' } }];
    expect((await post('/faults', plan)).status).toBe(200);
    const held = faults.before('s3.PutObject', 'b/k');
    const shown = await (await fetch(`${admin.url}/faults`)).json();
    expect(shown).toEqual({ plan, hits: [{ point: 's3.PutObject', call: 1, fault: plan[0] }] });
    await post('/faults/release', {});
    expect(await held).toMatchObject({ call: 1 });
  });

  it('refuses what is no plan, and other content types, and leaves the plan as it was', async () => {
    await post('/faults', []);
    const happens = { kind: 'throttled' };
    for (const bad of [
      {},
      [{ point: 'x' }],
      [{ point: 'x', nth: 1, happens: { kind: 'explode' } }],
      [{ point: 'x', nth: 1, happens: { kind: 'truncate' } }],
      [{ point: 'x', nth: 0, probability: 20, happens }],
      [{ point: 'x', nth: 0, probabilty: 0.2, happens }],
    ])
      expect((await post('/faults', bad)).status).toBe(400);
    expect((await post('/faults', [], 'text/plain')).status).toBe(400);
    expect(faults.plan).toEqual([]);
  });

  it('stops and starts the warehouse', async () => {
    expect((await post('/warehouse', { state: 'STOPPED' })).status).toBe(200);
    expect((await post('/warehouse', { state: 'asleep' })).status).toBe(400);
    expect(states).toEqual(['STOPPED']);
  });

  it('loads files and counts without loss', async () => {
    const request = { schema: 'public', table: 't', files: ['/x.parquet'] };
    expect(await (await post('/load', request)).json()).toEqual({ rowCount: '9007199254740993' });
    expect(loads).toEqual([request]);
    expect((await post('/load', { table: 't' })).status).toBe(400);
  });
});
