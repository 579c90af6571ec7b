/**
 * The other half of redshift/wire.ts: the target value from the staged wire column `c<n>`, in the load's SELECT and when
 * staged rows are compared. Every value is cast to the target column's exact type, under ANSI mode: what does not fit is
 * an error, never a NULL.
 */
import { type ColumnPlan, LakehaulError, targetTypeText } from '@lakehaul/core';
import type { HashColumn } from '@lakehaul/fingerprint';

export function rebuildSql(column: HashColumn & { plan: Pick<ColumnPlan, 'target'> }, alias?: string): string {
  const c = `${alias === undefined ? '' : `${alias}.`}c${column.position}`;
  const { type: target } = column.plan.target;
  switch (column.type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'real':
    case 'double':
    case 'boolean':
    case 'date':
    case 'char':
    case 'varchar':
    case 'time':
    case 'timetz':
    case 'geometry':
    case 'geography':
    case 'interval_year_month':
    case 'interval_day_second':
      return `CAST(${c} AS ${targetTypeText(target)})`;
    case 'timestamp':
      // Through an instant: sessions run in UTC, and the proof refuses to speak in any other zone (verify-sql.ts).
      return `CAST(timestamp_micros(CAST(${c} AS BIGINT)) AS TIMESTAMP_NTZ)`;
    case 'timestamptz':
      return `timestamp_micros(CAST(${c} AS BIGINT))`;
    case 'varbyte':
      return `unhex(${c})`;
    case 'super':
      return target.kind === 'VARIANT' ? `parse_json(${c})` : `CAST(${c} AS STRING)`;
    case 'hllsketch':
    case 'unknown':
      throw new LakehaulError(
        'LOSS_NOT_ACKNOWLEDGED',
        `a column of type ${column.type.kind} cannot be moved; exclude it`,
      );
  }
}
