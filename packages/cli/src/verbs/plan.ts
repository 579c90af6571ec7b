import { LakehaulError, sourceTypeText, targetTypeText } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { calibrationJson, findPlans } from '@lakehaul/operate';
import {
  type MigrationPlan,
  planDeps,
  planMigration,
  planTopUp,
  type TopUpPlan,
  writeMigrationPlan,
  writeTopUp,
} from '@lakehaul/planner';
import { printJson } from '../json/common.ts';
import { PLAN_JSON, TOP_UP_JSON } from '../json/plan.ts';
import { planText } from '../print/plan.ts';
import { problemJson, problemText } from '../print/problem.ts';
import { counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';

export const plan: Verb = {
  name: 'plan',
  operands: '[TABLE]',
  summary: 'cut the tables into chunks and write the plan',
  example: 'lakehaul plan --dry-run',
  details: [
    'A table with a watermark (tables.overrides) is planned up to it. --top-up adds the next generation of TABLE, or of',
    'every table that ends at a watermark: rows of [watermark, W), or with --final everything from the watermark on.',
  ],
  flags: [
    ...COMMON_FLAGS,
    { name: 'top-up', doc: 'plan the next generation instead' },
    { name: 'until', value: 'W', doc: 'with --top-up: value of the key at which it ends' },
    { name: 'final', doc: 'with --top-up: it ends nowhere, and no other can follow' },
    { name: 'dry-run', doc: 'print the plan and the target DDL; write nothing' },
  ],
  json: [
    { command: 'plan', says: 'Every table’s plan, what is not moved, and what stands against it.', shape: PLAN_JSON },
    { command: 'plan --top-up', says: 'The next generation of each table.', shape: TOP_UP_JSON },
  ],
  async run(call) {
    if (call.flags['top-up'] !== true) refuseStray(call);
    await using session = await openSession(call);
    const deps = planDeps(session);
    // Before anything is written: a stage that cannot be used would be found only by the first UNLOAD.
    await session.clouds.stage.check();
    const isDryRun = call.flags['dry-run'] === true;
    if (call.flags['top-up'] === true) return topUp(call, session, isDryRun);
    const migration = await planMigration(deps);
    if (migration.refusals.length === 0 && !isDryRun) await writeMigrationPlan(deps, migration);
    if (call.flags['json'] === true) printJson(call.terminal, PLAN_JSON, planJson(migration, isDryRun));
    else {
      const timeoutMs = session.config.statements.sourceTimeoutMs;
      call.terminal.out(planText(migration, { width: call.terminal.columns, isDryRun, timeoutMs }));
      for (const refusal of migration.refusals) call.terminal.talk(problemText(call.terminal, refusal));
      if (migration.refusals.length > 0)
        call.terminal.talk(`nothing was changed: ${migration.refusals.length} refusals above`);
    }
    return migration.refusals.length === 0 ? EXIT.done : EXIT.refused;
  },
};

/** Flags that mean nothing without --top-up are a mistake, not a wish. */
function refuseStray(call: VerbCall): void {
  const [operand] = call.operands;
  const stray = ['until', 'final'].find((name) => call.flags[name] !== undefined) ?? operand;
  if (stray !== undefined)
    throw new LakehaulError('USAGE', `"${stray}" goes with --top-up only`, {
      next: 'lakehaul plan --top-up --until W',
    });
}

async function topUp(call: VerbCall, session: Session, isDryRun: boolean): Promise<number> {
  const until = call.flags['until'];
  const isFinal = call.flags['final'] === true;
  if ((until === undefined) !== isFinal)
    throw new LakehaulError('USAGE', 'a top-up needs --until W or --final', {
      next: 'lakehaul plan --top-up --until W --dry-run',
    });
  const [name] = call.operands;
  const plans = await session.ledger.readPlans();
  const tableIds = name === undefined ? null : new Set(findPlans(plans, name).map((each) => each.tableId));
  const deps = planDeps(session);
  const planned = await planTopUp(deps, { tableIds, until: isFinal ? null : String(until) });
  if (planned.refusals.length === 0 && !isDryRun) await writeTopUp(deps, planned);
  if (call.flags['json'] === true) printJson(call.terminal, TOP_UP_JSON, topUpJson(planned, isDryRun));
  else {
    for (const { plan: table } of planned.tables)
      call.terminal.out(
        `${table.source.schema}.${table.source.table}: generation ${table.generation} from ${table.from ?? 'the start'} to ${table.watermark ?? 'the end'}, ${counted(table.estimatedRows, 'row')} in ${counted(table.chunkCount, 'chunk')}`,
      );
    for (const refusal of planned.refusals) call.terminal.talk(problemText(call.terminal, refusal));
    if (planned.refusals.length > 0) call.terminal.talk('nothing was changed');
    else call.terminal.out(isDryRun ? 'dry run: nothing was written' : 'next: lakehaul run');
  }
  return planned.refusals.length === 0 ? EXIT.done : EXIT.refused;
}

export function topUpJson(planned: TopUpPlan, isDryRun: boolean) {
  return {
    isDryRun,
    tables: planned.tables.map(({ plan: table }) => ({
      table: `${table.source.schema}.${table.source.table}`,
      tableId: table.tableId,
      generation: table.generation,
      from: table.from ?? null,
      watermark: table.watermark,
      firstChunk: table.firstChunk,
      chunks: table.chunkCount,
      rows: table.estimatedRows,
      bytes: table.estimatedBytes,
    })),
    refusals: planned.refusals.map(problemJson),
  };
}

export function planJson(migration: MigrationPlan, isDryRun: boolean) {
  return {
    isDryRun,
    tables: migration.tables.map(({ plan: table, ddl, isNew, acknowledged }) => ({
      table: `${table.source.schema}.${table.source.table}`,
      tableId: table.tableId,
      target: table.target,
      isNew,
      acknowledged,
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
    calibration: calibrationJson(migration.calibration),
    refusals: migration.refusals.map(problemJson),
  };
}
