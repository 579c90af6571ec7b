import type { DiscoveredTable, Source } from '@lakehaul/adapters';
import type { Log } from '@lakehaul/core';
import { planResume, reopeningsOf, resumeTable } from '@lakehaul/operate';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { SchemaWatch } from './watch-schema.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const plan = tablePlan(5);

async function newWorld() {
  const world = new LedgerWorld();
  const ledger = world.open();
  await ledger.writePlan(plan, rangeChunks(plan));
  const scan = ledger.openScan();
  const { database, schema, table, oid, columnListHash } = plan.source;
  const seen: DiscoveredTable = {
    ...{ name: { database, schema, table }, oid, columnListHash, columns: [] },
    ...{ estimatedRows: null, estimatedBytes: null, sortKeyStyle: 'none', hasRowSecurity: false, hasMasking: false },
  };
  let isHidden = false;
  let isBlind = false;
  const unreadable = { name: '(svv_rls_relation)', kind: 'policy', detail: 'not readable: unknown' };
  const source = {
    discover: () =>
      Promise.resolve({
        tables: [{ ...seen, hasRowSecurity: isHidden }],
        notMoved: isBlind ? [unreadable] : [],
      }),
  } as unknown as Source;
  const newWatch = () =>
    new SchemaWatch({
      ...{ ledger, source, scan, log, everyMs: 0 },
      clock: { nowMs: () => 0, sleep: () => Promise.resolve() },
    });
  const look = async (watch: SchemaWatch) => {
    world.tick();
    await scan.refresh();
    await watch.runOnce([plan], await ledger.stops.all());
    world.tick();
  };
  const end = async (chunk: number, stages: readonly ('unloaded' | 'loaded' | 'verified')[]) => {
    const ref = { ...chunkRef(plan, chunk), attempt: 1 };
    if (stages.includes('unloaded')) await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    for (const stage of stages) await ledger.write(ref, stage, BODIES[stage], null);
  };
  const resume = async () => {
    await scan.refresh();
    const steps = await planResume({ ledger, source, scan, plans: [plan], acceptDrift: false });
    const by = { who: 'a person', reason: 'policy detached', request: 'r', causedBy: steps.stop.key };
    await resumeTable(ledger, steps, by);
    return reopeningsOf(steps).map(({ ref }) => ref.chunk);
  };
  const hide = (hides: boolean) => {
    isHidden = hides;
  };
  const blind = (is: boolean) => {
    isBlind = is;
  };
  return { ledger, newWatch, look, end, resume, hide, blind };
}

describe('lifting the stop of a table whose rows were hidden', () => {
  it('reopens what was unloaded since the last look without a policy, proven or not, and nothing else', async () => {
    const { ledger, newWatch, look, end, resume, hide } = await newWorld();
    const watch = newWatch();
    await end(0, ['unloaded', 'loaded', 'verified']);
    // Unloaded before the look, proven after it: its rows were all there.
    await end(1, ['unloaded']);
    await look(watch);
    hide(true);
    await end(1, ['loaded', 'verified']);
    await end(2, ['unloaded', 'loaded', 'verified']);
    await end(3, ['unloaded']);
    // Its UNLOAD may be running: it saw what the policy let it see.
    const running = { ...chunkRef(plan, 4), attempt: 1 };
    await ledger.openAttempt(running, { attempt: 1, body: BODIES.opened, causedBy: null });
    await look(watch);
    expect((await ledger.stops.current(plan.tableId))?.stop?.code).toBe('ROW_SECURITY');
    await expect(resume()).rejects.toMatchObject({ code: 'ROW_SECURITY' });
    hide(false);
    expect(await resume()).toEqual([2, 3, 4]);
    expect(await ledger.chunkState(chunkRef(plan, 2))).toMatchObject({ stage: 'opened', attempt: 2 });
    expect((await ledger.chunkState(chunkRef(plan, 1))).stage).toBe('verified');
  });

  it('is not spared a table that stood stopped for another cause when its rows were hidden', async () => {
    const { ledger, newWatch, look, end, resume, hide } = await newWorld();
    const watch = newWatch();
    await look(watch);
    const other = { schemaVersion: 1, action: 'stop', code: 'SYSTEMIC_CAUSE', reason: 'zone' } as const;
    await ledger.stops.append(plan.tableId, null, { ...other, next: 'look', evidence: [], digest: 'd' });
    hide(true);
    await end(0, ['unloaded', 'loaded', 'verified']);
    await look(watch);
    expect((await ledger.stops.current(plan.tableId))?.stop?.code).toBe('ROW_SECURITY');
    hide(false);
    expect(await resume()).toEqual([0]);
  });

  it('is stopped after two looks without sight of the policies, and stays so until they can be read', async () => {
    const { ledger, newWatch, look, end, resume, blind } = await newWorld();
    const watch = newWatch();
    await end(0, ['unloaded', 'loaded', 'verified']);
    await look(watch);
    blind(true);
    await end(1, ['unloaded', 'loaded', 'verified']);
    await look(watch);
    expect(await ledger.stops.current(plan.tableId)).toBeNull();
    await look(watch);
    const stop = (await ledger.stops.current(plan.tableId))?.stop;
    expect(stop).toMatchObject({ code: 'ROW_SECURITY', evidence: ['policies-unreadable: svv_rls_relation'] });
    expect(stop?.reason).toContain('svv_rls_relation cannot be read, in 2 looks one after the other');
    await expect(resume()).rejects.toMatchObject({ code: 'ROW_SECURITY' });
    blind(false);
    expect(await resume()).toEqual([1]);
  });

  it('is not stopped by two looks without sight of the policies that did not follow each other', async () => {
    const { ledger, newWatch, look, blind } = await newWorld();
    const watch = newWatch();
    for (const is of [true, false, true, false]) {
      blind(is);
      await look(watch);
    }
    expect(await ledger.stops.current(plan.tableId)).toBeNull();
  });

  it('is refused while the policies of a table that stopped for another cause cannot be read, and that table is looked at', async () => {
    const { ledger, newWatch, look, end, resume, blind } = await newWorld();
    const watch = newWatch();
    await look(watch);
    const other = { schemaVersion: 1, action: 'stop', code: 'SYSTEMIC_CAUSE', reason: 'zone' } as const;
    await ledger.stops.append(plan.tableId, null, { ...other, next: 'look', evidence: [], digest: 'd' });
    blind(true);
    await expect(resume()).rejects.toMatchObject({ code: 'ROW_SECURITY' });
    await end(0, ['unloaded', 'loaded', 'verified']);
    await look(watch);
    await look(watch);
    expect((await ledger.stops.current(plan.tableId))?.stop?.code).toBe('ROW_SECURITY');
    blind(false);
    expect(await resume()).toEqual([0]);
  });

  it('reopens every attempt where nobody ever looked before', async () => {
    const { newWatch, look, end, resume, hide } = await newWorld();
    await end(0, ['unloaded', 'loaded', 'verified']);
    hide(true);
    await look(newWatch());
    hide(false);
    expect(await resume()).toEqual([0]);
  });
});
