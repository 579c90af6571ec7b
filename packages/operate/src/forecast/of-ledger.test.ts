import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../../test/support/ledger-world.ts';
import { statusReport } from '../status-report.ts';

const STALE = { staleAfterMs: 60_000 };

it('a report forecasts from the ledger’s own times, not while anything is paused or limited to 0, and against the planned date', async () => {
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(40);
  await ledger.writePlan(plan, rangeChunks(plan));
  const scan = ledger.openScan();
  const prove = async (from: number, to: number) => {
    for (let chunk = from; chunk < to; chunk++) {
      const ref = { ...chunkRef(plan, chunk), attempt: 1 };
      await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
      for (const stage of ['unloaded', 'loaded', 'verified'] as const)
        await ledger.write(ref, stage, BODIES[stage], null);
      world.tick(10);
    }
    await scan.refresh();
  };
  const look = (options: Partial<Parameters<typeof statusReport>[3]> = {}) =>
    statusReport(ledger, [plan], scan, { ...STALE, ...options });

  await prove(0, 5);
  expect((await look()).eta).toMatchObject({ state: 'unknown', p50Ms: null, p90Ms: null });
  await prove(5, 20);
  const { eta, tables } = await look();
  expect(eta).toMatchObject({ state: 'forecast', leftBytes: BigInt(plan.estimatedBytes) / 2n, plannedMs: null });
  // A chunk in ten seconds, twenty of them left; whole seconds, and ticks beside the ten.
  const leftSeconds = ((eta.p90Ms ?? 0) - eta.nowMs) / 1000;
  expect(leftSeconds).toBeGreaterThanOrEqual(190);
  expect(leftSeconds).toBeLessThanOrEqual(260);
  expect(tables[0]?.eta).toEqual(eta);

  // What a person must see to first is not among what is left.
  const bad = { ...chunkRef(plan, 39), attempt: 1 };
  await ledger.openAttempt(bad, { attempt: 1, body: BODIES.opened, causedBy: null });
  await ledger.write(bad, 'quarantined', BODIES.quarantined, null);
  await scan.refresh();
  expect((await look()).eta.leftBytes).toBe((BigInt(plan.estimatedBytes) * 19n) / 40n);

  const beside = new Date((eta.p90Ms ?? 0) - 60_000).toISOString();
  expect((await look({ plannedDate: beside })).eta).toMatchObject({ isLate: true });
  const limits = [{ pattern: '*::load', max: 0 }];
  expect((await look({ limits })).eta).toMatchObject({ state: 'held', reason: '*::load is paused or limited to 0' });
  await ledger.steering.change({
    ...{ change: { action: 'pause', pattern: '*::unload' }, who: 'ada', reason: 'month end', requestId: 'r1' },
  });
  expect((await look()).eta).toMatchObject({
    state: 'held',
    reason: '*::unload is paused or limited to 0',
    p50Ms: null,
  });
  await prove(20, 39);
  expect((await look()).eta).toMatchObject({ state: 'held', reason: 'what is left waits for a person' });
});
