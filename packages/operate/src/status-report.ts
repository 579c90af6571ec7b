/** What `status`, `run` and `demo` show: the ledger and the seals turned into numbers and a decision. */
import type { ChunkStage, LimitRow, Steering, TablePlan } from '@lakehaul/core';
import { type Decision, decide, type StopCode, type TableEvidence } from '@lakehaul/gates';
import {
  byTable,
  type CleanUntil,
  judgeWrites,
  type Ledger,
  type LedgerScan,
  latestCleanUntil,
  latestSample,
  newestReceiptMs,
  newestSeal,
  reachMs,
  type Seal,
  sampledMs,
  type TableHalt,
  type TableWrites,
  type WriteLogState,
  withCurrentOids,
} from '@lakehaul/ledger';
import { unacknowledged } from '@lakehaul/planning';
import { type ConfiguredPrices, CostMeter, type CostReport, NO_COST } from './cost/cost-meter.ts';
import type { Forecast } from './forecast/forecast.ts';
import { forecasts } from './forecast/of-ledger.ts';
import { estimateReproof, type ReproofEstimate, sumOfReproofs } from './reproof-estimate.ts';

export interface TableStatus {
  table: string;
  tableId: string;
  level: TablePlan['level'];
  chunks: number;
  stages: Record<ChunkStage, number>;
  /** Chunks whose rows are proven as far as the level promises. */
  done: number;
  repaired: number;
  /** Planned rows and bytes; the bytes of what is done follow from the chunks done. */
  estimatedRows: bigint;
  estimatedBytes: bigint;
  /** Rows under proven chunks; known from the seal. */
  sealedRows: bigint | null;
  seal: Seal | null;
  isSealCurrent: boolean;
  quarantinedChunks: number[];
  /** Why it is stopped; null when it is not. */
  stop: { code: StopCode; reason: string; next: string; since: string } | null;
  /** Where the last generation ends: what lies beyond is not planned yet. */
  openWatermark: string | null;
  generations: number;
  /** Columns whose loss is acknowledged by no plan. */
  unacknowledged: number;
  /** Null while chunks are open. */
  writes: TableWrites | null;
  /** Every proof of the table says what the source held at this time of its clock or later. */
  cleanUntil: string | null;
  /** How long proving the whole table again would take now; null before anything was measured. */
  reproof: ReproofEstimate | null;
  eta: Forecast;
}

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
  cost: CostReport;
  decision: Decision;
}

const NO_STAGES: Record<ChunkStage, number> = {
  planned: 0,
  opened: 0,
  unloaded: 0,
  loaded: 0,
  void: 0,
  counted: 0,
  verified: 0,
  mismatched: 0,
  quarantined: 0,
  accepted: 0,
};
const LISTED_CHUNKS = 100;
const PARALLEL_TABLES = 16;

export interface StatusOptions {
  /** watch.staleAfterMs of the configuration. */
  staleAfterMs: number;
  /** forecast.plannedDate of the configuration. */
  plannedDate?: string | undefined;
  /** Limits of the configuration: what they hold has no ETA. */
  limits?: readonly LimitRow[];
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
}): StatusOptions {
  const { watch, forecast, limits } = config;
  return { staleAfterMs: watch.staleAfterMs, plannedDate: forecast.plannedDate, limits, costs: new CostMeter(config) };
}

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
  const { tables, eta } = forecasts(tablesBefore, { plans, scan, steering, options });
  const writeLog =
    sample === null
      ? null
      : {
          ageMs: (await ledger.serverTimeMs()) - sampledMs(sample),
          staleAfterMs: options.staleAfterMs,
          // No snapshot of a chunk is later than the receipt of its proof.
          isPastNewestProof: reachMs(sample) > newestReceiptMs(scan, plans),
        };
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
    cost: (await options.costs?.measure(ledger, plans, scan)) ?? NO_COST,
    decision: decide({ tables: tables.map(evidenceOf), writeLog, performance: null, queries: null }),
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

async function tableStatus(
  ledger: Ledger,
  plans: readonly TablePlan[],
  scan: LedgerScan,
  known: {
    halts: ReadonlyMap<string, TableHalt>;
    cleans: ReadonlyMap<string, CleanUntil>;
    state: WriteLogState | null;
  },
): Promise<Omit<TableStatus, 'eta'>> {
  const stages = { ...NO_STAGES };
  let repaired = 0;
  let done = 0;
  const quarantinedChunks: number[] = [];
  for (const plan of plans) {
    const summary = scan.summary(plan);
    for (const [stage, chunks] of Object.entries(summary.stages)) stages[stage as ChunkStage] += chunks;
    done += summary.done;
    repaired += summary.repaired;
    if (summary.stages.quarantined > 0)
      quarantinedChunks.push(...scan.find(plan, { stage: 'quarantined' }, 0, LISTED_CHUNKS - quarantinedChunks.length));
  }
  const first = plans[0];
  const newest = first === undefined ? null : await newestSeal(ledger, first.tableId);
  const chunks = plans.reduce((sum, plan) => sum + plan.chunkCount, 0);
  const estimatedBytes = plans.reduce((sum, plan) => sum + BigInt(plan.estimatedBytes), 0n);
  const clean = known.cleans.get(first?.tableId ?? '') ?? null;
  // A generation that the record does not know was read at a time that it does not tell.
  const isKnown = clean !== null && plans.every((plan) => clean.generations.includes(plan.generation));
  const cleanUntil = isKnown ? clean.cleanUntil : null;
  return {
    table: `${first?.source.schema}.${first?.source.table}`,
    tableId: first?.tableId ?? '',
    level: first?.level ?? 'count',
    chunks,
    stages,
    done,
    repaired,
    estimatedRows: plans.reduce((sum, plan) => sum + BigInt(plan.estimatedRows), 0n),
    estimatedBytes,
    sealedRows: newest === null ? null : BigInt(newest.seal.rowCount),
    seal: newest?.seal ?? null,
    isSealCurrent: newest !== null && newest.sealedMs > newestReceiptMs(scan, plans),
    quarantinedChunks,
    stop: stopOf(known.halts.get(first?.tableId ?? '')),
    generations: plans.length,
    unacknowledged: unacknowledgedColumns(plans),
    openWatermark: plans.at(-1)?.watermark ?? null,
    writes:
      first === undefined || done + stages.accepted < chunks
        ? null
        : judgeWrites(known.state, first.source.oid, cleanUntil),
    cleanUntil,
    reproof: estimateReproof(clean, estimatedBytes),
  };
}

/** Columns whose loss no plan of the table has a word for: `plan` refuses them, so somebody else wrote that plan. */
function unacknowledgedColumns(plans: readonly TablePlan[]): number {
  const names = plans.flatMap((plan) => unacknowledged(plan.columns, plan.acknowledgements));
  return new Set(names.map((column) => column.source.name)).size;
}

function stopOf(halt: TableHalt | undefined): TableStatus['stop'] {
  if (halt === undefined || halt.stop === null) return null;
  const { code, reason, next } = halt.stop;
  // A later version may stop for more; what it is called does not make the table less stopped.
  const known = code === 'SYSTEMIC_CAUSE' || code === 'ROW_SECURITY' ? code : 'SCHEMA_DRIFT';
  return { code: known, reason, next, since: new Date(halt.sinceMs).toISOString() };
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
