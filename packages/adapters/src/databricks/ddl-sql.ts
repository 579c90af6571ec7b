/** The target table: created before any load, or an existing one adopted. Pure text. */
import { type ColumnPlan, LINEAGE_COLUMN, movedColumns, type TablePlan, targetTypeText } from '@lakehaul/core';
import type { TargetTableState } from '../ports.ts';
import { quoteName, quoteTable, textLiteral } from './identifier.ts';

export const MIGRATION_PROPERTY = 'lakehaul.migration';

/** Liquid clustering takes up to four columns (facts 5.3) that have statistics. */
const MAX_CLUSTER_COLUMNS = 4;
const CLUSTERABLE = new Set([
  'SMALLINT',
  'INT',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
  'STRING',
  'DATE',
  'TIMESTAMP',
  'TIMESTAMP_NTZ',
]);

/** Delta keeps statistics of the first 32 columns by default. */
const STATISTICS_COLUMNS = 32;

/** DDL for the table as it is now; empty when nothing is left to do. */
export function prepareStatements(plan: TablePlan, existing: TargetTableState | null): string[] {
  if (existing === null) return createStatements(plan);
  const table = quoteTable(plan.target);
  const statements: string[] = [];
  if (!hasColumn(existing, LINEAGE_COLUMN))
    statements.push(`ALTER TABLE ${table} ADD COLUMNS (${quoteName(LINEAGE_COLUMN)} BIGINT)`);
  const properties = adoptionProperties(plan, existing);
  if (properties.length > 0) statements.push(`ALTER TABLE ${table} SET TBLPROPERTIES (${properties.join(', ')})`);
  return statements;
}

function createStatements(plan: TablePlan): string[] {
  const { catalog, schema } = plan.target;
  const columns = movedColumns(plan);
  const definitions = [
    `${quoteName(LINEAGE_COLUMN)} BIGINT`,
    ...columns.map(
      ({ target }) => `${quoteName(target.name)} ${targetTypeText(target.type)}${target.nullable ? '' : ' NOT NULL'}`,
    ),
  ];
  const cluster = clusterColumns(columns);
  const properties = [
    property(MIGRATION_PROPERTY, plan.migration),
    // By name: any characters in column names, and the lineage column can be dropped at completion.
    property('delta.columnMapping.mode', 'name'),
    ...statisticsProperty(columns, cluster),
  ];
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quoteName(catalog)}.${quoteName(schema)}`,
    `CREATE TABLE IF NOT EXISTS ${quoteTable(plan.target)} (${definitions.join(', ')}) USING DELTA${
      cluster.length === 0 ? '' : ` CLUSTER BY (${cluster.map(quoteName).join(', ')})`
    } TBLPROPERTIES (${properties.join(', ')})`,
  ];
}

/** Clustering needs statistics of its columns, and Delta keeps those of the first ones only: then they are named. */
function statisticsProperty(columns: readonly ColumnPlan[], cluster: readonly string[]): string[] {
  const names = columns.map(({ target }) => target.name);
  if (cluster.every((name) => names.indexOf(name) < STATISTICS_COLUMNS - 1)) return [];
  // A VARIANT has no minimum and maximum (facts 5.5).
  const others = columns
    .filter(({ target }) => target.type.kind !== 'VARIANT' && !cluster.includes(target.name))
    .map(({ target }) => target.name)
    .slice(0, STATISTICS_COLUMNS - 1 - cluster.length);
  return [
    property('delta.dataSkippingStatsColumns', [LINEAGE_COLUMN, ...cluster, ...others].map(listedName).join(',')),
  ];
}

function listedName(name: string): string {
  return /^\w+$/.test(name) ? name : quoteName(name);
}

/** The sort key's columns, so far as they can cluster. A hole ends the list: what follows it orders little. */
export function clusterColumns(columns: readonly ColumnPlan[]): string[] {
  const sorted = columns
    .filter((column) => column.source.sortKeyPosition !== 0)
    .sort((a, b) => Math.abs(a.source.sortKeyPosition) - Math.abs(b.source.sortKeyPosition));
  const end = sorted.findIndex((column) => !CLUSTERABLE.has(column.target.type.kind));
  return sorted
    .slice(0, Math.min(MAX_CLUSTER_COLUMNS, end < 0 ? sorted.length : end))
    .map((column) => column.target.name);
}

function adoptionProperties(plan: TablePlan, existing: TargetTableState): string[] {
  const properties: string[] = [];
  if (existing.properties[MIGRATION_PROPERTY] === undefined)
    properties.push(property(MIGRATION_PROPERTY, plan.migration));
  const statistics = lineageStatistics(existing);
  if (statistics !== null) properties.push(property('delta.dataSkippingStatsColumns', statistics));
  return properties;
}

/**
 * Where the lineage column would get no statistics (it is added last, behind the first 32 columns, or the table names its
 * own list), every proof would scan the whole table. Null when it has them.
 */
function lineageStatistics(existing: TargetTableState): string | null {
  const named = existing.properties['delta.dataSkippingStatsColumns'];
  if (named !== undefined) {
    const has = named.split(',').some((name) => name.trim().replaceAll('`', '') === LINEAGE_COLUMN);
    return has ? null : `${LINEAGE_COLUMN},${named}`;
  }
  const indexed = Number(existing.properties['delta.dataSkippingNumIndexedCols'] ?? STATISTICS_COLUMNS);
  const others = existing.columns.filter((column) => column.name !== LINEAGE_COLUMN);
  const position = existing.columns.findIndex((column) => column.name === LINEAGE_COLUMN);
  if (indexed < 0 || (position < 0 ? others.length : position) < indexed) return null;
  return [LINEAGE_COLUMN, ...others.slice(0, indexed).map((column) => listedName(column.name))].join(',');
}

