/** information_schema of a catalog: schemata, tables and columns, as far as tools ask for them. */

import type { TableEntry, TableId } from '../delta/metastore.ts';
import { literal } from '../delta/quote.ts';
import { type ColumnInfo, databricksTypeText, type ResolvedSource } from '../sql/index.ts';
import type { Run } from './run.ts';
import { SqlError } from './sql-error.ts';
import { sqlTypeOfDelta } from './types.ts';

export function isInformationSchema(id: TableId): boolean {
  return id.schema.toLowerCase() === 'information_schema';
}

type Cell = string | null;

const VIEWS: Readonly<Record<string, { columns: string[]; rows(run: Run, catalog: string): Cell[][] }>> = {
  schemata: {
    columns: ['catalog_name', 'schema_name', 'schema_owner', 'comment'],
    rows: (run, catalog) =>
      run.metastore.schemas(catalog).map((entry) => [entry.catalog, entry.schema, run.session.user, entry.comment]),
  },
  tables: {
    columns: ['table_catalog', 'table_schema', 'table_name', 'table_type', 'table_owner', 'data_source_format'],
    rows: (run, catalog) =>
      run.metastore.tables(catalog).map((entry) => [...nameOf(entry), 'MANAGED', entry.owner, 'DELTA']),
  },
  columns: {
    columns: [
      'table_catalog',
      'table_schema',
      'table_name',
      'column_name',
      'ordinal_position',
      'is_nullable',
      'full_data_type',
      'data_type',
      'comment',
    ],
    rows: columnRows,
  },
};

function columnRows(run: Run, catalog: string): Cell[][] {
  return run.metastore.tables(catalog).flatMap((entry) => {
    const columns = run.metastore.peek(entry)?.columns ?? [];
    return columns.map((column, index): Cell[] => {
      const type = databricksTypeText(sqlTypeOfDelta(column.type));
      const dataType = (type.split('(')[0] ?? type).toUpperCase();
      const nullable = column.nullable ? 'YES' : 'NO';
      return [...nameOf(entry), column.name, String(index), nullable, type, dataType, column.comment];
    });
  });
}

function nameOf(entry: TableEntry): string[] {
  return [entry.catalog, entry.schema, entry.table];
}

export function resolveInformationSchema(run: Run, id: TableId): ResolvedSource {
  const view = VIEWS[id.table.toLowerCase()];
  if (!view) throw new SqlError('TABLE_OR_VIEW_NOT_FOUND', '42P01', `information_schema.${id.table} cannot be found.`);
  const columns: ColumnInfo[] = view.columns.map((name) => ({
    name,
    type: { kind: name === 'ordinal_position' ? 'integer' : 'string' },
  }));
  const items = columns.map((column, index) => {
    const type = column.type.kind === 'integer' ? 'INTEGER' : 'VARCHAR';
    return `CAST(col${index} AS ${type}) AS "${column.name}"`;
  });
  const rows = view
    .rows(run, id.catalog)
    .map((row) => `(${row.map((cell) => (cell === null ? 'NULL' : literal(cell))).join(', ')})`);
  const nothing = `(${view.columns.map(() => 'NULL').join(', ')})`;
  const values = rows.length > 0 ? rows.join(', ') : nothing;
  const where = rows.length > 0 ? '' : ' WHERE false';
  return { duckdbSql: `(SELECT ${items.join(', ')} FROM (VALUES ${values}) AS v${where})`, columns, name: id.table };
}
