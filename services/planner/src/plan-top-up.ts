/**
 * The next generation of a table: [W1, W2) of its key, or everything from W1 on. Chunk numbers go on, so that a lineage
 * value names one chunk of all generations; what was planned before stays as it is.
 */
import type { DiscoveredTable } from '@lakehaul/adapters';
import { LakehaulError, type TablePlan } from '@lakehaul/core';
import { settingsFor } from '@lakehaul/planning';
import type { PlanDeps } from './plan-migration.ts';
import { type PlannedTable, planTable } from './plan-table.ts';

export interface TopUpRequest {
  /** Null: every table whose last generation ends at a watermark. */
  tableIds: ReadonlySet<string> | null;
  /** Null closes the table: no top-up can follow. */
  until: string | null;
}

export interface TopUpPlan {
  tables: PlannedTable[];
  refusals: LakehaulError[];
}

/** Reads source and ledger; changes nothing. */
export async function planTopUp(deps: PlanDeps, request: TopUpRequest): Promise<TopUpPlan> {
  const newest = new Map((await deps.ledger.readPlans()).map((plan) => [plan.tableId, plan]));
  const wanted = [...newest.values()].filter((plan) =>
    request.tableIds === null ? plan.watermark !== null : request.tableIds.has(plan.tableId),
  );
  if (wanted.length === 0)
    throw new LakehaulError('GENERATION_CLOSED', 'no table ends at a watermark: there is nothing to top up', {
      where: 'tables.overrides',
    });
  const catalogue = await deps.source.discover();
  const tables: PlannedTable[] = [];
  const refusals: LakehaulError[] = [];
  for (const last of wanted) {
    const refusal = refusalOf(last, catalogue.tables);
    if (refusal instanceof LakehaulError) {
      refusals.push(refusal);
      continue;
    }
    const planned = await planNext(deps, last, refusal, request.until);
    tables.push(planned);
    refusals.push(...planned.refusals);
  }
  return { tables, refusals };
}

/** Safe to repeat: a generation that is there already is kept. */
export async function writeTopUp(deps: PlanDeps, topUp: TopUpPlan): Promise<void> {
  const [first] = topUp.refusals;
  if (first !== undefined) throw first;
  for (const { plan, chunks } of topUp.tables) await deps.ledger.writePlan(plan, chunks());
}

function refusalOf(last: TablePlan, tables: readonly DiscoveredTable[]): LakehaulError | DiscoveredTable {
  const where = `${last.source.schema}.${last.source.table}`;
  if (last.watermark === null)
    return new LakehaulError('GENERATION_CLOSED', `${where}: generation ${last.generation} has no end to go on from`, {
      where,
    });
  const found = tables.find(
    (table) => table.name.schema === last.source.schema && table.name.table === last.source.table,
  );
  if (found === undefined)
    return new LakehaulError('TABLE_MISSING', `${where} does not exist at the source any more`, { where });
  // All generations are hashed and proven by the same columns: a table that changed is another matter than a top-up.
  if (found.columnListHash !== last.source.columnListHash)
    return new LakehaulError('SOURCE_SCHEMA_CHANGED', `${where} is not the table that was planned`, { where });
  return found;
}

async function planNext(
  deps: PlanDeps,
  last: TablePlan,
  table: DiscoveredTable,
  until: string | null,
): Promise<PlannedTable> {
  const settings = settingsFor(table.name, deps.tables.defaults, deps.tables.overrides);
  const planned = await planTable(deps.source, {
    migration: deps.migration,
    catalog: deps.catalog,
    table,
    // The watermark is a value of this column, whatever would be chosen today.
    settings: { ...settings, key: last.keyColumns[0] ?? null, cutLine: last.cutLine, level: last.level },
    generation: last.generation + 1,
    firstChunk: last.firstChunk + last.chunkCount,
    from: last.watermark,
    watermark: until,
    plannedAt: new Date(deps.clock.nowMs()).toISOString(),
  });
  // Columns, target and hash layout are the table's, not the generation's.
  const { columns, target, keyColumns, source } = last;
  return { ...planned, plan: { ...planned.plan, columns, target, keyColumns, source } };
}
