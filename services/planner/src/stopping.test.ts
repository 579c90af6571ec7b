import type { DiscoveredTable, Source, SourceCatalogue, Target } from '@lakehaul/adapters';
import { type Diagnosis, type Log, lineageOf } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';
import { planResume, resumeTable } from '@lakehaul/operate';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { TableGuard } from './guard-tables.ts';
import { SchemaWatch } from './watch-schema.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const SHIFTED = tablePlan(30);
const CALM = tablePlan(8, {
  tableId: 'public-calm-00000000',
  source: { ...SHIFTED.source, table: 'calm', oid: '101' },
});
const LIMITS = { chunks: 5, share: 0.2, window: 50 };
const ZONE: Diagnosis = { cause: 'time-shift', column: 'at', detail: 'column at: shifted by +01:00' };
const BY = { who: 'a person', reason: 'mended', request: 'r' };

async function newWorld() {
  const world = new LedgerWorld();
  const ledger = world.open();
  for (const plan of [SHIFTED, CALM]) await ledger.writePlan(plan, rangeChunks(plan));
  const scan = ledger.openScan();
  let catalogue: SourceCatalogue = { tables: [SHIFTED, CALM].map(asPlanned), notMoved: [] };
  const source = { discover: async () => catalogue } as unknown as Source;
  const target = {} as Target;
  const clock = { nowMs: () => 0, sleep: async () => undefined };
  const guard = new TableGuard({ ledger, source, target, scan, log, limits: LIMITS });
  const watch = new SchemaWatch({ ledger, source, scan, clock, log, everyMs: 0 });
  const look = async () => {
    world.tick();
    await scan.refresh();
    const stopped = await watch.runOnce([SHIFTED, CALM], await ledger.stops.all());
    return [...stopped, ...(await guard.runOnce([SHIFTED, CALM], await ledger.stops.all()))];
  };
  const resume = async (acceptDrift = false) => {
    world.tick();
    await scan.refresh();
    const plan = await planResume({ ledger, source, scan, plans: [SHIFTED], acceptDrift });
    return { plan, ...(await resumeTable(ledger, plan, { ...BY, causedBy: plan.stop.key })) };
  };
  const see = (change: (table: DiscoveredTable) => DiscoveredTable | null) => {
    const tables = [SHIFTED, CALM].flatMap((plan) => {
      const table = plan === SHIFTED ? change(asPlanned(plan)) : asPlanned(plan);
      return table === null ? [] : [table];
    });
    catalogue = { tables, notMoved: [] };
  };
  return { world, ledger, scan, look, resume, see };
}

function asPlanned({ source }: typeof SHIFTED): DiscoveredTable {
  const { database, schema, table, oid, columnListHash } = source;
  const unknown = { estimatedRows: null, estimatedBytes: null, sortKeyStyle: 'none' as const };
  return {
    name: { database, schema, table },
    oid,
    columns: [],
    columnListHash,
    ...unknown,
    hasRowSecurity: false,
    hasMasking: false,
  };
}

async function end(ledger: Ledger, plan: typeof SHIFTED, chunk: number, diagnosis: Diagnosis | null): Promise<void> {
  const ref = { ...chunkRef(plan, chunk), attempt: 1 };
  await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
  await ledger.write(ref, 'loaded', BODIES.loaded, null);
  if (diagnosis === null) await ledger.write(ref, 'verified', BODIES.verified, null);
  else await ledger.write(ref, 'mismatched', { ...BODIES.mismatched, diagnosis }, null);
}

