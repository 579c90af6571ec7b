/** How a query's columns become a table's columns. */
import { identifier } from '../delta/quote.ts';
import { type DeltaColumn, duckdbTypeOf, findColumn } from '../delta/schema.ts';
import { databricksTypeText, type EmittedQuery } from '../sql/index.ts';
import { SqlError } from './sql-error.ts';
import { canAssign, sqlTypeOfDelta } from './types.ts';

export interface Assignment {
  emitted: EmittedQuery;
  target: readonly DeltaColumn[];
  /** Names of the target columns in the order of the query's; null = all of them. */
  columns: readonly string[] | null;
  by: 'position' | 'name';
  /** A schema that does not fit is another error for COPY INTO than for INSERT. */
  mismatch(message: string): SqlError;
}

/** A query with exactly the target's columns by their logical names, in order; what is not given is NULL. */
export function assignColumns(assignment: Assignment): string {
  const { emitted, target } = assignment;
  const sourceOf = matchColumns(assignment);
  const names = emitted.columns.map((_, index) => `c${index}`);
  const items = target.map((column) => {
    const index = sourceOf.get(column);
    const from = index === undefined ? undefined : emitted.columns[index];
    if (index === undefined || !from) return `CAST(NULL AS ${duckdbTypeOf(column.type)}) AS ${identifier(column.name)}`;
    if (!canAssign(from.type, sqlTypeOfDelta(column.type)))
      throw assignment.mismatch(
        `Column ${column.name} has type ${column.type}, the data has ${databricksTypeText(from.type)}.`,
      );
    return `"assigned"."c${index}" AS ${identifier(column.name)}`;
  });
  return `SELECT ${items.join(', ')} FROM (${emitted.sql}) AS "assigned"(${names.map(identifier).join(', ')})`;
}

function matchColumns({ emitted, target, columns, by, mismatch }: Assignment): Map<DeltaColumn, number> {
  const matched = new Map<DeltaColumn, number>();
  if (by === 'position' && emitted.columns.length !== (columns ?? target).length)
    throw new SqlError(
      'INSERT_COLUMN_ARITY_MISMATCH',
      '21S01',
      `The query gives ${emitted.columns.length} columns for ${(columns ?? target).length}.`,
    );
  emitted.columns.forEach((from, index) => {
    const name = by === 'name' ? from.name : (columns?.[index] ?? target[index]?.name ?? '');
    const column = findColumn(target, name);
    if (!column) throw mismatch(`Column ${name} does not exist in the table.`);
    if (matched.has(column)) throw mismatch(`Column ${name} is given twice.`);
    matched.set(column, index);
  });
  return matched;
}

export function insertMismatch(message: string): SqlError {
  return new SqlError('INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST', 'KD000', message);
}
