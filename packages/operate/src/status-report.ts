/** What `status`, `run` and `demo` show: the ledger and the seals turned into numbers and a decision. */
import type { LimitRow, Steering, TablePlan } from '@lakehaul/core';
import { type Decision, decide, type Signals, type TableEvidence } from '@lakehaul/gates';
import {
  byTable,
  type CalibrationRecord,
  type CleanUntil,
  type Ledger,
  type LedgerScan,
  latestCleanUntil,
  latestSample,
  newestReceiptMs,
  reachMs,
  sampledMs,
  withCurrentOids,
} from '@lakehaul/ledger';
import { type ConfiguredPrices, CostMeter, type CostReport, NO_COST } from './cost/cost-meter.ts';
import type { Forecast } from './forecast/forecast.ts';
import { type ForecastOptions, forecasts } from './forecast/of-ledger.ts';
import { type ReproofEstimate, sumOfReproofs } from './reproof-estimate.ts';
import { type TableStatus, tableStatus } from './table-status.ts';
import { type ThrottleNow, throttleNow } from './throttle-report.ts';

export interface StatusReport {
  migration: string;
  tables: TableStatus[];
  stagedBytes: bigint;
  /** Pauses, limits and priorities that people set since the configuration was read. */
  steering: Steering;
  chunks: number;
  done: number;
  /** The source's history is known up to this time of its clock; null when it was never looked at. */
  writesKnownUntil: string | null;
  reproof: ReproofEstimate | null;
  eta: Forecast;
  /** How fast the source unloads; null before it was measured. */
  calibration: CalibrationRecord | null;
  cost: CostReport;
  /** How many UNLOADs may run at once, and why not more; null while nobody governs. */
  throttle: ThrottleNow | null;
  /** What the decision was made of. */
  signals: Signals;
  decision: Decision;
}

const PARALLEL_TABLES = 16;

export interface StatusOptions extends ForecastOptions {
  /** watch.staleAfterMs of the configuration. */
  staleAfterMs: number;
  /** calibration.minTableBytes: a record is looked for only where there is such a table. */
  calibratedFromBytes?: bigint;
  /** Keep it from look to look: it reads each receipt once. Without it nothing is counted. */
  costs?: CostMeter;
}

/** What the configuration says about a report: once for all looks of a process. */
export function statusOptions(config: {
  watch: { staleAfterMs: number };
  forecast: { plannedDate?: string };
  limits: readonly LimitRow[];
  prices: ConfiguredPrices;
  staging: { graceMs: number };
  statements: { sourceTimeoutMs: number };
  calibration: { minTableBytes: bigint };
}): StatusOptions {
  const { watch, forecast, limits, statements, calibration } = config;
  return {
    ...{ staleAfterMs: watch.staleAfterMs, plannedDate: forecast.plannedDate, limits, costs: new CostMeter(config) },
    ...{ sourceTimeoutMs: statements.sourceTimeoutMs, calibratedFromBytes: calibration.minTableBytes },
  };
}

/** More bytes than any table has. */
const NEVER = 1n << 80n;
const DEFAULTS: StatusOptions = { staleAfterMs: 30 * 60_000 };

export async function statusReport(
  ledger: Ledger,
  plans: readonly TablePlan[],
  scan: LedgerScan,
  options: StatusOptions = DEFAULTS,
): Promise<StatusReport> {
  const halts = await ledger.stops.all();
  const sample = await latestSample(ledger);
  const cleans = await cleanRecords(ledger, plans, scan);
  const known = { halts, cleans, state: sample?.body.state ?? null };
  const steering = await ledger.steering.current();
  const tablesBefore = await sideBySide(byTable(await withCurrentOids(ledger.schemas, plans)), (generations) =>
    tableStatus(ledger, generations, scan, known),
  );
  const isBig = tablesBefore.some(({ estimatedBytes }) => estimatedBytes >= (options.calibratedFromBytes ?? NEVER));
  const calibration = isBig ? ((await ledger.calibration.current())?.body ?? null) : null;
  const { tables, eta } = forecasts(tablesBefore, { plans, scan, steering, options, calibration });
  const writeLog =
    sample === null
      ? null
      : {
          ageMs: (await ledger.serverTimeMs()) - sampledMs(sample),
          staleAfterMs: options.staleAfterMs,
          // No snapshot of a chunk is later than the receipt of its proof.
          isPastNewestProof: reachMs(sample) > newestReceiptMs(scan, plans),
        };
  const signals = { tables: tables.map(evidenceOf), writeLog, performance: null, queries: null };
  return {
    migration: ledger.migration,
    tables,
    stagedBytes: await scan.stagedBytes(),
    steering,
    chunks: tables.reduce((sum, table) => sum + table.chunks, 0),
    done: tables.reduce((sum, table) => sum + table.done, 0),
    writesKnownUntil: sample?.body.to ?? null,
    reproof: sumOfReproofs(tables.map((table) => table.reproof)),
    eta,
    calibration,
    throttle: await throttleNow(ledger),
    cost: (await options.costs?.measure(ledger, plans, scan)) ?? NO_COST,
    signals,
    decision: decide(signals),
  };
}

/**
 * A probe opens what differs and only then calls the table clean: such a record counts only together with what was opened
 * before it, so a scan that is not newer looks again.
 */
async function cleanRecords(
  ledger: Ledger,
  plans: readonly TablePlan[],
  scan: LedgerScan,
): Promise<ReadonlyMap<string, CleanUntil>> {
  const cleans = new Map<string, CleanUntil>();
  let newestMs = Number.NEGATIVE_INFINITY;
  const tableIds = [...new Set(plans.map((plan) => plan.tableId))];
  const records = await sideBySide(tableIds, (tableId) => latestCleanUntil(ledger, tableId));
  for (const [index, record] of records.entries()) {
    if (record === null) continue;
    cleans.set(tableIds[index] ?? '', record.body);
    newestMs = Math.max(newestMs, record.lastModifiedMs);
  }
  if (newestMs >= scan.observedMs) await scan.refresh();
  return cleans;
}

/** Thousands of tables cost a LIST and a GET each: some at a time, the answers in the order of the items. */
async function sideBySide<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let start = 0; start < items.length; start += PARALLEL_TABLES)
    answers.push(...(await Promise.all(items.slice(start, start + PARALLEL_TABLES).map(ask))));
  return answers;
}

function evidenceOf(table: TableStatus): TableEvidence {
  return {
    table: table.table,
    tableId: table.tableId,
    chunks: table.chunks,
    done: table.done,
    mismatched: table.stages.mismatched,
    quarantined: table.stages.quarantined,
    accepted: table.stages.accepted,
    stop: table.stop,
    unacknowledged: table.unacknowledged,
    seal:
      table.seal === null
        ? null
        : {
            isSealed: table.seal.isSealed,
            isCurrent: table.isSealCurrent,
            faultCount: table.seal.faultCount,
            firstFault: table.seal.faults[0]?.message ?? '',
          },
    openWatermark: table.openWatermark,
    writes:
      table.writes === null
        ? null
        : {
            kind: table.writes.kind,
            detail: table.writes.kind === 'unwritten' ? '' : table.writes.detail,
            isProbeable: table.level !== 'count',
          },
  };
}
