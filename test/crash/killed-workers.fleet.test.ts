import { must } from '@lakehaul/core';
import { readLedger, type Session } from '@lakehaul/fleet';
import { statusReport } from '@lakehaul/operate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type Fleet, type Service, startFleet } from '../support/processes.ts';
import { startWorld, type World } from '../support/world.ts';

/** Real processes, real Redis: workers are SIGKILLed at the worst moments. Equal in the end, nothing started twice. */
const ROWS = 400;
/** What a killed worker held is taken over after some 9 s, not after 30 to 35. */
const SERVICES = { lockMs: '8s', stalledCheckMs: '1s' };
const TABLES = { include: ['k.t'], defaults: { level: 'full', chunkBytes: '1MiB' } };

let world: World;
let fleet: Fleet;
let session: Session;
const running: Service[] = [];

beforeEach(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "k"');
  await world.redshift.run('CREATE TABLE "k"."t" (id integer, name varchar(40)) SORTKEY (id)');
  await world.redshift.run(
    `INSERT INTO "k"."t" VALUES ${Array.from({ length: ROWS }, (_, id) => `(${id}, 'name ${id}')`).join(', ')}`,
  );
  fleet = await startFleet(world, TABLES, { services: SERVICES });
  session = await world.session(world.config(TABLES, { migration: 'fleet' }));
});
afterEach(async () => {
  world.clouds.faults.release();
  await fleet[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  running.length = 0;
});

const start = (...parameters: Parameters<Fleet['start']>) => {
  const service = fleet.start(...parameters);
  running.push(service);
  return service;
};

const hit = (point: string) =>
  eventually(`a call of ${point}`, async () => world.clouds.faults.hits.some((each) => each.point === point), {
    services: running,
  });

async function expectEqualInTheEnd(): Promise<void> {
  await eventually(
    'everything proven and sealed',
    async () => {
      const { plans, scan } = await readLedger(session.ledger);
      return plans.length > 0 && (await statusReport(session.ledger, plans, scan)).decision.evidence === 'PASS';
    },
    { withinMs: 150_000, services: running },
  );
  expect(await world.judge({ schema: 'k', table: 't' })).toEqual({
    sourceRows: BigInt(ROWS),
    targetRows: BigInt(ROWS),
    missing: 0n,
    extra: 0n,
  });
}

/** What was held goes on, and a second worker takes over what the first one left. */
async function expectEqualOnceReleased(): Promise<void> {
  world.clouds.faults.release();
  // A fault that nobody met yet would hold a call of the others until its time-out.
  world.clouds.faults.set([]);
  start('worker');
  start('verifier');
  await expectEqualInTheEnd();
}

/** How often each step of each chunk was submitted. */
async function submissions(step: 'unload' | 'load'): Promise<number[]> {
  const { plans } = await readLedger(session.ledger);
  const plan = must(plans[0], 'plan');
  const counts: number[] = [];
  for (let chunk = 0; chunk < plan.chunkCount; chunk++) {
    const trail = await session.ledger.trail({ tableId: plan.tableId, generation: 1, chunk });
    counts.push(
      trail.filter((receipt) => receipt.stage === 'submit' && 'step' in receipt.body && receipt.body.step === step)
        .length,
    );
  }
  return counts;
}

describe('a worker is killed', () => {
  it('during UNLOAD: its statement is taken over, not started again', async () => {
    world.clouds.faults.set([{ point: 'redshift.unload', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    start('planner');
    const worker = start('worker', { LAKEHAUL_UNLOAD_SLOTS: '2', LAKEHAUL_LOAD_SLOTS: '2' });
    await hit('redshift.unload');
    await worker.kill();
    await expectEqualOnceReleased();
    expect(Math.max(...(await submissions('unload')))).toBe(1);
  });

  it('during COPY INTO: no row twice', async () => {
    world.clouds.faults.set([
      { point: 'databricks.copy.commit', nth: 1, happens: { kind: 'delay', until: 'released' } },
    ]);
    start('planner');
    const worker = start('worker');
    await hit('databricks.copy.commit');
    await worker.kill();
    await expectEqualOnceReleased();
  });

  it('again and again: equal in the end', async () => {
    start('planner');
    start('verifier');
    for (let round = 0; round < 3; round++) {
      const worker = start('worker', { LAKEHAUL_UNLOAD_SLOTS: '2', LAKEHAUL_LOAD_SLOTS: '2' });
      await eventually(
        'the worker works',
        async () =>
          worker.lines.some(
            (line) =>
              line['message'] === 'unload submitted' ||
              line['message'] === 'chunk loaded' ||
              line['message'] === 'statement taken over',
          ),
        { withinMs: 60_000, services: running },
      );
      await worker.kill();
    }
    start('worker');
    await expectEqualInTheEnd();
  });

  it('SIGTERM hands the work over within a second or two and ends with 0', async () => {
    world.clouds.faults.set([{ point: 'redshift.unload', nth: 1, happens: { kind: 'delay', until: 'released' } }]);
    start('planner');
    const worker = start('worker');
    await hit('redshift.unload');
    const askedMs = Date.now();
    expect(await worker.terminate()).toBe(0);
    expect(Date.now() - askedMs).toBeLessThan(5_000);
    await expectEqualOnceReleased();
    expect(Math.max(...(await submissions('unload')))).toBe(1);
  });
});

describe('the queue loses what it knew', () => {
  it('a worker killed between receipt and next job: the feeder brings the next step', async () => {
    // The receipt is there, its answer is held: the worker dies before it can add the next job.
    world.clouds.faults.set([
      { point: 's3.PutObject', nth: 1, match: 'unloaded.json', happens: { kind: 'answer-lost' } },
      { point: 's3.GetObject', nth: 1, match: 'unloaded.json', happens: { kind: 'delay', until: 'released' } },
    ]);
    start('planner');
    const worker = start('worker', { LAKEHAUL_UNLOAD_SLOTS: '1', LAKEHAUL_LOAD_SLOTS: '1' });
    await hit('s3.PutObject');
    await worker.kill();
    await expectEqualOnceReleased();
    expect(Math.max(...(await submissions('unload')))).toBe(1);
  });

  it('Redis emptied in mid flight: rebuilt by the feeder, nothing unloaded twice', async () => {
    start('planner');
    start('worker', { LAKEHAUL_UNLOAD_SLOTS: '1', LAKEHAUL_LOAD_SLOTS: '1' });
    await eventually(
      'the first chunk loaded',
      async () => running.some((service) => service.lines.some((line) => line['message'] === 'chunk loaded')),
      { services: running },
    );
    await fleet.emptyRedis();
    start('verifier');
    await expectEqualInTheEnd();
    expect(Math.max(...(await submissions('unload')))).toBe(1);
  });
});

describe('two whole fleets on one migration by mistake', () => {
  it('equal in the end, no row twice', async () => {
    const other = await startFleet(world, TABLES, { services: SERVICES });
    try {
      for (const each of [fleet, other])
        for (const name of ['planner', 'worker', 'verifier'] as const) running.push(each.start(name));
      await expectEqualInTheEnd();
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });
});
