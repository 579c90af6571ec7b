/** One look of the planner at the whole migration: what may go on is let in, what must not is stopped. */
import type { Source, SourceSize, Target } from '@lakehaul/adapters';
import {
  type Clock,
  type ErrorCode,
  type LimitRow,
  type Log,
  NOTHING_STEERED,
  type Steering,
  type TablePlan,
} from '@lakehaul/core';
import type { Ledger, LedgerScan, TableHalt } from '@lakehaul/ledger';
import type { ChunkQueues } from '@lakehaul/queue';
import type { MigrationConfig } from '@lakehaul/runtime';
import { type CalibrationSettings, Calibrator } from './calibrate/calibrator.ts';
import { feedQueues, retractJobs } from './feed-queues.ts';
import { TableGuard } from './guard-tables.ts';
import type { SystemicLimits } from './systemic-cause.ts';
import { SchemaWatch } from './watch-schema.ts';

export interface PlannerLoopDeps {
  ledger: Ledger;
  source: Source & SourceSize;
  target: Target;
  scan: LedgerScan;
  queues: ChunkQueues;
  clock: Clock;
  log: Log;
  windowSize: number;
  limits: readonly LimitRow[];
  systemic: SystemicLimits;
  schemaEveryMs: number;
  calibration: CalibrationSettings;
}

/** What the planner's loop takes of the migration's configuration. */
export function plannerSettings(
  config: Pick<MigrationConfig, 'attempts' | 'drift' | 'calibration' | 'source' | 'statements' | 'throttle'>,
): Pick<PlannerLoopDeps, 'systemic' | 'schemaEveryMs' | 'calibration'> {
  const { systemicChunks, systemicShare, systemicWindow } = config.attempts;
  return {
    systemic: { chunks: systemicChunks, share: systemicShare, window: systemicWindow },
    schemaEveryMs: config.drift.everyMs,
    calibration: {
      ...config.calibration,
      kind: config.source.kind,
      startSlots: config.throttle.startSlots,
      timeoutMs: config.statements.sourceTimeoutMs,
    },
  };
}

/** Why a table can be stopped. */
export const STOP_CODES: readonly ErrorCode[] = ['SYSTEMIC_CAUSE', 'SCHEMA_DRIFT', 'ROW_SECURITY'];

export interface PlannerPass {
  added: number;
  /** Chunks that may still go on; those of stopped tables do not count. */
  open: number;
  /** Those of them whose next step a pause or a limit of 0 holds. */
  held: number;
  waiting: number;
  /** Codes of the tables that are stopped now. */
  stopped: string[];
}

export class PlannerLoop {
  readonly #deps: PlannerLoopDeps;
  readonly #guard: TableGuard;
  readonly #watch: SchemaWatch;
  readonly #calibrator: Calibrator;
  #steering: Steering = NOTHING_STEERED;

  constructor(deps: PlannerLoopDeps) {
    this.#deps = deps;
    this.#guard = new TableGuard({ ...deps, limits: deps.systemic });
    this.#watch = new SchemaWatch({ ...deps, everyMs: deps.schemaEveryMs });
    this.#calibrator = new Calibrator({ ...deps, settings: deps.calibration });
  }

  async runOnce(plans: readonly TablePlan[]): Promise<PlannerPass> {
    const { ledger, scan } = this.#deps;
    // The feeder refreshes the scan; only the first look comes before it, and the first one at a plan that is new.
    const known = new Set(scan.plans().map((table) => `${table.tableId}/${table.generation}`));
    const isNew = plans.some((plan) => !known.has(`${plan.tableId}/${plan.generation}`));
    if (scan.observedMs === 0 || isNew) await scan.refresh();
    let halts = await ledger.stops.all();
    // Before anything is let in: a table that must not be read is not read.
    if ((await this.#watch.runOnce(plans, halts)).length > 0) halts = await ledger.stops.all();
    const steering = await this.#steer(plans);
    const gates = { stopped: stoppedTables(halts), calibrator: this.#calibrator };
    const fed = await feedQueues({ ...this.#deps, ...gates, steering }, plans);
    if ((await this.#guard.runOnce(plans, halts)).length > 0) halts = await ledger.stops.all();
    const codes = [...halts.values()].flatMap((halt) => (halt.stop === null ? [] : [halt.stop.code]));
    return { ...fed, stopped: codes };
  }

  /** What people have set by now; when it differs from the last pass, the queues are brought in line first. */
  async #steer(plans: readonly TablePlan[]): Promise<Steering> {
    const { ledger, log, queues, limits } = this.#deps;
    const before = this.#steering;
    const steering = await ledger.steering.current();
    this.#steering = steering;
    if (steering === before) return steering;
    const isReordered = JSON.stringify(steering.priorities) !== JSON.stringify(before.priorities);
    const retracted = await retractJobs({ queues, limits, steering }, plans, isReordered);
    log.info('steering changed', { pauses: steering.pauses, limits: steering.limits.length, retracted });
    return steering;
  }
}

function stoppedTables(halts: ReadonlyMap<string, TableHalt>): Set<string> {
  return new Set([...halts.values()].filter((halt) => halt.stop !== null).map((halt) => halt.tableId));
}
