/** One SELECT: its sources, its columns, its groups. */
import type { Conjunct, Expression, Select, SelectItem, SortKey } from './ast.ts';
import { conjunctsOf } from './conjuncts.ts';
import { AGGREGATES } from './emit-aggregate.ts';
import { keySql, needsTrim } from './emit-compare.ts';
import { emit, predicateSql } from './emit-expression.ts';
import { emitFrom } from './emit-from.ts';
import type { EmittedQuery } from './emit-types.ts';
import { sortKeySql } from './emit-window.ts';
import {
  type Context,
  isRedshift,
  quoteName,
  sameName,
  shapeOf,
  starColumns,
  tryFindColumn,
  type Value,
} from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { type ColumnInfo, duckdbTypeText } from './sql-type.ts';
import { findAll } from './walk.ts';

interface Item {
  name: string;
  expression: Expression;
  alias: string | null;
}

export function emitSelect(context: Context, select: Select, orderBy: readonly SortKey[]): EmittedQuery {
  const inner: Context = { ...context, tables: [], grouped: null, mayAggregate: false, mayWindow: false };
  const conjuncts: Conjunct[] = conjunctsOf(select.where);
  const from = select.from.map((item) => emitFrom(inner, item, conjuncts));
  const items = expandItems(inner, select.items);
  const where = select.where === null ? '' : ` WHERE ${predicateSql(inner, select.where)}`;
  const groups = select.groupBy.map((key) => groupKey(inner, key, items));
  const isGrouped = groups.length > 0 || select.having !== null;
  const output: Context = { ...inner, mayAggregate: true, mayWindow: true, grouped: groupedTexts(inner, groups) };
  const values = items.map((item) => emit(output, item.expression));
  const having =
    select.having === null
      ? ''
      : ` HAVING ${predicateSql({ ...output, mayWindow: false }, withAliases(inner, select.having, items))}`;
  const qualify =
    select.qualify === null ? '' : ` QUALIFY ${predicateSql(output, withAliases(inner, select.qualify, items))}`;
  const group =
    groups.length === 0 ? '' : ` GROUP BY ${groups.map((key) => keySql(inner, emit(inner, key))).join(', ')}`;
  if (isGrouped || hasAggregate(items)) checkGrouping(inner, items, groups, select.at);
  const order =
    orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.map((key) => orderKey(output, key, items)).join(', ')}`;
  const columns = items.map((item, index) => ({ name: item.name, type: (values[index] as Value).type }));
  const list = values
    .map((value, index) => `${outputSql(value)} AS ${quoteName((items[index] as Item).name)}`)
    .join(', ');
  const sql = `SELECT ${list}${from.length === 0 ? '' : ` FROM ${from.join(', ')}`}${where}${group}${having}${qualify}${order}`;
  const emitted = { sql, columns };
  return select.distinct ? distinctSql(context, emitted, select.at) : emitted;
}

/** A bare NULL gets a type, so that it can be stored. */
function outputSql(value: Value): string {
  return value.type.kind === 'void' ? `CAST(NULL AS ${duckdbTypeText(value.type)})` : value.sql;
}

function expandItems(context: Context, items: readonly SelectItem[]): Item[] {
  return items.flatMap((item): Item[] => {
    if (item.kind === 'expression')
      return [{ name: item.alias ?? nameOf(context, item.expression), expression: item.expression, alias: item.alias }];
    const columns = starColumns(context, item.qualifier, item.at);
    for (const name of item.except)
      if (!columns.some(({ column }) => sameName(context, column.name, name)))
        throw new SqlSemanticError('unknown-column', `column "${name}" does not exist`, item.at);
    return columns
      .filter(({ column }) => !item.except.some((name) => sameName(context, column.name, name)))
      .map(({ table, column }) => ({
        name: column.name,
        alias: null,
        expression: { kind: 'column', at: item.at, parts: [...table.name, column.name] },
      }));
  });
}

/** Names of columns without an alias. For expressions they are a courtesy: the clouds' own texts differ by version. */
function nameOf(context: Context, expression: Expression): string {
  switch (expression.kind) {
    case 'column':
      return expression.parts.at(-1) as string;
    case 'cast':
      return nameOf(context, expression.operand);
    case 'call':
      if (isRedshift(context)) return expression.name;
      return `${expression.name}(${expression.star ? '1' : expression.args.map((argument) => nameOf(context, argument)).join(', ')})`;
    case 'literal':
      return isRedshift(context) || !('text' in expression.value) ? '?column?' : expression.value.text;
    case 'case':
      return 'case';
    default:
      return '?column?';
  }
}

function hasAggregate(items: readonly Item[]): boolean {
  return (
    findAll(items, (node) => {
      const call = node as { kind?: unknown; name?: unknown; over?: unknown };
      return call.kind === 'call' && call.over === null && AGGREGATES.has(call.name as string) ? true : null;
    }).length > 0
  );
}

/** GROUP BY 1, GROUP BY alias, GROUP BY expression: input columns come before aliases, in both. */
function groupKey(context: Context, key: Expression, items: readonly Item[]): Expression {
  if (key.kind === 'literal') {
    if (key.value.type !== 'integer') throw new NotSupported('GROUP BY a constant', key.at);
    const item = items[Number(key.value.text) - 1];
    if (item === undefined)
      throw new SqlSemanticError('other', `GROUP BY position ${key.value.text} is not in the select list`, key.at);
    return item.expression;
  }
  if (
    key.kind !== 'column' ||
    key.parts.length !== 1 ||
    tryFindColumn({ ...context, parent: null }, key.parts, key.at) !== null
  )
    return key;
  const item = items.find(({ alias }) => alias !== null && sameName(context, alias, key.parts[0] as string));
  return item?.expression ?? key;
}

/** Aliases in HAVING and QUALIFY, where the input has no such column. */
function withAliases(context: Context, expression: Expression, items: readonly Item[]): Expression {
  const aliases = items.filter((item) => item.alias !== null);
  if (aliases.length === 0) return expression;
  return replaceColumns(expression, (column) => {
    if (column.parts.length !== 1 || tryFindColumn(context, column.parts, column.at) !== null) return column;
    return (
      aliases.find(({ alias }) => sameName(context, alias as string, column.parts[0] as string))?.expression ?? column
    );
  });
}

function replaceColumns(
  node: Expression,
  replace: (column: Extract<Expression, { kind: 'column' }>) => Expression,
): Expression {
  const visit = (value: unknown): unknown => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(visit);
    const kind = (value as { kind?: unknown }).kind;
    if (kind === 'column' && 'parts' in value) return replace(value as Extract<Expression, { kind: 'column' }>);
    if (kind === 'query') return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child)]));
  };
  return visit(node) as Expression;
}

/**
 * Texts that differ in blanks at the end are one group on Redshift; which of them is shown is left open there, and is
 * the least here.
 */
function groupedTexts(context: Context, groups: readonly Expression[]): Map<string, string> | null {
  if (!isRedshift(context)) return null;
  const found = new Map<string, string>();
  for (const key of groups) {
    const value = emit(context, key);
    if (needsTrim(value.type)) found.set(shapeOf(key), `min(${value.sql})`);
  }
  return found.size === 0 ? null : found;
}

/** DuckDB checks that columns are grouped, but not behind min(): so it is checked here for those. */
function checkGrouping(context: Context, items: readonly Item[], groups: readonly Expression[], at: number): void {
  if (groupedTexts(context, groups) === null) return;
  const shapes = new Set(groups.map(shapeOf));
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    const expression = node as Expression;
    if (typeof expression.kind === 'string' && shapes.has(shapeOf(expression))) return;
    if (expression.kind === 'call' && AGGREGATES.has(expression.name) && expression.over === null) return;
    if (expression.kind === 'column' && 'parts' in expression)
      throw new SqlSemanticError(
        'other',
        `column "${expression.parts.join('.')}" must appear in the GROUP BY clause or be used in an aggregate function`,
        at,
      );
    Object.values(node).forEach(visit);
  };
  for (const item of items) visit(item.expression);
}

function orderKey(context: Context, key: SortKey, items: readonly Item[]): string {
  let { expression } = key;
  if (expression.kind === 'literal' && expression.value.type === 'integer') {
    const item = items[Number(expression.value.text) - 1];
    if (item === undefined)
      throw new SqlSemanticError(
        'other',
        `ORDER BY position ${expression.value.text} is not in the select list`,
        expression.at,
      );
    expression = item.expression;
  } else if (expression.kind === 'column' && expression.parts.length === 1) {
    const name = expression.parts[0] as string;
    // Names of the result come before names of the input, in both.
    const item = items.find(({ alias }) => alias !== null && sameName(context, alias, name));
    if (item !== undefined) expression = item.expression;
  }
  return sortKeySql(context, key, keySql(context, emit(context, expression)));
}

/** DISTINCT: on Redshift texts that differ in trailing blanks are one. */
export function distinctSql(context: Context, query: EmittedQuery, at: number): EmittedQuery {
  const names = query.columns.map((_column, index) => `c${index}`);
  const keys = query.columns.map((column, index) =>
    keySql(context, {
      sql: `d.c${index}`,
      type: column.type,
      expression: { kind: 'column', at, parts: [column.name] },
    }),
  );
  const select = query.columns.map((column, index) => {
    const sql = isRedshift(context) && needsTrim(column.type) ? `min(d.c${index})` : `d.c${index}`;
    return `${sql} AS ${quoteName(column.name)}`;
  });
  return {
    sql: `SELECT ${select.join(', ')} FROM (${query.sql}) AS d(${names.join(', ')}) GROUP BY ${keys.join(', ')}`,
    columns: query.columns,
  };
}

/** The query with its columns in given types. */
export function assignable(query: EmittedQuery, columns: readonly ColumnInfo[]): string {
  const isSame = columns.every(
    (column, index) => duckdbTypeText(column.type) === duckdbTypeText((query.columns[index] as ColumnInfo).type),
  );
  if (isSame) return query.sql;
  const names = columns.map((_column, index) => `c${index}`);
  const list = columns.map(
    (column, index) => `CAST(s.c${index} AS ${duckdbTypeText(column.type)}) AS ${quoteName(column.name)}`,
  );
  return `SELECT ${list.join(', ')} FROM (${query.sql}) AS s(${names.join(', ')})`;
}
