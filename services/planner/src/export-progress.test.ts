import { createMetrics } from '@lakehaul/runtime';
import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { exportProgress } from './export-progress.ts';

it('every stage is told in every pass, also one that has emptied since; pauses and stops too', async () => {
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(3);
  await ledger.writePlan(plan, rangeChunks(plan));
  const attempt = { ...chunkRef(plan, 0), attempt: 1 };
  await ledger.openAttempt(chunkRef(plan, 0), { attempt: 1, body: BODIES.opened, causedBy: null });
  const scan = ledger.openScan();
  const metrics = createMetrics();
  const pass = async (stopped: string[], held = 0) => {
    world.tick(2);
    await scan.refresh();
    await exportProgress({ ledger, scan, metrics }, [plan], { stopped, held });
    return metrics.text();
  };
  const first = await pass(['SCHEMA_DRIFT']);
  expect(first).toContain('lakehaul_chunks{stage="opened"} 1');
  expect(first).toContain('lakehaul_chunks{stage="planned"} 2');
  expect(first).toContain('lakehaul_tables_stopped{code="SCHEMA_DRIFT"} 1');
  expect(first).toContain('lakehaul_pauses 0');

  await ledger.write(attempt, 'unloaded', BODIES.unloaded, null);
  await ledger.steering.change({
    ...{ change: { action: 'pause', pattern: '*::load' }, who: 'ada', reason: 'test', requestId: 'r1' },
  });
  const second = await pass([], 2);
  expect(second).toContain('lakehaul_chunks_held 2');
  expect(second).toContain('lakehaul_chunks{stage="opened"} 0');
  expect(second).toContain('lakehaul_chunks{stage="unloaded"} 1');
  expect(second).toContain('lakehaul_tables_stopped{code="SCHEMA_DRIFT"} 0');
});

it('the measured speed of UNLOADs is told when it is known, and NaN before; of a slice where slices are known', async () => {
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(3);
  await ledger.writePlan(plan, rangeChunks(plan));
  const scan = ledger.openScan();
  await scan.refresh();
  const metrics = createMetrics();
  const pass = async () => {
    await exportProgress({ ledger, scan, metrics }, [plan], { stopped: [], held: 0 });
    return (await metrics.text()).split('\n').filter((line) => line.startsWith('lakehaul_unload_bytes_per_second'));
  };
  const [rate, slice] = ['lakehaul_unload_bytes_per_second', 'lakehaul_unload_bytes_per_second_per_slice'];
  expect(await pass()).toEqual([`${rate} Nan`, `${slice} Nan`]);
  await ledger.calibration.write({
    ...{ schemaVersion: 1, chunks: 3, atOnce: 2, bytesPerSecond: '1600', stagedBytesPerSecond: '1', samples: [] },
    ...{ fastestBytesPerSecond: '1000', slowestBytesPerSecond: '600' },
    conditions: { kind: 'provisioned', slices: 16, nodes: 4, startSlots: 8 },
  });
  expect(await pass()).toEqual([`${rate} 1600`, `${slice} 100`]);
});
