/**
 * The source's pain becomes ten times what it was: UNLOADs at once fall within two readings, the canary recovers, and they
 * climb back without swinging. The governor, the adapter and the statements are the real ones; UNLOADs run in as many
 * lanes as the governor allows, and each of them makes everybody else wait.
 */
import { must, THROTTLE_DEFAULTS } from '@lakehaul/core';
import { Governor } from '@lakehaul/planner';
import type { Decision } from '@lakehaul/throttle';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/processes.ts';
import { type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

const MOST = 4;
const CALM_WAIT_MS = 20;
const READING_EVERY_MS = 30_000;
const SETTINGS = {
  ...THROTTLE_DEFAULTS,
  ...{ maxSlots: MOST, startSlots: MOST, windowMs: 1_000, queueTimeMs: 380, queueTimeStopMs: 100_000 },
  ...{ canaryFloorMs: 100, canaryPercent: 1_000, canaryStopPercent: 100_000, retryAboveMs: 300_000 },
};

let world: World;
beforeAll(async () => {
  world = await startWorld({ switches: { redshift: { wlmSlots: 40 } } });
});
afterAll(() => world[Symbol.asyncDispose]());

describe('pain at the source', () => {
  it('ten times as much: UNLOADs fall within two readings, the canary recovers, and they climb back for good', async () => {
    const { clouds } = world;
    const table = await smallTable(world, { rows: 20, defaults: { level: 'carried' } });
    const { session } = table;
    clouds.faults.set([
      { point: 'redshift.statement', nth: 0, match: 'UNLOAD', happens: { kind: 'delay', until: 'released' } },
    ]);
    await using haul = await lanesOf(table);
    let nowMs = 0;
    const governor = new Governor({
      ...{ ledger: session.ledger, source: session.clouds.source, target: session.clouds.target, log: session.log },
      ...{ metrics: session.metrics, configured: SETTINGS, blackouts: { hours: [], dates: [] }, flagKey: null },
      clock: { ...session.clock, nowMs: () => nowMs },
      queues: {
        counts: async () => ({ unload: haul.counts(), load: NONE, verify: NONE }),
        setConcurrency: async (_step, slots) => haul.allow(slots),
      },
      hasObject: async () => false,
      takeS3SlowDowns: async () => ({ calls: 0, processes: 1 }),
      readingTimeoutMs: 20_000,
    });
    await governor.open();
    await haul.settled();
    const plans = await session.ledger.readPlans();
    const decisions: Decision[] = [];
    const read = async (): Promise<Decision> => {
      nowMs += READING_EVERY_MS;
      const decision = await governor.runOnce(plans);
      decisions.push(decision);
      // UNLOADs of a cut end and give their slots back.
      await haul.settled();
      return decision;
    };
    const slots = (some: readonly Decision[]) => some.map((decision) => decision.slots);

    clouds.redshiftSwitches.queuePain = { waitMs: CALM_WAIT_MS, freeUnloads: 1 };
    await repeat(6, read);
    expect(slots(decisions)).toEqual(Array.from({ length: 6 }, () => MOST));

    clouds.redshiftSwitches.queuePain = { waitMs: CALM_WAIT_MS * 10, freeUnloads: 1 };
    await repeat(2, read);
    expect(Math.min(...slots(decisions.slice(6)))).toBeLessThanOrEqual(MOST / 2);
    expect(decisions.slice(6).some((each) => /queue-time|canary/.test(each.reason))).toBe(true);
    await repeat(6, read);
    const painful = await canaries(session.ledger.throttle.recent(100));
    const [peak, recovered] = [Math.max(...painful), Math.min(...painful.slice(-3))];
    expect(recovered).toBeLessThan(peak / 2);

    const fallen = decisions.length;
    clouds.redshiftSwitches.queuePain = { waitMs: CALM_WAIT_MS, freeUnloads: 1 };
    for (let looks = 0; looks < 40 && decisions.at(-1)?.slots !== MOST; looks++) await read();
    const back = slots(decisions.slice(fallen));
    expect(back.at(-1)).toBe(MOST);
    // Never down again: one slot more, or as many as before.
    const steps = back.map(
      (each, index) =>
        each - (index === 0 ? must(decisions[fallen - 1], 'a decision').slots : must(back[index - 1], 'slots')),
    );
    expect(steps.filter((step) => step !== 0 && step !== 1)).toEqual([]);

    const records = await session.ledger.throttle.recent(100);
    expect(records.map((record) => record.body.change)).toContain('fall');
    expect(records.every((record) => record.body.checks.length > 5)).toBe(true);
  }, 120_000);
});

const NONE = { waiting: 0, active: 0, delayed: 0 };

async function repeat(times: number, what: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time++) await what();
}

async function canaries(records: Promise<{ body: { canaryMs: number | null } }[]>): Promise<number[]> {
  return (await records).flatMap(({ body }) => (body.canaryMs === null ? [] : [body.canaryMs]));
}

interface Lanes extends AsyncDisposable {
  allow(slots: number): void;
  counts(): typeof NONE;
  /** Resolves when exactly as many UNLOADs run as are allowed. */
  settled(): Promise<void>;
}

/** So many UNLOADs of one chunk are held in the source by the fault plan, each with a prefix of its own. */
async function lanesOf({ session, ref }: SmallTable): Promise<Lanes> {
  const { faults } = world.clouds;
  const { source, stage } = session.clouds;
  const plan = must(await session.ledger.readPlan(ref.tableId, ref.generation), 'plan');
  const running = new Map<number, Promise<void>>();
  let allowed = 0;
  let sent = 0;
  const unload = async () => {
    const name = `lane-${++sent}`;
    const { statementId } = await source.submitUnload({
      ...{ plan, predicate: { parts: [], cutLine: null }, hashForm: plan.hashForm, level: 'carried', buckets: null },
      ...{ dataUrl: stage.url(`staging/${name}/`), statementName: name, clientToken: name },
    });
    await source.awaitStatement(statementId, new AbortController().signal);
  };
  const lane = async (index: number) => {
    while (index < allowed) await unload();
    running.delete(index);
  };
  return {
    allow(slots) {
      allowed = slots;
      for (let index = 0; index < slots; index++) if (!running.has(index)) running.set(index, lane(index));
    },
    counts: () => ({ ...NONE, active: running.size }),
    async settled() {
      const held = () => eventually('all that were sent are held', async () => faults.hits.length === sent);
      await held();
      if (running.size <= allowed) return;
      const over = [...running].filter(([index]) => index >= allowed).map(([, end]) => end);
      faults.release();
      await Promise.all(over);
      await eventually('the others are back', async () => faults.hits.length === sent && running.size === allowed);
    },
    async [Symbol.asyncDispose]() {
      allowed = 0;
      faults.set([]);
      faults.release();
      await Promise.all(running.values());
    },
  };
}
