import type { DifferenceReport } from '@lakehaul/adapters';
import { type AttemptRef, lineageOf } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import { reproveChunk, sealTable } from '@lakehaul/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driver, haul } from '../support/drive.ts';
import { startWorld, type World } from '../support/world.ts';

/** A table whose every chunk was proven; then somebody changes the target. Each change must be found, named and repaired. */
let world: World;
let session: Session;
const TABLE = '`main`.`shop`.`orders`';

beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "shop"');
  await world.redshift.run(
    'CREATE TABLE "shop"."orders" (id integer NOT NULL, name varchar(40), amount decimal(10,2), at timestamp) SORTKEY (id)',
  );
  const rows = Array.from(
    { length: 400 },
    (_, id) => `(${id}, 'name ${id}', ${id}.25, TIMESTAMP '2026-01-01 00:00:00')`,
  );
  await world.redshift.run(`INSERT INTO "shop"."orders" VALUES ${rows.join(', ')}`);
  const config = world.config({
    include: ['shop.*'],
    defaults: { level: 'full' },
    overrides: [{ match: 'shop.orders', key: 'id', chunkBytes: '512KiB' }],
  });
  session = await world.session(config);
  const report = await haul(session);
  expect(report.decision.evidence).toBe('PASS');
  expect(report.tables[0]?.chunks).toBeGreaterThan(2);
});

afterAll(() => world[Symbol.asyncDispose]());

const proofDeps = () => ({
  ledger: session.ledger,
  target: session.clouds.target,
  stage: session.clouds.stage,
  maxAttempts: 20,
  diffRows: 100,
});

/** Changes the target with `sql`, proves the chunk that holds row 17 again, and returns what was named. */
async function changeAndProve(
  sql: (lineage: bigint) => string,
): Promise<{ isEqual: boolean; rows: DifferenceReport | null }> {
  const { plans, scan } = await readLedger(session.ledger);
  const plan = plans[0];
  if (plan === undefined) throw new Error('no plan');
  const found = await world.databricks.run(`SELECT CAST(_lakehaul AS STRING) AS lineage FROM ${TABLE} WHERE id = 17`);
  const lineage = BigInt(found.rows[0]?.[0] ?? '0');
  const chunk = Number(lineage >> 16n);
  const attempt = {
    tableId: plan.tableId,
    generation: 1,
    chunk,
    attempt: scan.state({ tableId: plan.tableId, generation: 1, chunk }).attempt,
  };
  expect(lineageOf(attempt.chunk, attempt.attempt)).toBe(lineage);
  await world.databricks.run(sql(lineage));
  const isEqual = await reproveChunk(proofDeps(), attempt, session.log);
  const mismatch = await session.ledger.read(attempt, 'mismatched');
  const { rowsKey = null, rowsSha256 = null } = mismatch?.body ?? {};
  const rows = rowsKey === null ? null : await session.ledger.readDiff(rowsKey, rowsSha256 ?? '');
  return { isEqual, rows: rows === null ? null : (JSON.parse(rows) as DifferenceReport) };
}

/** A foreign commit may have changed any chunk: the seal stays broken until all are proven anew (`lakehaul verify`). */
async function expectRepaired(): Promise<void> {
  const unexplained = await driver(session).drive();
  expect(unexplained.tables[0]?.seal?.faults.map((fault) => fault.kind)).toEqual(
    unexplained.decision.evidence === 'PASS' ? [] : ['foreign-commit'],
  );
  const { plans, scan } = await readLedger(session.ledger);
  const done: AttemptRef[] = [];
  for (const plan of plans)
    scan.forEach(plan, (chunk, state) =>
      done.push({ tableId: plan.tableId, generation: plan.generation, chunk, attempt: state.attempt }),
    );
  for (const attempt of done) expect(await reproveChunk(proofDeps(), attempt, session.log)).toBe(true);
  const report = await driver(session).drive();
  expect(report.decision.evidence).toBe('PASS');
  expect(report.tables[0]?.stages.mismatched).toBe(0);
  expect(await world.judge({ schema: 'shop', table: 'orders' })).toMatchObject({
    missing: 0n,
    extra: 0n,
    sourceRows: 400n,
    targetRows: 400n,
  });
}

describe('a change in the target', () => {
  it('one changed value: the row is named by key and column, and repaired', async () => {
    const { isEqual, rows } = await changeAndProve(() => `UPDATE ${TABLE} SET name = 'changed' WHERE id = 17`);
    expect(isEqual).toBe(false);
    expect(rows).toMatchObject({ changedRows: '1', missingRows: '0', extraRows: '0' });
    expect(rows?.rows).toEqual([
      expect.objectContaining({
        kind: 'changed',
        key: expect.objectContaining({ id: '17' }),
        columns: [{ name: 'name', source: 'name 17', target: 'changed' }],
      }),
    ]);
    await expectRepaired();
  });

  it('one missing row', async () => {
    const { isEqual, rows } = await changeAndProve(() => `DELETE FROM ${TABLE} WHERE id = 17`);
    expect(isEqual).toBe(false);
    expect(rows?.rows).toEqual([
      expect.objectContaining({ kind: 'missing', key: expect.objectContaining({ id: '17' }) }),
    ]);
    await expectRepaired();
  });

  it('one extra row', async () => {
    const { isEqual, rows } = await changeAndProve(
      (lineage) => `INSERT INTO ${TABLE} (_lakehaul, id, name) VALUES (${lineage}, 4711, 'extra')`,
    );
    expect(isEqual).toBe(false);
    expect(rows?.rows).toEqual([
      expect.objectContaining({ kind: 'extra', key: expect.objectContaining({ id: '4711' }) }),
    ]);
    await expectRepaired();
  });

  it('one doubled row', async () => {
    const { isEqual, rows } = await changeAndProve(
      (lineage) => `INSERT INTO ${TABLE} SELECT * FROM ${TABLE} WHERE id = 17 AND _lakehaul = ${lineage}`,
    );
    expect(isEqual).toBe(false);
    expect(rows?.rows).toEqual([
      expect.objectContaining({ kind: 'doubled', key: expect.objectContaining({ id: '17' }) }),
    ]);
    await expectRepaired();
  });

  it('a row under a lineage value that no chunk has is found by the seal, and so is a foreign UPDATE', async () => {
    await world.databricks.run(`INSERT INTO ${TABLE} (_lakehaul, id) VALUES (${lineageOf(4000, 1)}, 1)`);
    const { plans, scan } = await readLedger(session.ledger);
    const seal = await sealTable({ ledger: session.ledger, target: session.clouds.target }, plans, scan, session.log);
    expect(seal.faults.map((fault) => fault.kind)).toContain('foreign');
    await world.databricks.run(`DELETE FROM ${TABLE} WHERE _lakehaul = ${lineageOf(4000, 1)}`);
    await world.databricks.run(`UPDATE ${TABLE} SET amount = amount + 1 WHERE id = 3`);
    const after = await sealTable({ ledger: session.ledger, target: session.clouds.target }, plans, scan, session.log);
    expect(after.faults.map((fault) => fault.kind)).toContain('foreign-commit');
  });

  it('no change is found where there is none', async () => {
    const report = await driver(session).drive();
    expect(report.tables[0]?.stages.mismatched).toBe(0);
  });
});
