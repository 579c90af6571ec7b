/** The whole migration's plan: tables selected, refusals gathered, plans written, targets made ready. */
import {
  type DiscoveredTable,
  type NotMoved,
  type Source,
  type Target,
  type TargetTableState,
  targetDifferences,
} from '@lakehaul/adapters';
import { type Clock, LakehaulError, type Log, type TablePlan } from '@lakehaul/core';
import type { CalibrationRecord, Ledger } from '@lakehaul/ledger';
import { chunksTooLarge, hiddenRowsRefusal, unloadTime, unreadablePolicies } from '@lakehaul/operate';
import { selectTables, settingsFor, type TableOverride, type TableSettings, tableIdOf } from '@lakehaul/planning';
import type { Tracing } from '@lakehaul/runtime';
import { sharedTargetRefusals } from './input-refusals.ts';
import { type PlannedTable, planTable } from './plan-table.ts';

export interface MigrationTables {
  include: readonly string[];
  exclude: readonly string[];
  defaults: TableSettings;
  overrides: readonly TableOverride[];
}

export interface PlanDeps {
  ledger: Ledger;
  source: Source;
  target: Target;
  clock: Clock;
  log: Log;
  tracing?: Pick<Tracing, 'pass'>;
  migration: string;
  catalog: string;
  tables: MigrationTables;
  /** statements.sourceTimeoutMs. */
  sourceTimeoutMs: number;
}

export interface MigrationPlan {
  tables: (PlannedTable & {
    existing: TargetTableState | null;
    ddl: string[];
    isNew: boolean;
    /** Of a table that is planned already: what the configuration acknowledges now and its plan does not. */
    acknowledged: string[];
  })[];
  notMoved: NotMoved[];
  /** How fast the source unloads; null before it was measured. */
  calibration: CalibrationRecord | null;
  refusals: LakehaulError[];
}

/** Reads source, target and ledger; changes nothing. What is in the ledger already is kept as it is. */
export async function planMigration(deps: PlanDeps): Promise<MigrationPlan> {
  const catalogue = await deps.source.discover();
  const { selected, missing } = selectTables(catalogue.tables, deps.tables.include, deps.tables.exclude);
  const refusals = missing.map((pattern) => missingTable(pattern, catalogue.notMoved));
  if (selected.length === 0 && refusals.length === 0)
    refusals.push(
      new LakehaulError('TABLE_MISSING', `no table matches ${deps.tables.include.join(', ')}`, {
        where: 'tables.include',
      }),
    );
  const written = new Map((await deps.ledger.readPlans()).map((plan) => [plan.tableId, plan]));
  const tables: MigrationPlan['tables'] = [];
  const calibration = (await deps.ledger.calibration.current())?.body ?? null;
  const unreadable = unreadablePolicies(catalogue.notMoved);
  for (const table of selected) {
    const hidden = hiddenRowsRefusal(table, settingsOf(deps, table), unreadable);
    if (hidden !== null) {
      refusals.push(hidden);
      continue;
    }
    const known = written.get(tableIdOf(table.name.schema, table.name.table));
    const planned = known === undefined ? await planAnew(deps, table) : { plan: known, chunks: () => [], refusals: [] };
    const existing = await deps.target.describe(planned.plan.target);
    const against =
      known === undefined ? targetRefusals(deps, planned.plan, existing) : ownerRefusals(deps, known, existing);
    const plan: TablePlan = known ?? {
      ...planned.plan,
      target: { ...planned.plan.target, adopted: existing !== null && !isOurs(deps, existing) },
    };
    tables.push({
      ...planned,
      plan,
      existing,
      ddl: deps.target.renderPrepare(plan, existing).filter((statement) => isFirst(statement, tables)),
      isNew: known === undefined,
      acknowledged:
        known === undefined ? [] : await deps.ledger.acknowledged.missing(known, settingsOf(deps, table).acknowledge),
      refusals: [...planned.refusals, ...against],
    });
    if (known === undefined) refusals.push(...sizeRefusals(deps, plan, calibration));
    refusals.push(...planned.refusals, ...against);
    deps.log.info('table planned', { tableId: plan.tableId, chunks: plan.chunkCount, isNew: known === undefined });
  }
  const all = new Map([...written.values(), ...tables.map((table) => table.plan)].map((plan) => [plan.tableId, plan]));
  refusals.push(...sharedTargetRefusals([...all.values()]));
  return { tables, notMoved: catalogue.notMoved, calibration, refusals };
}

