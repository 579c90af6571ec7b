/** What names mean at a place in a statement. */
import type { Expression } from './ast.ts';
import type { EmitOptions } from './emit-types.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import type { ColumnInfo, SqlType } from './sql-type.ts';

/** An emitted value; `expression` is what it was made from. */
export interface Value {
  sql: string;
  type: SqlType;
  expression: Expression;
  /** The same number as an integer, where `sql` makes text of one: a cast back needs no test. */
  integerSql?: string;
}

export interface ScopeTable {
  /** Last part is the table's name or alias; more parts when given by its full name. */
  name: string[];
  /** How DuckDB calls it. */
  sqlName: string;
  columns: readonly ColumnInfo[];
  /** Columns that USING has merged are found in the left table only. */
  hidden: Set<string>;
}

export interface Context {
  options: EmitOptions;
  tables: ScopeTable[];
  parent: Context | null;
  /** WITH queries by lower-case name. */
  common: ReadonlyMap<string, readonly ColumnInfo[]>;
  /** Text keys of GROUP BY (Redshift): their value in the result is one of the equal ones. By shape of the expression. */
  grouped: Map<string, string> | null;
  /** False inside aggregates and WHERE. */
  mayAggregate: boolean;
  mayWindow: boolean;
}

export function rootContext(options: EmitOptions): Context {
  return { options, tables: [], parent: null, common: new Map(), grouped: null, mayAggregate: false, mayWindow: false };
}

export function quoteName(name: string): string {
  if (name.includes('\0')) throw new NotSupported('a name with a zero character', 0);
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(value: string): string {
  // DuckDB keeps zero characters in text, but not in the text of a statement.
  if (!value.includes('\0')) return `'${value.replaceAll("'", "''")}'`;
  return `(${value
    .split('\0')
    .map((part) => `'${part.replaceAll("'", "''")}'`)
    .join(' || chr(0) || ')})`;
}

export function isRedshift(context: Context): boolean {
  return context.options.dialect === 'redshift';
}

export function sameName(context: Context, left: string, right: string): boolean {
  return isRedshift(context) ? left === right : left.toLowerCase() === right.toLowerCase();
}

export function must<T>(value: T | undefined | null, what: string, at: number): T {
  if (value === undefined || value === null) throw new NotSupported(what, at);
  return value;
}

/** Two expressions are the same text but for places: the shape that GROUP BY compares. */
export function shapeOf(expression: Expression): string {
  return JSON.stringify(expression, (key, value: unknown) => {
    if (key === 'at') return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });
}

interface Hit {
  table: ScopeTable;
  column: ColumnInfo;
}

function matchesQualifier(context: Context, table: ScopeTable, qualifier: readonly string[]): boolean {
  const offset = table.name.length - qualifier.length;
  return offset >= 0 && qualifier.every((part, index) => sameName(context, part, table.name[offset + index] as string));
}

function hitsIn(context: Context, qualifier: readonly string[], name: string): Hit[] {
  const hits: Hit[] = [];
  for (const table of context.tables) {
    if (!matchesQualifier(context, table, qualifier)) continue;
    for (const column of table.columns) {
      if (!sameName(context, column.name, name)) continue;
      if (qualifier.length === 0 && table.hidden.has(column.name)) continue;
      hits.push({ table, column });
    }
  }
  return hits;
}

export interface FoundColumn extends Hit {
  /** Parts behind the column: fields of a struct. */
  fields: string[];
}

export function tryFindColumn(context: Context, parts: readonly string[], at: number): FoundColumn | null {
  for (let scope: Context | null = context; scope !== null; scope = scope.parent) {
    // `a.b` is column b of table a, or field b of column a, in this order.
    for (let end = parts.length; end >= 1; end -= 1) {
      const hits = hitsIn(scope, parts.slice(0, end - 1), parts[end - 1] as string);
      const [hit] = hits;
      if (hit === undefined) continue;
      if (hits.length > 1)
        throw new SqlSemanticError('ambiguous-column', `column reference "${parts.join('.')}" is ambiguous`, at);
      return { ...hit, fields: parts.slice(end) };
    }
  }
  return null;
}

export function findColumn(context: Context, parts: readonly string[], at: number): FoundColumn {
  const found = tryFindColumn(context, parts, at);
  if (found !== null) return found;
  throw new SqlSemanticError('unknown-column', `column "${parts.join('.')}" does not exist`, at);
}

/** All columns for `*` or `name.*`, merged USING columns once. */
export function starColumns(context: Context, qualifier: readonly string[] | null, at: number): Hit[] {
  const tables =
    qualifier === null ? context.tables : context.tables.filter((table) => matchesQualifier(context, table, qualifier));
  if (tables.length === 0)
    throw new SqlSemanticError('other', `* has no table${qualifier === null ? '' : ` "${qualifier.join('.')}"`}`, at);
  return tables.flatMap((table) =>
    table.columns
      .filter((column) => qualifier !== null || !table.hidden.has(column.name))
      .map((column) => ({ table, column })),
  );
}

export function columnSql(hit: { table: ScopeTable; column: ColumnInfo }): string {
  return `${hit.table.sqlName}.${quoteName(hit.column.name)}`;
}
