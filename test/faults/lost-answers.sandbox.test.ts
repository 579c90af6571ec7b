import { lineageOf } from '@lakehaul/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driver } from '../support/drive.ts';
import { equalRows, everyChunkIs, type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

/** The work was done, the answer never came: nobody may do it twice, and the receipt says how its count is known. */
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function expectEqual(table: SmallTable): Promise<void> {
  const report = await driver(table.session).drive();
  expect(report.decision.evidence).toBe('PASS');
  expect(await world.judge({ schema: 'f', table: table.name })).toEqual(equalRows(100));
}

const loaded = async (table: SmallTable, attempt = 1) =>
  (await table.session.ledger.read({ ...table.ref, attempt }, 'loaded'))?.body;

async function submissions(table: SmallTable, step: 'unload' | 'load'): Promise<number> {
  const trail = await table.session.ledger.trail(table.ref);
  return trail.filter((each) => each.stage === 'submit' && 'step' in each.body && each.body.step === step).length;
}

describe('a lost answer', () => {
  it('of BatchExecuteStatement: its UNLOAD is found and goes on, it is not sent again', async () => {
    const table = await smallTable(world);
    world.clouds.faults.set([
      { point: 'redshift.BatchExecuteStatement', nth: 1, match: 'UNLOAD', happens: { kind: 'answer-lost' } },
    ]);
    await expectEqual(table);
    expect(world.clouds.faults.hits.length).toBe(1);
    expect(await submissions(table, 'unload')).toBe(1);
  });

  it('of COPY INTO: its rows are counted by their lineage value, and the receipt says so', async () => {
    const table = await smallTable(world);
    await driver(table.session).drive({ until: everyChunkIs('unloaded') });
    world.clouds.faults.set([
      { point: 'databricks.ExecuteStatement', nth: 1, match: 'COPY INTO', happens: { kind: 'answer-lost' } },
    ]);
    await expectEqual(table);
    expect(world.clouds.faults.hits.length).toBe(1);
    expect(await loaded(table)).toMatchObject({ rowCount: '100', rowCountFrom: 'lineage', operation: 'copy' });
  });

  it('of PutObject: a receipt that was written is recognised as one’s own', async () => {
    const table = await smallTable(world);
    world.clouds.faults.set(
      ['unloaded.json', 'loaded.json', 'verified.json', 'submit-1.json'].map((match) => ({
        point: 's3.PutObject',
        nth: 1,
        match,
        happens: { kind: 'answer-lost' as const },
      })),
    );
    await expectEqual(table);
    expect(new Set(world.clouds.faults.hits.map((hit) => hit.fault.match)).size).toBe(4);
    expect(await submissions(table, 'unload')).toBe(1);
    expect(await loaded(table)).toMatchObject({ rowCountFrom: 'answer' });
  });

  it('its twin: an answer that came is what the receipt says', async () => {
    const table = await smallTable(world);
    world.clouds.faults.set([]);
    await expectEqual(table);
    expect(await loaded(table)).toMatchObject({ rowCount: '100', rowCountFrom: 'answer', operation: 'copy' });
  });
});

describe('a result at the source past its retention', () => {
  it('means a new attempt, and the late one is proven', async () => {
    const table = await smallTable(world);
    const { redshiftSwitches: switches } = world.clouds;
    const fleet = driver(table.session);
    // The worker dies between its statement's end and the receipt; the chunk is found a day later.
    world.clouds.faults.set([{ point: 'redshift.GetStatementResult', nth: 0, happens: { kind: 'cut-before' } }]);
    await fleet.step(table.ref, { attempt: 1, step: 'unload' });
    world.clouds.faults.set([]);
    const { resultKeptMs } = switches;
    switches.resultKeptMs = 0;
    await fleet.step(table.ref, { attempt: 1, step: 'unload' });
    switches.resultKeptMs = resultKeptMs;
    await expectEqual(table);
    const trail = await table.session.ledger.trail(table.ref);
    expect(trail.filter((each) => each.stage === 'void').map((each) => each.body)).toEqual([
      expect.objectContaining({ code: 'SOURCE_RESULT_EXPIRED', proof: 'nothing-submitted' }),
    ]);
    const found = await world.databricks.run(`SELECT DISTINCT CAST(_lakehaul AS STRING) FROM ${table.target}`);
    expect(found.rows).toEqual([[String(lineageOf(0, 2))]]);
  });
});
