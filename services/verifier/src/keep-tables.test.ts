import type { Stage, Target } from '@lakehaul/adapters';
import type { Log } from '@lakehaul/core';
import { isSealCurrent, type Ledger } from '@lakehaul/ledger';
import { beforeEach, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { type KeepDeps, keepTables } from './keep-tables.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const plan = tablePlan(2);

let world: LedgerWorld;
let ledger: Ledger;
let deps: KeepDeps;
let scansOfTheTable: number;

beforeEach(async () => {
  world = new LedgerWorld();
  ledger = world.open();
  scansOfTheTable = 0;
  await ledger.writePlan(plan, rangeChunks(plan));
  const target: Partial<Target> = {
    version: async () => '7',
    lineageCounts: async () => {
      scansOfTheTable++;
      return [
        { lineage: 1n, rowCount: '10' },
        { lineage: 65_537n, rowCount: '10' },
      ];
    },
    history: async () => [],
  };
  const stage: Partial<Stage> = { list: async () => [], delete: async () => undefined };
  deps = {
    ledger,
    target: target as Target,
    stage: stage as Stage,
    scan: ledger.openScan(),
    log,
    graceMs: 3_600_000,
    diffSweep: ledger.diffSweep({ keepMs: 3_600_000, log }),
  };
  // Its first pass looks at the diffs, later ones only now and then.
  await deps.diffSweep.runOnce(world.nowMs);
});

async function prove(chunk: number): Promise<void> {
  const ref = { ...chunkRef(plan, chunk), attempt: 1 };
  await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
  await ledger.write(ref, 'verified', BODIES.verified, null);
}

it('seals a table when its last chunk is proven, once, and not in the second of that proof', async () => {
  await prove(0);
  world.tick();
  expect((await keepTables(deps, [plan])).sealed).toBe(0);
  await prove(1);
  expect((await keepTables(deps, [plan])).sealed).toBe(0);
  expect(scansOfTheTable).toBe(0);
  world.tick();
  expect((await keepTables(deps, [plan])).sealed).toBe(1);
  expect(await isSealCurrent(ledger, deps.scan, [plan])).toBe(true);
  world.tick();
  expect((await keepTables(deps, [plan])).sealed).toBe(0);
  expect(scansOfTheTable).toBe(1);
});

it('lists nothing again when the scan was refreshed in this pass', async () => {
  await prove(0);
  const listsOf = async (isScanFresh: boolean) => {
    const before = world.store.calls.get('list') ?? 0;
    await keepTables({ ...deps, isScanFresh }, [plan]);
    return (world.store.calls.get('list') ?? 0) - before;
  };
  expect(await listsOf(false)).toBeGreaterThan(0);
  expect(await listsOf(true)).toBe(0);
});

it('a scan that is behind seals nothing that holds: what was taken back since makes the seal out of date', async () => {
  await prove(0);
  await prove(1);
  world.tick();
  await deps.scan.refresh();
  world.tick();
  await ledger.write({ ...chunkRef(plan, 1), attempt: 1 }, 'mismatched', BODIES.mismatched, null);
  expect((await keepTables({ ...deps, isScanFresh: true }, [plan])).sealed).toBe(1);
  await deps.scan.refresh();
  expect(await isSealCurrent(ledger, deps.scan, [plan])).toBe(false);
});