function property(key: string, value: string): string {
  return `${textLiteral(key)} = ${textLiteral(value)}`;
}

function hasColumn(existing: TargetTableState, name: string): boolean {
  return existing.columns.some((column) => column.name.toLowerCase() === name.toLowerCase());
}

/** Why an existing table cannot take the plan's rows, in plain words; empty when it can. */
export function targetDifferences(plan: TablePlan, existing: TargetTableState): string[] {
  const differences: string[] = [];
  const found = new Map(existing.columns.map((column) => [column.name.toLowerCase(), column]));
  const moved = movedColumns(plan);
  for (const { target } of moved) {
    const column = found.get(target.name.toLowerCase());
    const wanted = targetTypeText(target.type);
    if (column === undefined) differences.push(`column ${target.name} ${wanted} is missing`);
    else if (!isSameType(wanted, column.typeText))
      differences.push(`column ${target.name} is ${column.typeText}, the plan needs ${wanted}`);
    else if (!column.nullable && target.nullable)
      differences.push(`column ${target.name} is NOT NULL, the source column is nullable`);
  }
  const planned = new Set(moved.map(({ target }) => target.name.toLowerCase()));
  for (const column of existing.columns)
    if (!planned.has(column.name.toLowerCase()) && column.name !== LINEAGE_COLUMN && !column.nullable)
      differences.push(`column ${column.name} is NOT NULL and the source has no such column`);
  const lineage = found.get(LINEAGE_COLUMN);
  if (lineage !== undefined && (!isSameType('BIGINT', lineage.typeText) || !lineage.nullable))
    differences.push(`column ${LINEAGE_COLUMN} exists and is not a nullable BIGINT`);
  return differences;
}

/** As the catalogue writes types: lower case, some by another name. */
function isSameType(wanted: string, found: string): boolean {
  const plain = (text: string) => text.toUpperCase().replaceAll(' ', '');
  const names: Record<string, string> = {
    INTEGER: 'INT',
    LONG: 'BIGINT',
    SHORT: 'SMALLINT',
    REAL: 'FLOAT',
    TIMESTAMP_LTZ: 'TIMESTAMP',
  };
  const name = plain(found);
  return plain(wanted) === (names[name] ?? name);
}
