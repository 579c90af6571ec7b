/**
 * The cost reaches the cap: first fewer UNLOADs run, then none, and everybody who asks is told why. What was staged is
 * still proven. The very same haul without the cap goes on where it stopped and runs to its end.
 */
import type { Session } from '@lakehaul/fleet';
import { type StatusReport, throttleReport } from '@lakehaul/operate';
import { openQueueStore } from '@lakehaul/queue';
import { type MigrationConfig, throttleOf } from '@lakehaul/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runFleet } from '../../packages/cli/src/fleet.ts';
import { statusText } from '../../packages/cli/src/print/status.ts';
import { eventually } from '../support/processes.ts';
import { equalRows, type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

const ROWS = 16;
/** A pass of the governor takes seconds on a busy machine, and there are some. */
const PATIENT = { withinMs: 90_000 };
const FREE = { putThousand: '0', getThousand: '0', gibMonth: '0' };
/** A PUT costs 1: seven or so a chunk. */
const PRICES: MigrationConfig['prices'] = {
  currency: 'USD',
  s3: { ...FREE, putThousand: '1000' },
  cap: '80',
  warnPercent: 15,
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

interface Running extends AsyncDisposable {
  report: () => StatusReport | null;
  looks: () => number;
  done: Promise<StatusReport>;
}

async function start(session: Session): Promise<Running> {
  const store = await openQueueStore({ kind: 'auto', path: process.env['PATH'] ?? '' }, { log: session.log });
  const stopping = new AbortController();
  let report: StatusReport | null = null;
  let looks = 0;
  const done = runFleet({
    ...{ session, store, signal: stopping.signal, tickMs: 100 },
    onProgress: (now) => {
      report = now;
      looks += 1;
    },
  });
  done.catch(() => undefined);
  return {
    ...{ report: () => report, looks: () => looks, done },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await done.catch(() => undefined);
      await store.stop();
    },
  };
}

async function submitted({ session }: SmallTable): Promise<number> {
  const sent = session.ledger.openScan();
  await sent.refresh();
  let count = 0;
  for (const plan of await session.ledger.readPlans())
    sent.forEach(plan, (_chunk, state) => {
      if (state.submissions > 0) count += 1;
    });
  return count;
}

/** What the governor read last. */
async function governedPercent({ metrics }: Session): Promise<number> {
  return Number(/lakehaul_throttle_check_value\{check="budget"\} (\d+)/.exec(await metrics.text())?.[1] ?? 0);
}

it('at a share of the budget fewer UNLOADs run, at the cap none, and why is told; without the cap the haul runs through', async () => {
  const { faults } = world.clouds;
  const table = await smallTable(world, {
    rows: ROWS,
    defaults: { level: 'carried', chunkBytes: '100B' },
    change: (config) => ({
      ...config,
      prices: PRICES,
      throttle: { ...config.throttle, everyMs: 500, startSlots: 4, maxSlots: 4, settleMs: 0 },
    }),
  });
  const { session, name } = table;
  const records = async () => (await session.ledger.throttle.recent(500)).map(({ body }) => body);
  faults.set([
    { point: 'redshift.statement', nth: 0, match: 'UNLOAD (', happens: { kind: 'delay', until: 'released' } },
  ]);
  {
    await using fleet = await start(session);
    using _held = {
      [Symbol.dispose]() {
        faults.set([]);
        faults.release();
      },
    };
    await eventually('four UNLOADs are held at the source', async () => faults.hits.length >= 4);
    let released = 0;
    await eventually(
      'the budget has stopped them',
      async () => {
        const { done = 0, cost } = fleet.report() ?? {};
        // As many as run at once, then no more before they are proven and the governor knows what they cost.
        const isSeen = (await governedPercent(session)) >= (cost?.budget?.value ?? 0);
        if (done >= released && isSeen) {
          released = faults.hits.length;
          faults.release();
        }
        return (await records()).some(({ slots }) => slots === 0);
      },
      PATIENT,
    );
    faults.set([]);
    faults.release();
    await eventually('what was staged is proven', async () => {
      const stages = fleet.report()?.tables[0]?.stages;
      return stages !== undefined && stages.opened + stages.unloaded + stages.loaded === 0;
    });
    const sent = await submitted(table);
    const since = fleet.looks();
    await eventually('the fleet looked a few times more', async () => fleet.looks() > since + 8);
    expect(await submitted(table)).toBe(sent);

    const report = fleet.report();
    expect(report?.chunks).toBeGreaterThan(sent);
    expect(report?.tables[0]?.done).toBe(sent);
    expect(report?.throttle).toMatchObject({ slots: 0, winner: 'budget' });
    const words = /budget: \d+\.\d{6} of 80\.000000 USD spent: the budget is used up/;
    if (report !== null) expect(statusText(report, { hasColour: false, columns: 200 })).toMatch(words);
    const throttle = await throttleReport(session.ledger, throttleOf(session.config.throttle), {
      nowMs: 0,
      history: 0,
    });
    expect(throttle).toMatchObject({
      isGoverned: true,
      slots: 0,
      winner: 'budget',
      reason: expect.stringMatching(words),
    });

    const moves = (await records()).filter(({ change }) => change !== 'hold');
    const told = moves.map(({ change, slots, winner }) => [change, slots, winner]);
    expect(told.slice(0, 2)).toEqual([
      ['start', 4, null],
      ['fall', 2, 'budget'],
    ]);
    expect(told.at(-1)).toEqual(['stop', 0, 'budget']);
    expect(told.slice(2, -1)).toEqual(told.length === 4 ? [['fall', 1, 'budget']] : []);
  }
  const { cap: _cap, ...uncapped } = PRICES;
  await using fleet = await start(await world.session({ ...session.config, prices: uncapped }));
  expect((await fleet.done).decision.evidence).toBe('PASS');
  expect((await records()).at(-1)).toMatchObject({ winner: null });
  expect(await world.judge({ schema: 'f', table: name })).toEqual(equalRows(ROWS));
}, 180_000);
