/** Queries to DuckDB SQL: WITH, set operations, ordering. */
import type { Expression, Query, QueryBody, SortKey } from './ast.ts';
import { keySql, needsTrim } from './emit-compare.ts';
import { convertTo, emitUnified, resultType } from './emit-expression.ts';
import { assignable, distinctSql, emitSelect } from './emit-select.ts';
import type { EmittedQuery } from './emit-types.ts';
import { sortKeySql } from './emit-window.ts';
import { type Context, isRedshift, quoteName, sameName, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import type { ColumnInfo } from './sql-type.ts';

/** A query at a place where `context` gives the names of the queries around it. */
export function emitQueryIn(context: Context, query: Query): EmittedQuery {
  const common = new Map(context.common);
  const inner: Context = { ...context, common, tables: [], parent: context, grouped: null };
  const parts = query.with.map((item) => {
    const emitted = emitQueryIn(inner, item.query);
    const columns = renamed(emitted.columns, item.columnAliases, item.query.at);
    common.set(item.name.toLowerCase(), columns);
    const list = `(${columns.map((column) => quoteName(column.name)).join(', ')})`;
    return `${quoteName(commonName(item.name))}${list} AS (${emitted.sql})`;
  });
  const body = emitOrdered(inner, query);
  const tail = limitSql(inner, query);
  return { sql: `${parts.length > 0 ? `WITH ${parts.join(', ')} ` : ''}${body.sql}${tail}`, columns: body.columns };
}

/** A name of its own in DuckDB: the catalog's text of a table must never meet the name of a WITH query. */
export function commonName(name: string): string {
  return `with ${name.toLowerCase()}`;
}

export function renamed(columns: readonly ColumnInfo[], names: readonly string[] | null, at: number): ColumnInfo[] {
  if (names === null) return [...columns];
  if (names.length !== columns.length)
    throw new SqlSemanticError('other', 'the number of column names does not match', at);
  return columns.map((column, index) => ({ ...column, name: names[index] as string }));
}

function count(expression: Expression | null, what: string): string {
  if (expression === null) return '';
  if (expression.kind !== 'literal' || expression.value.type !== 'integer')
    throw new NotSupported(`${what} that is no constant`, expression.at);
  return ` ${what} ${expression.value.text}`;
}

function limitSql(_context: Context, query: Query): string {
  return count(query.limit, 'LIMIT') + count(query.offset, 'OFFSET');
}

function emitOrdered(context: Context, query: Query): EmittedQuery {
  const { body, orderBy } = query;
  if (body.kind === 'select' && !body.distinct) return emitSelect(context, body, orderBy);
  const emitted = emitBody(context, body);
  if (orderBy.length === 0) return emitted;
  // Behind a set operation or DISTINCT only the result's columns can be sorted by.
  const keys = orderBy.map((key) => resultKey(context, key, emitted.columns));
  const names = emitted.columns.map((_column, index) => `c${index}`);
  const select = names.map((name, index) => `q.${name} AS ${quoteName((emitted.columns[index] as ColumnInfo).name)}`);
  return {
    sql: `SELECT ${select.join(', ')} FROM (${emitted.sql}) AS q(${names.join(', ')}) ORDER BY ${keys.join(', ')}`,
    columns: emitted.columns,
  };
}

function resultKey(context: Context, key: SortKey, columns: readonly ColumnInfo[]): string {
  const { expression } = key;
  let index = -1;
  if (expression.kind === 'literal' && expression.value.type === 'integer') index = Number(expression.value.text) - 1;
  else if (expression.kind === 'column') {
    const name = expression.parts.at(-1) as string;
    index = columns.findIndex((column) => sameName(context, column.name, name));
  }
  const column = columns[index];
  if (column === undefined)
    throw new NotSupported('sorting a distinct or combined result by an expression', expression.at);
  const value: Value = { sql: `q.c${index}`, type: column.type, expression };
  return sortKeySql(context, key, keySql(context, value));
}

export function emitBody(context: Context, body: QueryBody): EmittedQuery {
  switch (body.kind) {
    case 'select':
      return emitSelect(context, body, []);
    case 'values':
      return emitValues(context, body);
    case 'nested': {
      const query = emitQueryIn(context, body.query);
      return { sql: `(${query.sql})`, columns: query.columns };
    }
    case 'set-operation':
      return emitSetOperation(context, body);
  }
}

function emitValues(context: Context, body: Extract<QueryBody, { kind: 'values' }>): EmittedQuery {
  const width = body.rows[0]?.length ?? 0;
  if (body.rows.some((row) => row.length !== width))
    throw new SqlSemanticError('other', 'VALUES lists must all be the same length', body.at);
  const columns: ColumnInfo[] = [];
  const cells: string[][] = body.rows.map(() => []);
  for (let index = 0; index < width; index += 1) {
    const values = emitUnified(
      context,
      body.rows.map((row) => row[index] as Expression),
    );
    const type = resultType(context, values, body.at);
    columns.push({ name: isRedshift(context) ? `column${index + 1}` : `col${index + 1}`, type });
    values.forEach((value, row) => {
      (cells[row] as string[]).push(convertTo(value, type));
    });
  }
  return { sql: `VALUES ${cells.map((row) => `(${row.join(', ')})`).join(', ')}`, columns };
}

function emitSetOperation(context: Context, body: Extract<QueryBody, { kind: 'set-operation' }>): EmittedQuery {
  const [left, right] = [emitBody(context, body.left), emitBody(context, body.right)];
  if (left.columns.length !== right.columns.length)
    throw new SqlSemanticError(
      'other',
      `each ${body.op.toUpperCase()} query must have the same number of columns`,
      body.at,
    );
  const columns = left.columns.map((column, index) => ({
    name: column.name,
    type: common(context, column, right.columns[index] as ColumnInfo, body.at),
  }));
  const [one, two] = [assignable(left, columns), assignable(right, columns)];
  const comparesText = isRedshift(context) && !body.all && columns.some((column) => needsTrim(column.type));
  if (comparesText && body.op !== 'union')
    throw new NotSupported(`${body.op.toUpperCase()} over VARCHAR (blanks at the end are ignored there)`, body.at);
  const op = `${body.op.toUpperCase()}${body.all || comparesText ? ' ALL' : ''}`;
  const emitted = { sql: `(${one}) ${op} (${two})`, columns };
  return comparesText ? distinctSql(context, emitted, body.at) : emitted;
}

function common(context: Context, left: ColumnInfo, right: ColumnInfo, at: number): ColumnInfo['type'] {
  const value = (column: ColumnInfo): Value => ({
    sql: '',
    type: column.type,
    expression: { kind: 'column', at, parts: [column.name] },
  });
  return resultType(context, [value(left), value(right)], at);
}