describe('the guard', () => {
  it('stops the table whose chunks go wrong for one cause, names it, and leaves the other alone', async () => {
    const { ledger, look } = await newWorld();
    for (let chunk = 0; chunk < 8; chunk++) await end(ledger, CALM, chunk, null);
    for (let chunk = 0; chunk < 4; chunk++) await end(ledger, SHIFTED, chunk, chunk < 2 ? ZONE : null);
    expect(await look()).toEqual([]);
    for (let chunk = 4; chunk < 7; chunk++) await end(ledger, SHIFTED, chunk, ZONE);
    expect(await look()).toEqual([SHIFTED.tableId]);
    const halt = await ledger.stops.current(SHIFTED.tableId);
    expect(halt?.stop).toMatchObject({
      code: 'SYSTEMIC_CAUSE',
      reason: '5 of the last 7 chunks went wrong for one cause: column at: shifted by +01:00',
    });
    expect(halt?.stop?.evidence).toHaveLength(5);
    expect(await ledger.stops.current(CALM.tableId)).toBeNull();
    expect(await look()).toEqual([]);
  });

  it('counts only what goes wrong after a person lifted the stop', async () => {
    const { ledger, look, resume, world } = await newWorld();
    for (let chunk = 0; chunk < 5; chunk++) await end(ledger, SHIFTED, chunk, ZONE);
    expect(await look()).toEqual([SHIFTED.tableId]);
    await resume();
    expect(await look()).toEqual([]);
    world.tick();
    for (let chunk = 10; chunk < 12; chunk++) await end(ledger, SHIFTED, chunk, ZONE);
    expect(await look()).toEqual([]);
    for (let chunk = 12; chunk < 15; chunk++) await end(ledger, SHIFTED, chunk, ZONE);
    expect(await look()).toEqual([SHIFTED.tableId]);
  });
});

describe('the schema watch', () => {
  it('stops a table that changed, tells what stands, and is not fooled into going on', async () => {
    const { ledger, look, resume, see } = await newWorld();
    await end(ledger, SHIFTED, 0, null);
    expect(await look()).toEqual([]);
    see(() => null);
    expect(await look()).toEqual([SHIFTED.tableId]);
    const stop = (await ledger.stops.current(SHIFTED.tableId))?.stop;
    expect(stop?.reason).toContain('1 of 30 chunks stand proven in main.public.flights');
    await expect(resume(true)).rejects.toMatchObject({ code: 'SCHEMA_DRIFT' });
    see((table) => table);
    await resume();
    expect(await look()).toEqual([]);
  });

  it('refuses a table whose rows are hidden, whatever a person says', async () => {
    const { ledger, look, resume, see } = await newWorld();
    see((table) => ({ ...table, hasRowSecurity: true }));
    expect(await look()).toEqual([SHIFTED.tableId]);
    expect((await ledger.stops.current(SHIFTED.tableId))?.stop?.code).toBe('ROW_SECURITY');
    await expect(resume(true)).rejects.toMatchObject({ code: 'ROW_SECURITY' });
  });

  it('reopens every chunk of a swapped table before it accepts it, and takes the old one no more', async () => {
    const { ledger, look, resume, see } = await newWorld();
    for (const chunk of [0, 1]) await end(ledger, SHIFTED, chunk, null);
    see((table) => ({ ...table, oid: '999', columnListHash: 'swapped' }));
    expect(await look()).toEqual([SHIFTED.tableId]);
    await expect(resume()).rejects.toMatchObject({ code: 'SCHEMA_DRIFT' });
    expect(await resume(true)).toMatchObject({ reopened: 2 });
    expect((await ledger.schemas.of(SHIFTED.tableId)).at(-1)?.oid).toBe('999');
    for (const chunk of [0, 1])
      expect(await ledger.chunkState(chunkRef(SHIFTED, chunk))).toMatchObject({ stage: 'opened', attempt: 2 });
    expect(await look()).toEqual([]);
    see((table) => table);
    expect(await look()).toEqual([SHIFTED.tableId]);
  });
});

describe('an accepted chunk', () => {
  it('is neither done nor open, and its lineage is what the seal expects', async () => {
    const { ledger, scan } = await newWorld();
    await end(ledger, SHIFTED, 0, ZONE);
    const ref = { ...chunkRef(SHIFTED, 0), attempt: 1 };
    await ledger.write(ref, 'quarantined', BODIES.quarantined, null);
    await ledger.write(
      ref,
      'accepted',
      { ...BODIES.accepted, held: [{ lineage: lineageOf(0, 1).toString(), rowCount: '9' }] },
      null,
    );
    await scan.refresh();
    expect(scan.state(ref).stage).toBe('accepted');
    expect(scan.counts(SHIFTED.tableId).get('accepted')).toBe(1);
  });
});
