/** What the configuration asks of a table and cannot have: found here, not by every chunk or in the target. Pure. */
import type { DiscoveredTable } from '@lakehaul/adapters';
import { type ColumnPlan, LakehaulError, LINEAGE_COLUMN, movedColumns, type TablePlan } from '@lakehaul/core';
import { isCanonicalLiteral, isOrdinalKey, isUsableKey, type TableSettings } from '@lakehaul/planning';

/** A line that the source cannot compare by the column's own type; null when it can. */
export function cutLineRefusal(
  table: Pick<DiscoveredTable, 'name' | 'columns'>,
  settings: Pick<TableSettings, 'cutLine'>,
): LakehaulError | null {
  const { cutLine } = settings;
  if (cutLine === null) return null;
  const where = `${table.name.schema}.${table.name.table}`;
  const refuse = (what: string, next: string) =>
    new LakehaulError('CONFIG_INVALID', `${where}: the cut line ${what}`, { where: `${where} cutLine`, next });
  const column = table.columns.find((each) => each.name === cutLine.column);
  if (column === undefined) return refuse(`names ${cutLine.column}, which is no column`, 'name a column of the table');
  if (!isUsableKey(column))
    return refuse(
      `is on ${column.name} (${column.type.kind}${column.isCaseInsensitive ? ', case-insensitive' : ''}), which has no exact order`,
      'use a column of numbers, dates, times or binary text',
    );
  if (isOrdinalKey(column.type) && !isCanonicalLiteral(column.type, cutLine.before))
    return refuse(
      `of ${column.name} is no ${column.type.kind} literal`,
      'write numbers as digits, dates as YYYY-MM-DD, timestamps as YYYY-MM-DD HH:MM:SS in UTC',
    );
  return null;
}

export function columnRefusals(columns: readonly ColumnPlan[], where: string): LakehaulError[] {
  return movedColumns({ columns }).flatMap(({ source, target }) => {
    const at = `${where}.${source.name}`;
    // The target compares names without regard to case.
    if (target.name.toLowerCase() !== LINEAGE_COLUMN.toLowerCase()) return [];
    return [
      new LakehaulError('TARGET_INCOMPATIBLE', `${at} has the name of the lineage column`, {
        where: at,
        next: `rename it at the source or acknowledge "exclude:${source.name}"`,
      }),
    ];
  });
}

/** Lineage values tell chunks of one table apart, not tables: a repair of one would delete the other's rows. */
export function sharedTargetRefusals(plans: readonly Pick<TablePlan, 'source' | 'target'>[]): LakehaulError[] {
  const byTarget = new Map<string, Pick<TablePlan, 'source' | 'target'>>();
  const refusals: LakehaulError[] = [];
  for (const plan of plans) {
    const { catalog, schema, table } = plan.target;
    // Unity Catalog keeps names of schemas and tables in lower case.
    const key = JSON.stringify([catalog, schema, table]).toLowerCase();
    const other = byTarget.get(key);
    if (other === undefined) byTarget.set(key, plan);
    else
      refusals.push(
        new LakehaulError(
          'TARGET_INCOMPATIBLE',
          `${other.source.schema}.${other.source.table} and ${plan.source.schema}.${plan.source.table} would both be hauled into ${catalog}.${schema}.${table}`,
          {
            where: `${catalog}.${schema}.${table}`,
            next: 'give one of them another target under tables.overrides',
          },
        ),
      );
  }
  return refusals;
}
