export { type FeedDeps, feedQueues } from './feed-queues.ts';
export { Governor, type GovernorDeps } from './govern/governor.ts';
export { openGovernor } from './govern/open-governor.ts';
export { type GuardDeps, TableGuard } from './guard-tables.ts';
export { planDeps } from './plan-deps.ts';
export { type MigrationPlan, type PlanDeps, planMigration, writeMigrationPlan } from './plan-migration.ts';
export { type PlannedTable, planTable } from './plan-table.ts';
export { planTopUp, type TopUpPlan, type TopUpRequest, writeTopUp } from './plan-top-up.ts';
export { PlannerLoop, type PlannerLoopDeps, plannerSettings } from './planner-loop.ts';
export type { SystemicLimits } from './systemic-cause.ts';
export { ensureCleanUntil } from './watch/clean-until.ts';
export { type ProbeResult, probeTable } from './watch/probe-table.ts';
export { provenChunks } from './watch/proven-chunks.ts';
export {
  renderWatch,
  type WatchDeps,
  type WatchedTable,
  type WatchResult,
  watchOnce,
  watchPass,
} from './watch/watch-once.ts';
export { SchemaWatch } from './watch-schema.ts';
