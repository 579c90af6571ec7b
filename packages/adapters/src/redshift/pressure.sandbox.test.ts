/** What the throttle reads of a source, over the real protocol; each sign has a twin without the pain. */
import { LakehaulError } from '@lakehaul/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../../../test/support/world.ts';

const TABLE = { schema: 'p', table: 'orders', tableOid: '0', columnListHash: '' };
const HELD = 'INSERT INTO p.held VALUES (1) /* held */';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run('CREATE SCHEMA p');
  await world.redshift.run('CREATE TABLE p.orders (id integer)');
  await world.redshift.run('CREATE TABLE p.held (id integer)');
  await world.redshift.run('INSERT INTO p.orders VALUES (1), (2)');
});
afterAll(() => world[Symbol.asyncDispose]());

const source = async (change: 'provisioned' | 'serverless' = 'provisioned') => {
  const { clouds } = await world.session(
    world.config(
      { include: ['p.*'] },
      {
        change: (config) =>
          change === 'provisioned'
            ? config
            : { ...config, source: { ...omitCluster(config.source), kind: 'serverless', workgroupName: 'sandbox' } },
      },
    ),
  );
  return clouds.source;
};

function omitCluster<T extends { clusterIdentifier?: unknown; dbUser?: unknown }>(of: T) {
  const { clusterIdentifier: _cluster, dbUser: _user, ...rest } = of;
  return rest;
}

const request = { windowMs: 60_000, timeoutMs: 20_000, canaryTable: TABLE as never };

describe('the pressure at the source', () => {
  it('of nothing is nothing, but for the canary’s own time', async () => {
    const read = await (await source()).readPressure(request);
    expect(read).toMatchObject({ seesAllStatements: true, queued: 0, running: 0, runningOurs: 0, storageUnread: null });
    expect(read.canaryMs).toBeGreaterThanOrEqual(0);
    expect(read.storagePercent).toBeCloseTo(7.65, 1);
  });

  it('counts what runs and what waits, ours apart, and how long it waited', async () => {
    const { faults, redshiftSwitches } = world.clouds;
    const happens = { kind: 'delay', until: 'released' } as const;
    faults.set([{ point: 'redshift.statement', nth: 0, match: 'held', happens }]);
    redshiftSwitches.wlmSlots = 9;
    const from = await source();
    try {
      const others = Array.from({ length: 3 }, () => world.redshift.run(HELD));
      await until(() => faults.hits.length === 3);
      redshiftSwitches.queuePain = { waitMs: 500, freeUnloads: -1 };
      const late = world.redshift.run('INSERT INTO p.orders VALUES (3)');
      // Needs no slot and comes behind it, so that it has joined the queue by then.
      await world.redshift.run('SHOW timezone');
      redshiftSwitches.queuePain = { waitMs: 0, freeUnloads: 1 };
      const read = await from.readPressure({ ...request, canaryTable: null });
      expect(read).toMatchObject({ running: 3, runningOurs: 0, queued: 1 });
      faults.set([]);
      faults.release();
      await Promise.all([...others, late]);
      const after = await from.readPressure(request);
      expect(after).toMatchObject({ running: 0, queued: 0 });
      expect(after.queueTimeMs).toBeGreaterThanOrEqual(500);
      expect(after.queueTimeMs).toBeLessThan(5_000);
    } finally {
      faults.set([]);
      faults.release();
      redshiftSwitches.wlmSlots = 5;
    }
  });

  it('a canary whose table is gone is no pain, and is not sent again', async () => {
    const from = await source();
    const gone = { ...request, canaryTable: { ...TABLE, table: 'gone' } as never };
    expect(await from.readPressure(gone)).toMatchObject({ canaryMs: null, queued: 0 });
    expect(await from.readPressure(gone)).toMatchObject({ canaryMs: null });
  });

  it('the warehouse’s queue is empty while nothing waits there', async () => {
    const { clouds } = await world.session(world.config({ include: ['p.*'] }));
    expect(await clouds.target.queuedStatements()).toBe(0);
  });

  it('a user who sees only its own statements says so', async () => {
    world.clouds.redshiftSwitches.restrictedUsers = ['lakehaul'];
    try {
      const read = await (await source()).readPressure(request);
      expect(read).toMatchObject({ seesAllStatements: false, storagePercent: null });
      expect(read.storageUnread).toMatch(/superusers only/);
    } finally {
      world.clouds.redshiftSwitches.restrictedUsers = [];
    }
  });

  it('tells its slices, and none to a user who may not see them', async () => {
    world.clouds.redshiftSwitches.nodeSlices = [4, 4, 4];
    expect(await (await source()).readSlices()).toEqual({ slices: 12, nodes: 3 });
    world.clouds.redshiftSwitches.restrictedUsers = ['lakehaul'];
    try {
      expect(await (await source()).readSlices()).toBeNull();
    } finally {
      world.clouds.redshiftSwitches.restrictedUsers = [];
    }
  });

  it('serverless is never asked for its nodes', async () => {
    const read = await (await source('serverless')).readPressure(request);
    expect(read).toMatchObject({ storagePercent: null, storageUnread: 'serverless has no view of its storage' });
  });

  it('a source that has no room for the question does not answer it in time', async () => {
    world.clouds.faults.set([
      { point: 'redshift.statement', nth: 0, match: 'LIMIT 1000', happens: { kind: 'delay', until: 'released' } },
    ]);
    const failed = await (await source()).readPressure({ ...request, timeoutMs: 300 }).catch((error: unknown) => error);
    world.clouds.faults.set([]);
    world.clouds.faults.release();
    expect(failed).toBeInstanceOf(LakehaulError);
    expect(failed).toMatchObject({ code: 'ANSWER_LOST' });
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  for (let look = 0; look < 400; look++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it never came');
}
