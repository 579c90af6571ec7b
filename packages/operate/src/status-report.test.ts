import { latestCleanUntil } from '@lakehaul/ledger';
import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { statusReport } from './status-report.ts';

const CLEAN = { schemaVersion: 1, generations: [1], chunks: 1, bytes: '1', durationMs: 1 };

it('a table that a probe called clean is judged together with the chunks that the probe opened before that', async () => {
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(1);
  await ledger.writePlan(plan, rangeChunks(plan));
  const ref = { ...chunkRef(plan, 0), attempt: 1 };
  await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
  for (const stage of ['unloaded', 'loaded', 'verified'] as const) await ledger.write(ref, stage, BODIES[stage], null);
  world.tick();
  const scan = ledger.openScan();
  await scan.refresh();
  expect((await statusReport(ledger, [plan], scan)).tables).toMatchObject([{ done: 1, cleanUntil: null }]);
  // Another process, in the very second of the scan: S3 cannot tell which came first.
  const body = { ...BODIES.opened, cause: 'late-rows' as const, observedAt: world.nowText };
  await ledger.openAttempt(ref, { attempt: 2, body, causedBy: null });
  const cleanUntil = '2026-01-01 10:00:00.000000';
  await ledger.appendRecord(`tables/${plan.tableId}/clean-until`, { ...CLEAN, cleanUntil, how: 'probe' });
  expect(await latestCleanUntil(ledger, plan.tableId)).not.toBeNull();
  expect((await statusReport(ledger, [plan], scan)).tables).toMatchObject([{ done: 0, cleanUntil, writes: null }]);
});

it('a report tells what the throttle decided last, as long as somebody governs', async () => {
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(1);
  await ledger.writePlan(plan, rangeChunks(plan));
  const scan = ledger.openScan();
  await scan.refresh();
  const throttle = async () => (await statusReport(ledger, [plan], scan)).throttle;
  expect(await throttle()).toBeNull();
  await ledger.throttle.append({
    ...{ schemaVersion: 1, change: 'fall', slots: 2, before: 4, reason: 'canary: slow', winner: 'canary' },
    ...{ running: 4, canaryMs: 900, checks: [], memory: { stoppedBy: null, beforeStop: 0, hurtAt: 4 } },
  });
  expect(await throttle()).toEqual({ slots: 2, winner: 'canary', reason: 'canary: slow' });
  world.tick(301);
  expect(await throttle()).toBeNull();
});
