/** Whole-fleet numbers: exported by the planner and by nobody else, so that adding up over pods stays right. */
import { JOURNEY, type TablePlan } from '@lakehaul/core';
import { type CalibrationRecord, type Ledger, type LedgerScan, STEERING_AGE_MS } from '@lakehaul/ledger';
import { perSlice } from '@lakehaul/operate';
import type { Metrics } from '@lakehaul/runtime';
import { type PlannerPass, STOP_CODES } from './planner-loop.ts';

export async function exportProgress(
  deps: { ledger: Ledger; scan: LedgerScan; metrics: Pick<Metrics, 'set'> },
  plans: readonly Pick<TablePlan, 'tableId'>[],
  pass: Pick<PlannerPass, 'stopped' | 'held'>,
): Promise<void> {
  const { ledger, scan, metrics } = deps;
  const chunks = new Map<string, number>();
  for (const tableId of new Set(plans.map((plan) => plan.tableId)))
    for (const [stage, count] of scan.counts(tableId)) chunks.set(stage, (chunks.get(stage) ?? 0) + count);
  // Every stage, also an emptied one: a gauge that is not set again keeps its last value.
  for (const { stage } of JOURNEY) metrics.set('lakehaul_chunks', { stage }, chunks.get(stage) ?? 0);
  for (const code of STOP_CODES)
    metrics.set('lakehaul_tables_stopped', { code }, pass.stopped.filter((each) => each === code).length);
  metrics.set('lakehaul_chunks_held', {}, pass.held);
  exportCalibration(ledger.calibration.known, metrics);
  metrics.set('lakehaul_pauses', {}, (await ledger.steering.current(STEERING_AGE_MS)).pauses.length);
  metrics.set('lakehaul_staged_bytes', {}, Number(await scan.stagedBytes()));
}

function exportCalibration(record: CalibrationRecord | null, metrics: Pick<Metrics, 'set'>): void {
  // NaN compares with nothing: a rate that nobody measured is not a slow one.
  metrics.set('lakehaul_unload_bytes_per_second', {}, Number(record?.bytesPerSecond ?? Number.NaN));
  const slice = record === null ? null : perSlice(record);
  metrics.set('lakehaul_unload_bytes_per_second_per_slice', {}, slice ?? Number.NaN);
}
