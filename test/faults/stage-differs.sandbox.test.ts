import { must } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Driver, driver, planAll } from '../support/drive.ts';
import { startWorld, type World } from '../support/world.ts';

/** Between UNLOAD and load somebody touches the staged files. Nothing of it may reach the target unseen. */
let world: World;
let session: Session;
let fleet: Driver;
let number = 0;

beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "s"');
});
afterAll(() => world[Symbol.asyncDispose]());

beforeEach(async () => {
  number++;
  await world.redshift.run(`CREATE TABLE "s"."t${number}" (id integer, name varchar(40)) SORTKEY (id)`);
  await world.redshift.run(
    `INSERT INTO "s"."t${number}" VALUES ${Array.from({ length: 200 }, (_, id) => `(${id}, 'name ${id}')`).join(', ')}`,
  );
  session = await world.session(
    world.config({ include: [`s.t${number}`], defaults: { level: 'carried' } }, { migration: `m${number}` }),
  );
  await planAll(session);
  fleet = driver(session);
  await fleet.drive({ until: (stages) => [...stages.values()].every((stage) => stage === 'unloaded') });
});

async function stagedFile(): Promise<{ key: string; bucket: string; prefix: string }> {
  const [plan] = await session.ledger.readPlans();
  const ref = { tableId: must(plan, 'plan').tableId, generation: 1, chunk: 0, attempt: 1 };
  const unloaded = must(await session.ledger.read(ref, 'unloaded'), 'unloaded receipt');
  return {
    key: must(unloaded.body.files[0], 'a staged file').key,
    bucket: session.config.staging.bucket,
    prefix: unloaded.body.dataPrefix,
  };
}

async function expectNewAttemptAndEqual(code: string): Promise<void> {
  const report = await fleet.drive();
  expect(report.decision.evidence).toBe('PASS');
  const [plan] = await session.ledger.readPlans();
  const trail = await session.ledger.trail({ tableId: must(plan, 'plan').tableId, generation: 1, chunk: 0 });
  expect(
    trail
      .filter((receipt) => receipt.stage === 'void')
      .map((receipt) => ('code' in receipt.body ? receipt.body.code : '')),
  ).toEqual([code]);
  expect(trail.filter((receipt) => receipt.stage === 'verified').map((receipt) => receipt.attempt)).toEqual([2]);
  expect(await world.judge({ schema: 's', table: `t${number}` })).toEqual({
    sourceRows: 200n,
    targetRows: 200n,
    missing: 0n,
    extra: 0n,
  });
}

describe('a change in the stage', () => {
  it('one flipped byte', async () => {
    const { bucket, key } = await stagedFile();
    const body = Buffer.from(must(await world.clouds.objects.read(bucket, key), key));
    const middle = Math.floor(body.length / 2);
    body[middle] = (body[middle] ?? 0) ^ 1;
    await world.clouds.objects.write(bucket, key, body);
    await expectNewAttemptAndEqual('STAGE_MISMATCH');
  });

  it('one file missing', async () => {
    const { bucket, key } = await stagedFile();
    await world.clouds.objects.remove(bucket, [key]);
    await expectNewAttemptAndEqual('STAGE_MISMATCH');
  });

  it('one file added', async () => {
    const { bucket, key, prefix } = await stagedFile();
    await world.clouds.objects.write(
      bucket,
      `${prefix}9999_part_00.parquet`,
      must(await world.clouds.objects.read(bucket, key), key),
    );
    await expectNewAttemptAndEqual('STAGE_MISMATCH');
  });

  it('untouched files need one attempt only', async () => {
    const report = await fleet.drive();
    expect(report.decision.evidence).toBe('PASS');
    expect(report.tables[0]?.repaired).toBe(0);
  });
});
