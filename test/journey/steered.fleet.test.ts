/** People pause, limit and resume while a migration is hauled: it counts within seconds, and the end is equal all the same. */
import { randomUUID } from 'node:crypto';
import { STEPS, type SteeringChange } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { ChunkQueues, openQueueStore } from '@lakehaul/queue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFleet } from '../../packages/cli/src/fleet.ts';
import { eventually } from '../support/processes.ts';
import { equalRows, type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

const ROWS = 18;
const EFFECT_MS = 3_000;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Submissions and receipts by stage, straight from the ledger. */
async function seen({ session }: SmallTable): Promise<{ submitted: number; stages: Map<string, number> }> {
  const { plans, scan } = await readLedger(session.ledger);
  const stages = new Map<string, number>();
  let submitted = 0;
  for (const plan of plans)
    for (let chunk = 0; chunk < plan.chunkCount; chunk++) {
      const trail = await session.ledger.trail({ tableId: plan.tableId, generation: plan.generation, chunk });
      submitted += trail.filter((each) => each.stage === 'submit').length;
    }
  for (const plan of plans)
    scan.forEach(plan, (_chunk, { stage }) => void stages.set(stage, (stages.get(stage) ?? 0) + 1));
  return { submitted, stages };
}

describe.each(['redis', 'embedded'] as const)('on %s', (kind) => {
  it('a pause holds the whole haul within three seconds, a table of its own too; resumed, every row arrives once', async () => {
    const table = await smallTable(world, { rows: ROWS, defaults: { level: 'carried', chunkBytes: '100B' } });
    const { session, name } = table;
    const { metrics } = session;
    const steer = (action: 'pause' | 'resume', pattern: string) =>
      session.ledger.steering.change({
        ...{ change: { action, pattern }, who: 'ada', reason: 'test', requestId: `${action} ${pattern}` },
      });
    // Paused from the start: a single UNLOAD would be one too many.
    await steer('pause', '*::unload');
    const store = await openQueueStore({ kind, path: process.env['PATH'] ?? '' }, { log: session.log });
    const stopping = new AbortController();
    const reports: string[][] = [];
    const fleet = runFleet({
      session,
      store,
      signal: stopping.signal,
      tickMs: 100,
      onProgress: (report) => void reports.push([...report.steering.pauses]),
    });
    try {
      await eventually('the fleet looked a few times', async () => reports.length > 5);
      expect((await seen(table)).submitted).toBe(0);
      expect(reports.at(-1)).toEqual(['*::unload']);

      await steer('resume', '*::unload');
      await eventually('something is loaded', async () => (await seen(table)).submitted > 3);
      await steer('pause', `f.${name}::*`);
      const queues = new ChunkQueues({ store, migration: session.config.migration, log: session.log, metrics });
      const waiting = async () => Object.values(await queues.counts()).reduce((sum, step) => sum + step.waiting, 0);
      await eventually('nothing waits to start', async () => (await waiting()) === 0, { withinMs: EFFECT_MS });
      const running = async () => Object.values(await queues.counts()).reduce((sum, step) => sum + step.active, 0);
      await eventually('what ran is over', async () => (await running()) === 0);
      const held = await seen(table);
      expect(held.stages.get('planned') ?? 0).toBeGreaterThan(0);
      await session.clock.sleep(1_500);
      expect(await seen(table)).toEqual(held);
      await queues.close();

      await steer('resume', `f.${name}::*`);
      const report = await fleet;
      expect(report.decision.evidence).toBe('PASS');
    } finally {
      stopping.abort();
      await fleet.catch(() => undefined);
      await store.stop();
    }
    expect(await world.judge({ schema: 'f', table: name })).toEqual(equalRows(ROWS));
    expect(await session.ledger.steering.changes()).toHaveLength(4);
  });
});

it('each queue is paused, limited and resumed while the haul runs: it counts within three seconds, and is recorded', async () => {
  const table = await smallTable(world, { rows: ROWS, defaults: { level: 'carried', chunkBytes: '100B' } });
  const { session } = table;
  const { log, metrics, config } = session;
  const steer = (change: SteeringChange) =>
    session.ledger.steering.change({ change, who: 'ada', reason: `${change.action} it`, requestId: randomUUID() });
  for (const step of STEPS) await steer({ action: 'pause', pattern: `*::${step}` });
  await steer({ action: 'limit', pattern: '*::unload', max: 1 });
  const store = await openQueueStore({ kind: 'redis', path: process.env['PATH'] ?? '' }, { log });
  const stopping = new AbortController();
  const queues = new ChunkQueues({ store, migration: config.migration, log, metrics });
  const fleet = runFleet({ session, store, signal: stopping.signal, tickMs: 100, onProgress: () => undefined });
  try {
    let most = 0;
    for (const [step, stage] of [
      ['unload', 'unloaded'],
      ['load', 'loaded'],
      ['verify', 'verified'],
    ] as const) {
      const before = await seen(table);
      expect(before.stages.get(stage)).toBeUndefined();
      await steer({ action: 'resume', pattern: `*::${step}` });
      const hasBegun = async () => {
        const { active, waiting } = (await queues.counts())[step];
        if (step === 'unload') most = Math.max(most, active + waiting);
        return active > 0 || ((await seen(table)).stages.get(stage) ?? 0) > 0;
      };
      await eventually(`${step} has begun`, hasBegun, { withinMs: EFFECT_MS });
      if (step === 'unload') {
        await eventually('two are unloaded, one by one', async () => {
          await hasBegun();
          return ((await seen(table)).stages.get(stage) ?? 0) > 1;
        });
        await steer({ action: 'limit', pattern: '*::unload', max: null });
      }
      if (step !== 'verify')
        await eventually('every chunk waits at the next pause', async () => {
          const { stages } = await seen(table);
          return stages.size === 1 && stages.has(stage);
        });
    }
    expect(most).toBe(1);
    expect((await fleet).decision.evidence).toBe('PASS');
  } finally {
    stopping.abort();
    await fleet.catch(() => undefined);
    await queues.close();
    await store.stop();
  }
  expect(await world.judge({ schema: 'f', table: table.name })).toEqual(equalRows(ROWS));
  const told = (await session.ledger.steering.changes()).map(({ body }) => [body.who, body.reason]);
  expect(told).toEqual(
    ['pause', 'pause', 'pause', 'limit', 'resume', 'limit', 'resume', 'resume'].map((action) => [
      'ada',
      `${action} it`,
    ]),
  );
});
