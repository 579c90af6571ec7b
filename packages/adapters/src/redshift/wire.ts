/**
 * What travels in the staged Parquet: per type the wire expression over `c<n>`, the source column. Its other half, which
 * rebuilds the value in the load, is databricks/rebuild.ts; a test pairs them. Parquet of an UNLOAD cannot carry TIME,
 * VARBYTE or GEOMETRY, and carries timestamps as INT96 (facts 2.3): those travel as text or integers.
 */
import { type ColumnPlan, LakehaulError, movedColumns, type SourceType, type TablePlan } from '@lakehaul/core';
import { columnGroups, type GroupLayout, type HashColumn, serializeSql } from '@lakehaul/fingerprint';
import { quoteName } from './identifier.ts';

export interface MovedColumn extends HashColumn {
  plan: ColumnPlan;
}

/** The moved columns with their positions, the number in every alias. */
export function movedWithPosition(plan: Pick<TablePlan, 'columns'>): MovedColumn[] {
  return movedColumns(plan).map((column, index) => ({
    position: index + 1,
    type: column.source.type,
    plan: column,
    ...(column.target.type.kind === 'VARIANT' ? { isVariant: true } : {}),
  }));
}

export function wireSql({ position, type }: HashColumn): string {
  const c = `c${position}`;
  switch (type.kind) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'real':
    case 'double':
    case 'boolean':
    case 'date':
    case 'varchar':
      return c;
    case 'char':
      // The cast strips the padding; what an UNLOAD of CHAR itself would do is not confirmed (facts 2.3).
      return `RTRIM(${c}::varchar(${type.maxBytes}))`;
    case 'timestamp':
      return `DATEDIFF(microsecond,TIMESTAMP '1970-01-01 00:00:00',${c})`;
    case 'timestamptz':
      return `DATEDIFF(microsecond,TIMESTAMP '1970-01-01 00:00:00',${c} AT TIME ZONE 'UTC')`;
    case 'time':
      return `DATEDIFF(microsecond,TIME '00:00:00',${c})`;
    case 'timetz':
      return `${c}::varchar(21)`;
    case 'varbyte':
      return `LOWER(TO_HEX(${c}))`;
    case 'super':
      return serializeSql(c);
    case 'geometry':
    case 'geography':
      return `ST_AsHexEWKB(${c})`;
    case 'interval_year_month':
      return `DATEDIFF(month,TIMESTAMP '1970-01-01 00:00:00',TIMESTAMP '1970-01-01 00:00:00'+${c})`;
    case 'interval_day_second':
      return `DATEDIFF(microsecond,TIMESTAMP '1970-01-01 00:00:00',TIMESTAMP '1970-01-01 00:00:00'+${c})`;
    case 'hllsketch':
    case 'unknown':
      return refuse(type);
  }
}

/** Select item of the UNLOAD. */
export function wireItem(column: HashColumn): string {
  const sql = wireSql(column);
  return sql === `c${column.position}` ? sql : `${sql} AS c${column.position}`;
}

function refuse(type: SourceType): never {
  throw new LakehaulError('LOSS_NOT_ACKNOWLEDGED', `a column of type ${type.kind} cannot be moved; exclude it`);
}

/** The hash groups of a table: the same on both sides, since they follow from the columns alone. */
export function hashGroupsOf(plan: Pick<TablePlan, 'columns' | 'keyColumns'>): GroupLayout {
  const columns = movedWithPosition(plan);
  return columnGroups({
    columns: columns.map((column) => ({
      ...column,
      nameBytes: Buffer.byteLength(quoteName(column.plan.source.name)) + 2,
      wireBytes: Buffer.byteLength(wireItem(column).replaceAll("'", "''")) + 1,
    })),
    keyPositions: columns
      .filter((column) => plan.keyColumns.includes(column.plan.source.name))
      .map((column) => column.position),
  });
}
