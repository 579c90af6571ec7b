/**
 * The first big table: one UNLOAD alone, then some, then all; the speed is in the ledger, in status, throttle and metrics;
 * what cannot be unloaded in time is not begun. Every row arrives once.
 */
import { must } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { calibrationJson, throttleReport } from '@lakehaul/operate';
import { planDeps, planMigration } from '@lakehaul/planner';
import { openQueueStore } from '@lakehaul/queue';
import { type MigrationConfig, throttleOf } from '@lakehaul/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runFleet } from '../../packages/cli/src/fleet.ts';
import { eventually } from '../support/processes.ts';
import { equalRows, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

const ROWS = 18;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const everyTableIsBig = (config: MigrationConfig): MigrationConfig => ({
  ...config,
  calibration: { minTableBytes: 1n, chunks: 3, withinMs: 600_000 },
});

/** When each chunk's UNLOAD was submitted and had ended, by the clock of the one process that did it. */
async function unloads({ ledger }: Session): Promise<{ submitted: number[]; ended: number[] }> {
  const submitted: number[] = [];
  const ended: number[] = [];
  for (const plan of await ledger.readPlans())
    for (let chunk = 0; chunk < plan.chunkCount; chunk++)
      for (const { stage, at, body } of await ledger.trail({ tableId: plan.tableId, generation: 1, chunk })) {
        if (stage === 'submit' && 'step' in body && body.step === 'unload') submitted.push(Date.parse(at));
        if (stage === 'unloaded') ended.push(Date.parse(at));
      }
  const byTime = (times: number[]) => times.sort((a, b) => a - b);
  return { submitted: byTime(submitted), ended: byTime(ended) };
}

it('one UNLOAD runs alone, the speed is told everywhere, and all rows arrive', async () => {
  const table = await smallTable(world, {
    ...{ rows: ROWS, defaults: { level: 'carried', chunkBytes: '100B' }, change: everyTableIsBig },
  });
  const { session, name } = table;
  const store = await openQueueStore({ kind: 'auto', path: process.env['PATH'] ?? '' }, { log: session.log });
  const report = await runFleet({
    ...{ session, store, signal: new AbortController().signal, tickMs: 100, onProgress: () => undefined },
  }).finally(() => store.stop());

  expect(report.decision.evidence).toBe('PASS');
  expect(await world.judge({ schema: 'f', table: name })).toEqual(equalRows(ROWS));
  const { submitted, ended } = await unloads(session);
  expect(submitted.length).toBeGreaterThan(6);
  expect(submitted[1]).toBeGreaterThanOrEqual(must(ended[0], 'the end of the first UNLOAD'));
  // Two more at most until three were measured.
  expect(submitted[3]).toBeGreaterThanOrEqual(must(ended[2], 'the end of the third UNLOAD'));

  const record = must(await session.ledger.calibration.current(), 'the calibration').body;
  expect(record).toMatchObject({ chunks: 3, conditions: { kind: 'provisioned', slices: 4, nodes: 2 } });
  expect(report.calibration).toEqual(record);
  const { throttle } = session.config;
  const told = await throttleReport(session.ledger, throttleOf(throttle), { nowMs: Date.now(), history: 0 });
  expect(told.calibration).toEqual(calibrationJson(record));
});

it('a table whose UNLOADs cannot end in time is not begun, and a new one is not planned', async () => {
  const slow = (config: MigrationConfig): MigrationConfig => ({
    ...everyTableIsBig(config),
    statements: { ...config.statements, sourceTimeoutMs: 60_000 },
  });
  const table = await smallTable(world, {
    rows: ROWS,
    defaults: { level: 'carried', chunkBytes: '100B' },
    change: slow,
  });
  const { session } = table;
  // As a cluster would be measured that needs an hour for each byte.
  await session.ledger.calibration.write({
    ...{ schemaVersion: 1, chunks: 3, atOnce: 1, bytesPerSecond: '1', stagedBytesPerSecond: '1', samples: [] },
    ...{ fastestBytesPerSecond: '1', slowestBytesPerSecond: '1' },
    conditions: { kind: 'provisioned', slices: 4, nodes: 2, startSlots: 8 },
  });
  const store = await openQueueStore({ kind: 'auto', path: process.env['PATH'] ?? '' }, { log: session.log });
  const stopping = new AbortController();
  const reasons: (string | null)[] = [];
  const fleet = runFleet({
    ...{ session, store, signal: stopping.signal, tickMs: 50 },
    onProgress: (status) => void reasons.push(status.eta.reason),
  });
  await eventually('the fleet looked a few times', async () => reasons.length > 4);
  stopping.abort();
  await fleet.finally(() => store.stop());
  expect(reasons.at(-1)).toMatch(/^CHUNKS_TOO_LARGE f\.t\d+: one UNLOAD takes .* h at the measured speed/);
  expect((await unloads(session)).submitted).toEqual([]);

  await world.redshift.run('CREATE TABLE "f"."other" (id integer) SORTKEY (id)');
  await world.redshift.run(
    `INSERT INTO "f"."other" VALUES ${Array.from({ length: 200 }, (_, id) => `(${id})`).join(',')}`,
  );
  const deps = planDeps(session);
  const planned = await planMigration({ ...deps, tables: { ...deps.tables, include: ['f.other'] } });
  expect(planned.refusals.map(({ code, next }) => [code, next])).toEqual([
    ['CHUNKS_TOO_LARGE', 'set a smaller chunkBytes, or raise statements.sourceTimeoutMs'],
  ]);
});
