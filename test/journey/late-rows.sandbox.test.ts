/**
 * Change at the source after it was read: found by the write log, pinned by a probe to exactly the chunks that differ,
 * swapped by their next attempt, and the evidence goes PASS → FAIL with the reason → PASS. The end is judged by the oracle.
 */
import { must } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { latestCleanUntil, latestProbe, latestSample } from '@lakehaul/ledger';
import { renderWatch, watchOnce } from '@lakehaul/planner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchDeps } from '../../packages/cli/src/fleet-watch.ts';
import { driver } from '../support/drive.ts';
import { chunkOf, evidence, look } from '../support/late-rows.ts';
import { equalRows, type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** 100 rows in eleven chunks, all proven. */
async function proven(defaults: Record<string, unknown> = {}): Promise<SmallTable> {
  const table = await smallTable(world, { defaults: { chunkBytes: '105KiB', level: 'carried', ...defaults } });
  const report = await driver(table.session).drive();
  expect(report.decision.evidence).toBe('PASS');
  expect(report.chunks).toBeGreaterThan(5);
  return table;
}

/** One table for all changes, one after the other: a haul costs more than a swap. */
let shared: Promise<SmallTable> | undefined;
let rows = 100;

function sharedTable(): Promise<SmallTable> {
  shared ??= proven();
  return shared;
}

async function chunkIn(table: SmallTable, id: number | null): Promise<number> {
  return chunkOf(table.session, must((await table.session.ledger.readPlans())[0], 'plan'), id);
}

async function expectHauled(table: SmallTable, rows: number): Promise<void> {
  const report = await driver(table.session).drive();
  expect(report.decision.evidence).toBe('PASS');
  expect(await world.judge({ schema: 'f', table: table.name })).toEqual(equalRows(rows));
}

/** What happens, the keys whose chunks it touches, rows more or less. */
const CHANGES: [string, (name: string) => string, (number | null)[], number][] = [
  ['a late row', (name) => `INSERT INTO f.${name} VALUES (17, 'late')`, [17], 1],
  ['a late row without a key', (name) => `INSERT INTO f.${name} VALUES (NULL, 'late')`, [null], 1],
  ['a late row beyond every key so far', (name) => `INSERT INTO f.${name} VALUES (5000, 'late')`, [5000], 1],
  ['an update that keeps the counts', (name) => `UPDATE f.${name} SET name = 'other' WHERE id = 42`, [42], 0],
  ['a delete and nothing else', (name) => `DELETE FROM f.${name} WHERE id = 63`, [63], -1],
  ['a row whose key moves to another chunk', (name) => `UPDATE f.${name} SET id = 95 WHERE id = 5`, [5, 95], 0],
];

describe.each(CHANGES)('%s', (_name, change, ids, more) => {
  it('opens exactly its chunks again, and takes the GO away until they are proven', async () => {
    const table = await sharedTable();
    rows += more;
    await world.redshift.run(change(table.name));
    const { session } = table;
    // Nobody has looked yet: the log is fresh, so the evidence still stands as of its last look.
    const { plans, scan } = await readLedger(session.ledger);
    const dry = await renderWatch(watchDeps(session, session.ledger, scan, 0), plans);
    expect(dry.join('\n')).toContain('sys_query_detail');

    const seen = await look(session);
    expect(seen.tables).toMatchObject([{ writes: { kind: 'written' } }]);
    const expected = await Promise.all(ids.map((id) => chunkIn(table, id)));
    const reopened = must(seen.tables[0]?.probe, 'probe').reopened;
    expect(reopened.map((each) => each.chunk).sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
    expect(reopened.every((each) => each.attempt > 1)).toBe(true);
    expect(await evidence(session)).toEqual({ evidence: 'FAIL', codes: ['CHUNKS_NOT_PROVEN', 'NOT_SEALED'] });
    await expectHauled(table, rows);
    expect((await look(session)).tables).toMatchObject([{ writes: { kind: 'unwritten' }, probe: null }]);
  });
});

describe('what was written is told before it is probed', () => {
  it('the evidence fails with the reason, and passes again after a probe that finds nothing', async () => {
    const table = await sharedTable();
    const { session } = table;
    // A change and its undoing: written, and yet equal.
    await world.redshift.run(`UPDATE f.${table.name} SET name = 'x' WHERE id = 1`);
    await world.redshift.run(`UPDATE f.${table.name} SET name = 'name 1' WHERE id = 1`);
    const { plans, scan } = await readLedger(session.ledger);
    const quiet = { ...watchDeps(session, session.ledger, scan, 3_600_000) };
    expect((await look(session)).tables).toMatchObject([{ probe: { reopened: [] } }]);
    expect(await evidence(session)).toEqual({ evidence: 'PASS', codes: [] });
    await world.redshift.run(`UPDATE f.${table.name} SET name = 'y' WHERE id = 2`);
    // Probed a moment ago: a table that is written all the time must not be scanned all the time.
    expect((await watchOnce(quiet, plans)).tables).toMatchObject([{ writes: { kind: 'written' }, probe: null }]);
    expect(await evidence(session)).toEqual({ evidence: 'FAIL', codes: ['SOURCE_WRITTEN'] });
    expect((await look(session)).reopened).toBe(1);
    await expectHauled(table, rows);
  });

  it('a table proven by counts only cannot be probed: it stays held, and says so', async () => {
    const table = await proven({ level: 'count' });
    await world.redshift.run(`UPDATE f.${table.name} SET name = 'z' WHERE id = 2`);
    expect((await look(table.session)).tables).toMatchObject([{ probe: null, held: { code: 'PROBE_IMPOSSIBLE' } }]);
    expect(await evidence(table.session)).toEqual({ evidence: 'FAIL', codes: ['SOURCE_WRITTEN'] });
  });
});

describe('transactions', () => {
  it('a write whose statement ran before the snapshot and whose transaction committed after it is found', async () => {
    const table = await smallTable(world, { defaults: { chunkBytes: '105KiB', level: 'carried' } });
    // The transaction has written and holds its commit back until released.
    world.clouds.faults.set([
      { point: 'redshift.commit', nth: 1, match: `f.${table.name}`, happens: { kind: 'delay', until: 'released' } },
    ]);
    const late = world.redshift.run(`INSERT INTO f.${table.name} VALUES (17, 'late')`);
    await untilHit(world, 'redshift.commit');
    const report = await driver(table.session).drive();
    expect(report.done).toBe(report.chunks);
    expect(await evidence(table.session)).toEqual({ evidence: 'FAIL', codes: ['SOURCE_WRITTEN'] });
    world.clouds.faults.release();
    await late;
    const seen = await look(table.session);
    expect(seen.tables[0]?.probe?.reopened).toMatchObject([{ chunk: await chunkIn(table, 17) }]);
    await expectHauled(table, 101);
  });

  it('a write that was rolled back opens nothing, and is not even probed', async () => {
    const table = await sharedTable();
    await rollBack(table);
    expect((await look(table.session)).tables).toMatchObject([{ writes: { kind: 'unwritten' }, probe: null }]);
    expect(await evidence(table.session)).toEqual({ evidence: 'PASS', codes: [] });
  });

  it('where the outcome may not be read, a rolled-back write costs a probe that finds nothing', async () => {
    const table = await sharedTable();
    world.clouds.redshiftSwitches.transactionHistoryUsers = [];
    try {
      await rollBack(table);
      expect((await look(table.session)).tables).toMatchObject([{ probe: { reopened: [] } }]);
      expect((await latestSample(table.session.ledger))?.body.outcomesReadable).toBe(false);
      expect(await evidence(table.session)).toEqual({ evidence: 'PASS', codes: [] });
    } finally {
      world.clouds.redshiftSwitches.transactionHistoryUsers = null;
    }
  });

  it('TRUNCATE leaves no step behind, and is found by its text', async () => {
    const table = await sharedTable();
    await world.redshift.run(`TRUNCATE f.${table.name}`);
    const seen = await look(table.session);
    expect(seen.sample?.written).toMatchObject([{ kinds: ['truncate'], knownFrom: ['text'] }]);
    expect(seen.reopened).toBeGreaterThan(5);
    rows = 0;
    await expectHauled(table, rows);
  });
});

describe('what is not known is not taken for unwritten', () => {
  it('a source that shows us only our own statements is refused, and without a look nothing passes', async () => {
    const table = await smallTable(world, { defaults: { level: 'carried' } });
    world.clouds.redshiftSwitches.restrictedUsers = ['lakehaul'];
    try {
      await expect(look(table.session)).rejects.toMatchObject({ code: 'WRITE_LOG_BLIND', disposition: 'refuse' });
    } finally {
      world.clouds.redshiftSwitches.restrictedUsers = [];
    }
  });

  it('a history that was lost for longer than it is kept is a gap, until the whole table is probed', async () => {
    const table = await sharedTable();
    const { session } = table;
    const before = must((await latestCleanUntil(session.ledger, table.ref.tableId))?.body.cleanUntil, 'clean until');
    await world.redshift.run(`INSERT INTO f.${table.name} VALUES (70, 'unseen')`);
    rows += 1;
    world.clouds.redshiftSwitches.timeOffsetMs += 8 * 24 * 3_600_000;
    await look(session);
    const probe = must(await latestProbe(session.ledger, table.ref.tableId), 'probe of the gap');
    expect((await latestSample(session.ledger))?.body).toMatchObject({
      gap: { from: expect.any(String) },
      written: [],
    });
    expect(probe.body.why).toContain('gap');
    expect(probe.body.snapshotAt > before).toBe(true);
    expect(probe.body.differing).toMatchObject([{ chunk: await chunkIn(table, 70) }]);
    await expectHauled(table, rows);
  });
});

/** The statement succeeds, and its transaction is rolled back at its commit. */
async function rollBack(table: SmallTable): Promise<void> {
  const match = `f.${table.name}`;
  const happens = { kind: 'error' as const, code: 'InternalServerException' };
  world.clouds.faults.set([{ point: 'redshift.commit', nth: 1, match, happens }]);
  await expect(world.redshift.run(`UPDATE f.${table.name} SET name = 'gone'`)).rejects.toThrow();
}

async function untilHit(of: World, point: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (of.clouds.faults.hits.some((hit) => hit.point === point)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${point} was never reached`);
}
