import { must } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Driver, driver, planAll } from '../support/drive.ts';
import { startWorld, type World } from '../support/world.ts';

/** Zombies: statements that commit long after everybody gave them up. I2: no row twice. */
let world: World;
let session: Session;
let fleet: Driver;

beforeEach(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "z"');
  await world.redshift.run('CREATE TABLE "z"."t" (id integer, name varchar(40)) SORTKEY (id)');
  await world.redshift.run(
    `INSERT INTO "z"."t" VALUES ${Array.from({ length: 300 }, (_, id) => `(${id}, 'name ${id}')`).join(', ')}`,
  );
  session = await world.session(world.config({ include: ['z.t'], defaults: { level: 'full' } }));
  await planAll(session);
  fleet = driver(session);
});
afterEach(() => world[Symbol.asyncDispose]());

const equal = { sourceRows: 300n, targetRows: 300n, missing: 0n, extra: 0n };

describe('a COPY that commits late', () => {
  it('after another worker has repeated it adds nothing', async () => {
    await fleet.drive({ until: (stages) => [...stages.values()].every((stage) => stage === 'unloaded') });
    world.clouds.faults.set([
      { point: 'databricks.copy.commit', nth: 1, happens: { kind: 'delay', until: 'released' } },
    ]);
    const [plan] = await session.ledger.readPlans();
    const ref = { tableId: must(plan, 'plan').tableId, generation: 1, chunk: 0 };
    // The first worker dies while its COPY runs on.
    const killed = new AbortController();
    const first = fleet.step(ref, { attempt: 1, step: 'load' }, killed.signal).catch(() => undefined);
    await waitForHit(world, 'databricks.copy.commit');
    killed.abort();
    const second = driver(await world.session(session.config), 'second');
    const taken = second.drive();
    await new Promise((resolve) => setTimeout(resolve, 300));
    world.clouds.faults.release();
    await first;
    const report = await taken;
    expect(report.decision.evidence).toBe('PASS');
    expect(await world.judge({ schema: 'z', table: 't' })).toEqual(equal);
  });
});

async function waitForHit(of: World, point: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (of.clouds.faults.hits.some((hit) => hit.point === point)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${point} was never reached`);
}
