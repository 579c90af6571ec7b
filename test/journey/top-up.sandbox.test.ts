/**
 * Generations end to end: history up to a watermark, a top-up, the final one. What lies beyond the last watermark is nobody's
 * and the evidence says so; late rows below a watermark are found in their own generation. Judged by the oracle.
 */
import { must, type TablePlan } from '@lakehaul/core';
import { latestProbe } from '@lakehaul/ledger';
import { planDeps, planTopUp, writeTopUp } from '@lakehaul/planner';
import { reproveChunk } from '@lakehaul/verifier';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { driver } from '../support/drive.ts';
import { chunkOf, evidence, look } from '../support/late-rows.ts';
import { equalRows, type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

const W1 = 80;
const W2 = 110;

let world: World;
let table: SmallTable;
beforeAll(async () => {
  world = await startWorld();
  // Keys 0 … 99, so that some lie beyond the first watermark from the beginning.
  table = await smallTable(world, {
    defaults: { chunkBytes: '205KiB', level: 'carried' },
    override: { watermark: String(W1) },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

async function generation(number: number): Promise<TablePlan> {
  const plans = await table.session.ledger.readPlans();
  return must(
    plans.find((plan) => plan.generation === number),
    `generation ${number}`,
  );
}

async function topUp(until: string | null): Promise<TablePlan> {
  const deps = planDeps(table.session);
  const planned = await planTopUp(deps, { tableIds: null, until });
  expect(planned.refusals).toEqual([]);
  await writeTopUp(deps, planned);
  return must(planned.tables[0], 'planned table').plan;
}

const judged = (below: number | null) =>
  world.judge({
    schema: 'f',
    table: table.name,
    ...(below === null ? {} : { where: `id < ${below} OR id IS NULL` }),
  });

const insert = (ids: readonly (number | null)[]) =>
  world.redshift.run(`INSERT INTO f.${table.name} VALUES ${ids.map((id) => `(${id ?? 'NULL'}, 'late')`).join(', ')}`);

const haul = () => driver(table.session).drive();

it('the first generation ends at its watermark, and what lies beyond is told as nobody’s', async () => {
  const report = await haul();
  expect(report).toMatchObject({ done: report.chunks, tables: [{ openWatermark: String(W1), generations: 1 }] });
  expect(await evidence(table.session)).toEqual({ evidence: 'FAIL', codes: ['GENERATION_OPEN'] });
  expect(await judged(W1)).toEqual(equalRows(80));
  // The oracle is not blind to what is missing beyond it.
  expect(await judged(null)).toMatchObject({ sourceRows: 100n, targetRows: 80n, missing: 20n });
});

it('a top-up hauls [W1, W2) and nothing of the first generation but its late row', async () => {
  await insert([100, 104, 109, W2, 115, 17]);
  const before = await generation(1);
  const planned = await planTopUp(planDeps(table.session), { tableIds: null, until: String(W2) });
  // Planning alone writes nothing.
  expect(await table.session.ledger.readPlans()).toEqual([before]);
  expect(planned.tables[0]?.plan).toMatchObject({ from: String(W1), watermark: String(W2), estimatedRows: '23' });

  const second = await topUp(String(W2));
  expect(second).toMatchObject({ generation: 2, firstChunk: before.chunkCount });
  await haul();
  expect(await evidence(table.session)).toEqual({ evidence: 'FAIL', codes: ['GENERATION_OPEN'] });
  expect(await judged(W2)).toEqual(equalRows(104));
  const probe = must(await latestProbe(table.session.ledger, table.ref.tableId), 'probe');
  expect(probe.body).toMatchObject({
    generations: [1, 2],
    differing: [{ generation: 1, chunk: await chunkOf(table.session, before, 17) }],
  });
});

it('a watermark that lies before the last one is refused, and nothing is planned', async () => {
  const plans = await table.session.ledger.readPlans();
  await expect(topUp(String(W1))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(topUp(String(W2))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await table.session.ledger.readPlans()).toEqual(plans);
});

it('the final one closes the table: equal to the last row, and the evidence passes', async () => {
  const last = await topUp(null);
  expect(last).toMatchObject({ generation: 3, from: String(W2), watermark: null });
  await haul();
  expect(await evidence(table.session)).toEqual({ evidence: 'PASS', codes: [] });
  expect(await judged(null)).toEqual(equalRows(106));
  await expect(topUp(null)).rejects.toMatchObject({ code: 'GENERATION_CLOSED' });
});

it('late rows below each watermark are found in the generation whose they are, the NULL key in the first', async () => {
  await insert([17, null, 95, W2, 10_000]);
  await world.redshift.run(`DELETE FROM f.${table.name} WHERE id = 104`);
  const seen = await look(table.session);
  const [first, second, third] = [await generation(1), await generation(2), await generation(3)];
  const at = async (plan: TablePlan, id: number | null) =>
    `${plan.generation}/${await chunkOf(table.session, plan, id)}`;
  const touched = [
    await at(first, 17),
    await at(first, null),
    await at(second, 95),
    await at(second, 104),
    await at(third, W2),
    await at(third, 10_000),
  ];
  const reopened = must(seen.tables[0]?.probe, 'probe').reopened.map((each) => `${each.generation}/${each.chunk}`);
  expect(reopened.sort()).toEqual([...new Set(touched)].sort());
  expect((await evidence(table.session)).codes).toContain('CHUNKS_NOT_PROVEN');
  await haul();
  expect(await evidence(table.session)).toEqual({ evidence: 'PASS', codes: [] });
  expect(await judged(null)).toEqual(equalRows(110));
});

it('a row between two watermarks that the target lost rings: the oracle, the proof of its chunk and the evidence', async () => {
  await world.databricks.run(`DELETE FROM ${table.target} WHERE id = 99`);
  expect(await judged(null)).toEqual({ sourceRows: 110n, targetRows: 109n, missing: 1n, extra: 0n });
  const { session } = table;
  const second = await generation(2);
  const ref = { tableId: second.tableId, generation: 2, chunk: await chunkOf(session, second, 99) };
  const { attempt } = await session.ledger.chunkState(ref);
  const deps = { ledger: session.ledger, target: session.clouds.target, stage: session.clouds.stage };
  const isEqual = await reproveChunk({ ...deps, maxAttempts: 3, diffRows: 10 }, { ...ref, attempt }, session.log);
  expect(isEqual).toBe(false);
  expect((await evidence(session)).codes).toContain('CHUNKS_MISMATCHED');
});
