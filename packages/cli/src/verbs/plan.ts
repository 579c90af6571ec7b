import { sourceTypeText, targetTypeText } from '@lakehaul/core';
import { type MigrationPlan, planMigration, writeMigrationPlan } from '@lakehaul/planner';
import { printJson } from '../json/common.ts';
import { PLAN_JSON } from '../json/plan.ts';
import { planDeps } from '../planning-deps.ts';
import { planText } from '../print/plan.ts';
import { problemJson, problemText } from '../print/problem.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const plan: Verb = {
  name: 'plan',
  operands: '',
  summary: 'cut the tables into chunks and write the plan',
  example: 'lakehaul plan --dry-run',
  flags: [...COMMON_FLAGS, { name: 'dry-run', doc: 'print the plan and the target DDL; write nothing' }],
  json: [
    { command: 'plan', says: 'Every table’s plan, what is not moved, and what stands against it.', shape: PLAN_JSON },
  ],
  async run(call) {
    await using session = await openSession(call);
    const deps = planDeps(session);
    // Before anything is written: a stage that cannot be used would be found only by the first UNLOAD.
    await session.clouds.stage.check();
    const migration = await planMigration(deps);
    const isDryRun = call.flags['dry-run'] === true;
    if (migration.refusals.length === 0 && !isDryRun) await writeMigrationPlan(deps, migration);
    if (call.flags['json'] === true) printJson(call.terminal, PLAN_JSON, planJson(migration, isDryRun));
    else {
      call.terminal.out(planText(migration, call.terminal.columns, isDryRun));
      for (const refusal of migration.refusals) call.terminal.talk(problemText(call.terminal, refusal));
      if (migration.refusals.length > 0)
        call.terminal.talk(`nothing was changed: ${migration.refusals.length} refusals above`);
    }
    return migration.refusals.length === 0 ? EXIT.done : EXIT.refused;
  },
};

export function planJson(migration: MigrationPlan, isDryRun: boolean) {
  return {
    isDryRun,
    tables: migration.tables.map(({ plan: table, ddl, isNew }) => ({
      table: `${table.source.schema}.${table.source.table}`,
      tableId: table.tableId,
      target: table.target,
      isNew,
      rows: table.estimatedRows,
      bytes: table.estimatedBytes,
      chunks: table.chunkCount,
      key: [...table.keyColumns],
      keyReason: table.keyReason,
      cutLine: table.cutLine,
      level: table.level,
      scanAmplification: table.scanAmplification,
      columns: table.columns.map((column) => ({
        name: column.source.name,
        source: sourceTypeText(column.source.type),
        target: targetTypeText(column.target.type),
        loss: column.loss,
        reason: column.lossReason,
        excluded: column.excluded,
      })),
      ddl,
    })),
    notMoved: migration.notMoved,
    refusals: migration.refusals.map(problemJson),
  };
}
