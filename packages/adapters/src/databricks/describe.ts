import { LakehaulError, type TargetTableName } from '@lakehaul/core';
import type { TargetColumn, TargetTableState } from '../ports.ts';
import { quoteName, quoteTable, textLiteral } from './identifier.ts';
import { cellText, mustText, type Row, type Warehouse } from './warehouse.ts';

/** Null when there is no such table (or schema, or catalog: then preparing it says so). */
export async function describe(warehouse: Warehouse, table: TargetTableName): Promise<TargetTableState | null> {
  const name = quoteTable(table);
  let described: Row[];
  try {
    described = (await warehouse.read(`DESCRIBE TABLE EXTENDED ${name}`)).rows;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const parsed = parseDescribe(
    described.map((row) => [cellText(row['col_name']) ?? '', cellText(row['data_type']) ?? '']),
  );
  const provider = parsed.details.get('Provider');
  if (
    parsed.details.get('Type')?.includes('VIEW') === true ||
    (provider !== undefined && provider.toLowerCase() !== 'delta')
  )
    throw new LakehaulError(
      'TARGET_INCOMPATIBLE',
      `${name} exists and is no Delta table (${parsed.details.get('Type')}, ${provider})`,
      { where: name },
    );
  const [properties, nullability, version] = await Promise.all([
    warehouse.read(`SHOW TBLPROPERTIES ${name}`),
    readNullability(warehouse, table),
    readVersion(warehouse, table),
  ]);
  return {
    columns: parsed.columns.map((column) => ({
      ...column,
      nullable: nullability.get(column.name.toLowerCase()) ?? true,
    })),
    properties: Object.fromEntries(properties.rows.map((row) => [mustText(row, 'key'), cellText(row['value']) ?? ''])),
    hasRowFilterOrMask: parsed.hasRowFilterOrMask,
    version,
  };
}

export async function readVersion(warehouse: Pick<Warehouse, 'read'>, table: TargetTableName): Promise<string> {
  const { rows } = await warehouse.read(`DESCRIBE HISTORY ${quoteTable(table)} LIMIT 1`);
  return mustText(rows[0], 'version');
}

/** DESCRIBE does not tell it. A catalog without information_schema (hive_metastore) leaves every column nullable. */
async function readNullability(warehouse: Warehouse, table: TargetTableName): Promise<Map<string, boolean>> {
  // Unity Catalog keeps names of schemas and tables in lower case.
  const sql = `SELECT column_name AS name, is_nullable AS nullable FROM ${quoteName(table.catalog)}.information_schema.columns
WHERE lower(table_schema) = lower(${textLiteral(table.schema)}) AND lower(table_name) = lower(${textLiteral(table.table)})`;
  try {
    const { rows } = await warehouse.read(sql);
    return new Map(rows.map((row) => [mustText(row, 'name').toLowerCase(), mustText(row, 'nullable') === 'YES']));
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return (
    error instanceof LakehaulError &&
    /TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|NO_SUCH_CATALOG|CATALOG_NOT_FOUND|DELTA_TABLE_NOT_FOUND/.test(
      error.message,
    )
  );
}

interface Parsed {
  columns: Omit<TargetColumn, 'nullable'>[];
  details: Map<string, string>;
  hasRowFilterOrMask: boolean;
}

/** Columns come first; an empty name or `# …` begins the sections. */
export function parseDescribe(rows: readonly (readonly [string, string])[]): Parsed {
  const parsed: Parsed = { columns: [], details: new Map(), hasRowFilterOrMask: false };
  let section: string | null = null;
  for (const [name, type] of rows) {
    if (name.startsWith('# ') && type === '') {
      section = name.slice(2);
      if (/^(Row Filter|Column Masks)/i.test(section)) parsed.hasRowFilterOrMask = true;
    } else if (name === '') section ??= '';
    else if (section === null) parsed.columns.push({ name, typeText: type });
    else if (section === 'Detailed Table Information') parsed.details.set(name, type);
  }
  return parsed;
}
