import { lineageOf } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { reproveChunk, sealTable } from '@lakehaul/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driver } from '../support/drive.ts';
import { eventually } from '../support/processes.ts';
import { equalRows, everyChunkIs, type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

/** Zombies: statements that commit long after everybody gave them up. I2: no row twice. */
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Past any STATEMENT_TIMEOUT that a warehouse may have by default (48 hours). */
const DAYS_MS = 4 * 86_400_000;

const reached = (point: string) =>
  eventually(`a call of ${point}`, async () => world.clouds.faults.hits.some((hit) => hit.point === point));

function holdFirst(point: string): void {
  world.clouds.faults.set([{ point, nth: 1, happens: { kind: 'delay', until: 'released' } }]);
}

/** A worker that hangs in the statement of this step: its process is as good as gone, the statement is not. */
async function hangIn(
  table: SmallTable,
  job: { attempt: number; step: 'load' },
  point: string,
): Promise<{ isOver: Promise<void> }> {
  holdFirst(point);
  const isOver = driver(table.session, 'hung')
    .step(table.ref, job)
    .catch(() => undefined);
  await reached(point);
  return { isOver };
}

/** Rows per lineage value, as the target has them. */
async function lineages(table: SmallTable): Promise<(string | null)[][]> {
  const found = await world.databricks.run(
    `SELECT CAST(_lakehaul AS STRING), CAST(count(*) AS STRING) FROM ${table.target} GROUP BY _lakehaul ORDER BY 1`,
  );
  return found.rows;
}

async function sealNow(table: SmallTable) {
  const { plans, scan } = await readLedger(table.session.ledger);
  const { ledger, clouds, log } = table.session;
  return sealTable({ ledger, target: clouds.target }, plans, scan, log);
}

/** Somebody spoils a proven row; the proof is taken back. */
async function spoil(table: SmallTable, attempt: number): Promise<void> {
  await world.databricks.run(`UPDATE ${table.target} SET name = 'spoilt' WHERE id = 7`);
  const { ledger, clouds, log } = table.session;
  const deps = { ledger, target: clouds.target, stage: clouds.stage, maxAttempts: 20, diffRows: 10 };
  expect(await reproveChunk(deps, { ...table.ref, attempt }, log)).toBe(false);
}

describe('a COPY that commits late', () => {
  it('while another worker waits for it: its rows count, and none comes twice', async () => {
    const table = await smallTable(world);
    await driver(table.session).drive({ until: everyChunkIs('unloaded') });
    const hung = await hangIn(table, { attempt: 1, step: 'load' }, 'databricks.copy.commit');
    const taken = driver(await world.session(table.session.config), 'second').drive();
    world.clouds.faults.release();
    await hung.isOver;
    expect((await taken).decision.evidence).toBe('PASS');
    expect(await lineages(table)).toEqual([[String(lineageOf(0, 1)), '100']]);
    expect(await world.judge({ schema: 'f', table: table.name })).toEqual(equalRows(100));
  });

  it('after the repair: attempt 2 was loaded and proven, and the first COPY adds nothing', async () => {
    const table = await smallTable(world);
    await driver(table.session).drive({ until: everyChunkIs('unloaded') });
    const hung = await hangIn(table, { attempt: 1, step: 'load' }, 'databricks.copy.commit');
    // Days on: past its STATEMENT_TIMEOUT the COPY is repeated, proven, spoilt by somebody and repaired.
    const later = driver(await world.session(table.session.config), 'later', { aheadMs: DAYS_MS });
    expect((await later.drive()).decision.evidence).toBe('PASS');
    await spoil(table, 1);
    expect((await later.drive()).tables[0]?.repaired).toBe(1);
    expect(await lineages(table)).toEqual([[String(lineageOf(0, 2)), '100']]);

    world.clouds.faults.release();
    await hung.isOver;
    expect(await lineages(table)).toEqual([[String(lineageOf(0, 2)), '100']]);
    expect(await world.judge({ schema: 'f', table: table.name })).toEqual(equalRows(100));
    expect((await sealNow(table)).faults).toEqual([]);
  });

  it('its alarm: rows of an older attempt beside the proven one break the seal', async () => {
    const table = await smallTable(world, { rows: 20 });
    expect((await driver(table.session).drive()).decision.evidence).toBe('PASS');
    await spoil(table, 1);
    await driver(table.session).drive();
    await world.databricks.run(`INSERT INTO ${table.target} (_lakehaul, id) VALUES (${lineageOf(0, 1)}, 3)`);
    expect((await sealNow(table)).faults.map((fault) => fault.kind)).toEqual(['stale']);
  });
});

describe('a REPLACE that commits late', () => {
  it('is fenced: attempt 3 is not opened while attempt 2 may still commit, however old it is', async () => {
    const table = await smallTable(world);
    const fleet = driver(table.session);
    expect((await fleet.drive()).decision.evidence).toBe('PASS');
    await spoil(table, 1);
    await fleet.drive({ until: everyChunkIs('unloaded') });
    const hung = await hangIn(table, { attempt: 2, step: 'load' }, 'databricks.insert.commit');

    // Its staged file breaks meanwhile, so that attempt 2 can only be given up.
    const unloaded = await table.session.ledger.read({ ...table.ref, attempt: 2 }, 'unloaded');
    const key = unloaded?.body.files[0]?.key ?? '';
    await world.clouds.objects.write(table.session.config.staging.bucket, key, Buffer.from('broken'));
    const later = driver(await world.session(table.session.config), 'later', { aheadMs: DAYS_MS });
    await later.step(table.ref, { attempt: 2, step: 'load' });
    expect(await table.session.ledger.chunkState(table.ref)).toMatchObject({ stage: 'unloaded', attempt: 2 });

    world.clouds.faults.release();
    await hung.isOver;
    const end = await later.drive();
    // Loaded, but its staged files can prove nothing any more: attempt 3 replaces it.
    expect(end.tables[0]).toMatchObject({ done: 1, isSealCurrent: true });
    expect((await lineages(table)).length).toBe(1);
    expect(await world.judge({ schema: 'f', table: table.name })).toEqual(equalRows(100));
  });
});

describe('a worker with an old view of the ledger', () => {
  it('that opens, unloads or loads an attempt which is history changes nothing', async () => {
    const table = await smallTable(world);
    const fleet = driver(table.session);
    await fleet.drive();
    await spoil(table, 1);
    await fleet.drive();
    const before = { lineages: await lineages(table), trail: (await table.session.ledger.trail(table.ref)).length };
    // Harmless faults that only watch: not one statement that writes is sent.
    world.clouds.faults.set([
      { point: 'redshift.BatchExecuteStatement', nth: 0, match: 'UNLOAD', happens: { kind: 'delay', ms: 0 } },
      { point: 'databricks.copy.commit', nth: 0, happens: { kind: 'delay', ms: 0 } },
    ]);
    const old = driver(await world.session(table.session.config), 'old');
    for (const job of [
      { attempt: 1, step: 'unload' },
      { attempt: 1, step: 'load' },
      { attempt: 1, step: 'verify' },
      { attempt: 2, step: 'unload' },
      { attempt: 3, step: 'unload' },
    ] as const)
      await old.step(table.ref, job);
    expect({ lineages: await lineages(table), trail: (await table.session.ledger.trail(table.ref)).length }).toEqual(
      before,
    );
    expect(world.clouds.faults.hits).toEqual([]);
    expect(await world.judge({ schema: 'f', table: table.name })).toEqual(equalRows(100));
  });

  it('two that open the same attempt from the same scan work on one attempt', async () => {
    const table = await smallTable(world);
    const two = [driver(table.session, 'a'), driver(await world.session(table.session.config), 'b')];
    await Promise.all(two.map((each) => each.step(table.ref, { attempt: 1, step: 'unload' })));
    expect((await driver(table.session).drive()).decision.evidence).toBe('PASS');
    expect(await lineages(table)).toEqual([[String(lineageOf(0, 1)), '100']]);
    expect(await world.judge({ schema: 'f', table: table.name })).toEqual(equalRows(100));
  });
});