/** Writes the plans, then makes every target table ready before any load. Safe to repeat after a crash anywhere. */
export async function writeMigrationPlan(deps: PlanDeps, migration: MigrationPlan): Promise<void> {
  const [first] = migration.refusals;
  if (first !== undefined) throw first;
  for (const table of migration.tables) if (table.isNew) await deps.ledger.writePlan(table.plan, table.chunks());
  for (const { plan, acknowledged } of migration.tables)
    if (acknowledged.length > 0) await deps.ledger.acknowledged.append(plan.tableId, acknowledged);
  for (const table of migration.tables) {
    await deps.target.prepare(table.ddl);
    await deps.ledger.writeRecord(`tables/${table.plan.tableId}/prepared`, {
      schemaVersion: 1,
      ddl: table.ddl,
      adopted: table.plan.target.adopted,
    });
  }
  await deps.ledger.writeRecord('not-moved', { schemaVersion: 1, notMoved: migration.notMoved });
}

/** A plan is never changed again: what could not be unloaded as it is cut is not planned. */
function sizeRefusals(deps: PlanDeps, plan: TablePlan, calibration: CalibrationRecord | null): LakehaulError[] {
  if (calibration === null) return [];
  const time = unloadTime(plan, calibration, deps.sourceTimeoutMs);
  if (time.verdict !== 'too-long') return [];
  const { schema, table } = plan.source;
  return [chunksTooLarge(`${schema}.${table}`, time, 'set a smaller chunkBytes, or raise statements.sourceTimeoutMs')];
}

/** Tables share a schema: its CREATE runs once, with the first of them. */
function isFirst(statement: string, earlier: MigrationPlan['tables']): boolean {
  return !earlier.some((table) => table.ddl.includes(statement));
}

function settingsOf(deps: PlanDeps, table: DiscoveredTable): TableSettings {
  return settingsFor(table.name, deps.tables.defaults, deps.tables.overrides);
}

function planAnew(deps: PlanDeps, table: DiscoveredTable): Promise<PlannedTable> {
  const plan = () =>
    planTable(deps.source, {
      migration: deps.migration,
      catalog: deps.catalog,
      table,
      settings: settingsOf(deps, table),
      generation: 1,
      firstChunk: 0,
      from: null,
      watermark: settingsOf(deps, table).watermark ?? null,
      plannedAt: new Date(deps.clock.nowMs()).toISOString(),
    });
  const { schema, table: name } = table.name;
  return deps.tracing === undefined
    ? plan()
    : deps.tracing.pass('plan-table', plan, { table: tableIdOf(schema, name) });
}

function missingTable(pattern: string, notMoved: readonly NotMoved[]): LakehaulError {
  const other = notMoved.find(
    (entry) => entry.name === pattern && ['view', 'materialized-view', 'external-table'].includes(entry.kind),
  );
  return other === undefined
    ? new LakehaulError('TABLE_MISSING', `${pattern} does not exist at the source`, {
        where: `tables.include: ${pattern}`,
      })
    : new LakehaulError('NOT_A_TABLE', `${pattern} is not a table but of kind ${other.kind}`, {
        where: `tables.include: ${pattern}`,
      });
}

function isOurs(deps: PlanDeps, existing: TargetTableState): boolean {
  return existing.properties['lakehaul.migration'] === deps.migration;
}

/** Also of a table that is planned already: the property may have come to belong to somebody else since. */
function ownerRefusals(deps: PlanDeps, plan: TablePlan, existing: TargetTableState | null): LakehaulError[] {
  if (existing === null) return [];
  const where = `${plan.target.catalog}.${plan.target.schema}.${plan.target.table}`;
  const owner = existing.properties['lakehaul.migration'];
  if (owner !== undefined && owner !== deps.migration)
    return [new LakehaulError('TARGET_NOT_OURS', `${where} belongs to migration ${owner}`, { where })];
  if (existing.hasRowFilterOrMask)
    return [new LakehaulError('ROW_FILTER', `${where} has a row filter or column mask`, { where })];
  return [];
}

function targetRefusals(deps: PlanDeps, plan: TablePlan, existing: TargetTableState | null): LakehaulError[] {
  if (existing === null) return [];
  const where = `${plan.target.catalog}.${plan.target.schema}.${plan.target.table}`;
  const refusals = ownerRefusals(deps, plan, existing);
  if (refusals.some((refusal) => refusal.code === 'TARGET_NOT_OURS')) return refusals;
  const owner = existing.properties['lakehaul.migration'];
  if (owner === undefined && !plan.acknowledgements.includes('adopt-target'))
    refusals.push(new LakehaulError('TARGET_NOT_ACKNOWLEDGED', `${where} exists already`, { where }));
  const differences = targetDifferences(plan, existing);
  if (differences.length > 0)
    refusals.push(new LakehaulError('TARGET_INCOMPATIBLE', `${where}: ${differences.join('; ')}`, { where }));
  return refusals;
}
