/** The forecasts of a report: what each table has proven when, what is left of it, and what holds it. */
import { heldBy, type LimitRow, limitRows, STEPS, type Steering, type TablePlan } from '@lakehaul/core';
import type { CalibrationRecord, LedgerScan } from '@lakehaul/ledger';
import { chunksTooLarge, unloadTime } from '../calibration.ts';
import type { TableStatus } from '../table-status.ts';
import { type Forecast, type ForecastTable, forecast } from './forecast.ts';

export interface ForecastOptions {
  /** forecast.plannedDate of the configuration. */
  plannedDate?: string | undefined;
  /** Limits of the configuration: what they hold has no ETA. */
  limits?: readonly LimitRow[];
  /** statements.sourceTimeoutMs: a table whose UNLOADs cannot end within it is held. */
  sourceTimeoutMs?: number;
}

interface Known {
  plans: readonly TablePlan[];
  scan: LedgerScan;
  steering: Steering;
  options: ForecastOptions;
  calibration: CalibrationRecord | null;
}

export function forecasts(
  tables: readonly Omit<TableStatus, 'eta'>[],
  { plans, scan, steering, options, calibration }: Known,
): { tables: TableStatus[]; eta: Forecast } {
  const { plannedDate } = options;
  const times = {
    nowMs: scan.observedMs,
    plannedMs: plannedDate === undefined ? null : Date.parse(plannedDate),
    calibratedBytesPerSecond: calibration === null ? null : Number(calibration.bytesPerSecond),
  };
  const tooLarge = tooLargeTables(plans, calibration, options.sourceTimeoutMs);
  const limits = limitRows(options.limits ?? [], steering);
  const seconds = new Map<string, Uint32Array[]>();
  for (const plan of plans) {
    const list = seconds.get(plan.tableId) ?? [];
    list.push(scan.provenSeconds(plan));
    seconds.set(plan.tableId, list);
  }
  const inputs = tables.map((table): ForecastTable => {
    const { accepted, quarantined } = table.stages;
    const leftChunks = Math.max(0, table.chunks - table.done - accepted - quarantined);
    return {
      table: table.table,
      proofs: {
        seconds: seconds.get(table.tableId) ?? [],
        bytesPerChunk: table.chunks === 0 ? 0 : Number(table.estimatedBytes) / table.chunks,
      },
      leftBytes: table.chunks === 0 ? 0n : (table.estimatedBytes * BigInt(leftChunks)) / BigInt(table.chunks),
      leftChunks,
      waitingChunks: quarantined,
      heldBy: holdOf(table, limits) ?? tooLarge.get(table.tableId) ?? null,
    };
  });
  return {
    tables: tables.map((table, index) => ({ ...table, eta: forecast(inputs.slice(index, index + 1), times) })),
    eta: forecast(inputs, times),
  };
}

/** Why a table is held for its chunks' size, by table id; the planner lets in none of them. */
function tooLargeTables(
  plans: readonly TablePlan[],
  calibration: CalibrationRecord | null,
  timeoutMs: number | undefined,
): Map<string, string> {
  const found = new Map<string, string>();
  if (calibration === null || timeoutMs === undefined) return found;
  for (const plan of plans) {
    const time = unloadTime(plan, calibration, timeoutMs);
    if (time.verdict !== 'too-long') continue;
    const { code, message } = chunksTooLarge(`${plan.source.schema}.${plan.source.table}`, time);
    found.set(plan.tableId, `${code} ${message}`);
  }
  return found;
}

function holdOf(table: Pick<TableStatus, 'table' | 'stop'>, limits: ReturnType<typeof limitRows>): string | null {
  if (table.stop !== null) return `${table.table} is stopped`;
  for (const step of STEPS) {
    const row = heldBy(limits, table.table, step);
    if (row !== null) return `${row.pattern} is paused or limited to 0`;
  }
  return null;
}
