import { identifier, literal } from './quote.ts';
import { type DeltaColumn, duckdbTypeOf } from './schema.ts';

/**
 * A relation over data files with the table's logical columns. DuckDB's `schema` option resolves by physical name per
 * file, so that files from before an ADD COLUMN give NULL there, and renamed columns need no rewrite.
 */
export function renderFileScan(
  paths: readonly string[],
  columns: readonly DeltaColumn[],
  /** Adds the file's path under this name. */
  fileColumn: string | null = null,
): string {
  if (paths.length === 0) return renderEmpty(columns);
  const files = paths.map((path) => literal(path)).join(', ');
  const filename = fileColumn === null ? '' : `, filename = ${literal(fileColumn)}`;
  return `read_parquet([${files}], schema = MAP {${columns.map(renderColumn).join(', ')}}${filename})`;
}

function renderColumn(column: DeltaColumn): string {
  const type = duckdbTypeOf(column.type);
  return `${literal(column.physicalName)}: {name: ${literal(column.name)}, type: ${literal(type)}, default_value: NULL}`;
}

function renderEmpty(columns: readonly DeltaColumn[]): string {
  const items = columns.map((column) => `CAST(NULL AS ${duckdbTypeOf(column.type)}) AS ${identifier(column.name)}`);
  return `(SELECT ${items.join(', ')} WHERE false)`;
}
