export { type FeedDeps, feedQueues } from './feed-queues.ts';
export { type MigrationPlan, type PlanDeps, planMigration, writeMigrationPlan } from './plan-migration.ts';
export { type PlannedTable, planTable } from './plan-table.ts';
