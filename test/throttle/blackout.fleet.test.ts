/** With a blackout on no UNLOAD starts, governor or not; overlooked by a person, the very same haul runs to its end. */
import { openQueueStore } from '@lakehaul/queue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFleet } from '../../packages/cli/src/fleet.ts';
import { eventually } from '../support/processes.ts';
import { equalRows, type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

const ROWS = 12;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function submitted({ session }: SmallTable): Promise<number> {
  let count = 0;
  for (const plan of await session.ledger.readPlans())
    for (let chunk = 0; chunk < plan.chunkCount; chunk++) {
      const trail = await session.ledger.trail({ tableId: plan.tableId, generation: plan.generation, chunk });
      count += trail.filter((each) => each.stage === 'submit').length;
    }
  return count;
}

describe.each([
  { governor: true, holder: 'the governor and the workers' },
  { governor: false, holder: 'the workers alone, whatever the queue says' },
])('a blackout, held by $holder', ({ governor }) => {
  it('lets no UNLOAD start, and everything once a person has it overlooked', async () => {
    const table = await smallTable(world, {
      rows: ROWS,
      defaults: { level: 'carried', chunkBytes: '100B' },
      change: (config) => ({
        ...config,
        throttle: {
          ...config.throttle,
          governor,
          everyMs: 1_500,
          blackoutHours: [
            { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '24:00', zone: 'UTC' },
          ],
        },
      }),
    });
    const { session, name } = table;
    const store = await openQueueStore({ kind: 'auto', path: process.env['PATH'] ?? '' }, { log: session.log });
    const stopping = new AbortController();
    let looks = 0;
    const fleet = runFleet({
      ...{ session, store, signal: stopping.signal, tickMs: 100 },
      onProgress: () => {
        looks += 1;
      },
    });
    try {
      await eventually('the fleet looked a few times', async () => looks > 8);
      expect(await submitted(table)).toBe(0);
      const governed = await session.ledger.throttle.latest();
      if (governor) expect(governed?.body).toMatchObject({ slots: 0, winner: 'blackout' });
      else expect(governed).toBeNull();

      await session.ledger.steering.change({
        ...{ change: { action: 'throttle', name: 'blackouts', value: 0 }, who: 'ada', reason: 'test', requestId: name },
      });
      const report = await fleet;
      expect(report.decision.evidence).toBe('PASS');
      expect(await submitted(table)).toBeGreaterThan(3);
    } finally {
      stopping.abort();
      await fleet.catch(() => undefined);
      await store.stop();
    }
    expect(await world.judge({ schema: 'f', table: name })).toEqual(equalRows(ROWS));
  }, 90_000);
});
