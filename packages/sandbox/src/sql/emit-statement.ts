/** Entry points of the emitter. */
import type { Expression, Insert, Query, Select, SelectItem } from './ast.ts';
import { assignSql } from './emit-cast.ts';
import { emit, predicateSql } from './emit-expression.ts';
import { emitQueryIn } from './emit-query.ts';
import { emitSelect } from './emit-select.ts';
import type { EmitOptions, EmittedExpression, EmittedQuery, ExpressionScope } from './emit-types.ts';
import { type Context, quoteName, rootContext, sameName, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { type ColumnInfo, duckdbTypeText, type SqlType } from './sql-type.ts';

function start(options: EmitOptions): Context {
  // Without ANSI mode wrong values become NULL: other semantics from end to end.
  if (options.ansiMode === false) throw new NotSupported('ANSI_MODE = false', 0);
  return rootContext(options);
}

export function emitQuery(query: Query, options: EmitOptions): EmittedQuery {
  const emitted = emitQueryIn(start(options), query);
  return { sql: emitted.sql, columns: emitted.columns.map(({ name, type }) => ({ name, type: plainType(type) })) };
}

/** What the emitter alone knows of a text is no part of its type. */
function plainType(type: SqlType): SqlType {
  if (type.kind === 'varchar' || type.kind === 'char') return { kind: type.kind, length: type.length };
  return type.kind === 'string' ? { kind: 'string' } : type;
}

function tableContext(scope: ExpressionScope): Context {
  const context = start(scope);
  const name = scope.name ?? 'target';
  context.tables.push({ name: [name], sqlName: quoteName(name), columns: scope.columns, hidden: new Set() });
  return context;
}

/** A value over the rows of one table, which the statement around it calls `scope.name` (default `target`). */
export function emitExpression(expression: Expression, scope: ExpressionScope): EmittedExpression {
  const { sql, type } = emit(tableContext(scope), expression);
  return { sql, type };
}

/** A condition over the rows of one table. */
export function emitPredicate(expression: Expression, scope: ExpressionScope): string {
  return predicateSql(tableContext(scope), expression);
}

/** A value for a column: casts of an assignment, errors on what does not fit. */
export function emitAssignment(expression: Expression, column: ColumnInfo, scope: ExpressionScope): string {
  return assignSql(tableContext(scope), emit(tableContext(scope), expression), column.type);
}

/**
 * The rows of an INSERT, with every column of the table in order and in its type; columns that the statement does not
 * name are NULL, or what `defaultOf` says.
 */
export function emitInsertRows(
  insert: Pick<Insert, 'columns' | 'byName' | 'query'>,
  table: readonly ColumnInfo[],
  options: EmitOptions & { defaultOf?: (column: string) => string | null },
): EmittedQuery {
  const context = start(options);
  const literal = insert.query.body.kind === 'values' ? valuesRows(context, insert, table) : null;
  const names = insert.columns ?? table.map((column) => column.name);
  if (literal !== null) return project(literal, names, table, context, options);
  const query = emitQueryIn(context, insert.query);
  const given = insert.byName ? query.columns.map((column) => column.name) : names;
  if (given.length !== query.columns.length)
    throw new SqlSemanticError(
      'other',
      `INSERT has ${query.columns.length} values for ${given.length} columns`,
      insert.query.at,
    );
  const cells = query.columns.map((_column, index) => `c${index}`);
  const list = query.columns.map((column, index) => {
    const target = columnNamed(context, table, given[index] as string, insert.query.at);
    const value: Value = {
      sql: `s.c${index}`,
      type: column.type,
      expression: { kind: 'column', at: insert.query.at, parts: [column.name] },
    };
    return `${assignSql(context, value, target.type)} AS ${cells[index]}`;
  });
  const sql = list.length === 0 ? query.sql : `SELECT ${list.join(', ')} FROM (${query.sql}) AS s(${cells.join(', ')})`;
  return project({ sql, columns: query.columns }, given, table, context, options);
}

function columnNamed(context: Context, table: readonly ColumnInfo[], name: string, at: number): ColumnInfo {
  const column = table.find((candidate) => sameName(context, candidate.name, name));
  if (column === undefined)
    throw new SqlSemanticError('unknown-column', `column "${name}" does not exist in the target table`, at);
  return column;
}

/** VALUES go to their columns one by one, so that a string becomes what its column is. */
function valuesRows(
  context: Context,
  insert: Pick<Insert, 'columns' | 'query'>,
  table: readonly ColumnInfo[],
): EmittedQuery | null {
  const { body, orderBy, limit, offset, with: common } = insert.query;
  if (body.kind !== 'values' || orderBy.length > 0 || limit !== null || offset !== null || common.length > 0)
    return null;
  const names = insert.columns ?? table.map((column) => column.name);
  const columns = names.map((name) => columnNamed(context, table, name, body.at));
  const rows = body.rows.map((row) => {
    if (row.length !== columns.length)
      throw new SqlSemanticError('other', `INSERT has ${row.length} values for ${columns.length} columns`, body.at);
    return `(${row.map((cell, index) => assignSql(context, emit(context, cell), (columns[index] as ColumnInfo).type)).join(', ')})`;
  });
  return { sql: `VALUES ${rows.join(', ')}`, columns };
}

function project(
  rows: EmittedQuery,
  names: readonly string[],
  table: readonly ColumnInfo[],
  context: Context,
  options: { defaultOf?: (column: string) => string | null },
): EmittedQuery {
  const seen = names.map((name) => (options.defaultOf === undefined ? name : name));
  const list = table.map((column) => {
    const index = seen.findIndex((name) => sameName(context, name, column.name));
    if (seen.findLastIndex((name) => sameName(context, name, column.name)) !== index)
      throw new SqlSemanticError('other', `column "${column.name}" specified more than once`, 0);
    const missing = options.defaultOf?.(column.name) ?? 'NULL';
    return `${cast(index < 0 ? missing : `r.c${index}`, column)} AS ${quoteName(column.name)}`;
  });
  const cells = names.map((_name, index) => `c${index}`);
  return { sql: `SELECT ${list.join(', ')} FROM (${rows.sql}) AS r(${cells.join(', ')})`, columns: [...table] };
}

function cast(sql: string, column: ColumnInfo): string {
  return `CAST(${sql} AS ${duckdbTypeText(column.type)})`;
}

/** The SELECT of a COPY INTO over its source, which DuckDB calls by `fromSql`. */
export function emitCopySelect(
  copy: { items: SelectItem[]; where: Expression | null; sourceAlias: string | null },
  source: { path: string; format: string },
  options: EmitOptions,
): EmittedQuery {
  const select: Select = {
    kind: 'select',
    at: 0,
    distinct: false,
    items: copy.items,
    from: [
      {
        kind: 'source',
        at: 0,
        source: { kind: 'files', at: 0, ...source },
        alias: copy.sourceAlias,
        columnAliases: null,
      },
    ],
    where: copy.where,
    groupBy: [],
    having: null,
    qualify: null,
  };
  return emitSelect(start(options), select, []);
}
