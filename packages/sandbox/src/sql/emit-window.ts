/** OVER clauses and the functions that need one. */
import type { Call, FrameBound, SortKey, WindowSpec } from './ast.ts';
import { keySql } from './emit-compare.ts';
import { emit } from './emit-expression.ts';
import { type Context, isRedshift, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';

export const WINDOW_ONLY = new Set([
  'row_number',
  'rank',
  'dense_rank',
  'lag',
  'lead',
  'first_value',
  'last_value',
  'ntile',
]);

/** NULL order is spoken out, since all three have defaults of their own. */
export function sortKeySql(context: Context, key: SortKey, sql: string): string {
  // Redshift: NULLs are larger than everything; Databricks: smaller.
  const first = key.nulls === null ? isRedshift(context) === key.descending : key.nulls === 'first';
  return `${sql} ${key.descending ? 'DESC' : 'ASC'} NULLS ${first ? 'FIRST' : 'LAST'}`;
}

export function sortKeysSql(context: Context, keys: readonly SortKey[]): string {
  return keys.map((key) => sortKeySql(context, key, keySql(context, emit(context, key.expression)))).join(', ');
}

function boundSql(bound: FrameBound): string {
  if (bound.kind !== 'preceding' && bound.kind !== 'following') return bound.kind.toUpperCase();
  const { count } = bound;
  if (count.kind !== 'literal' || count.value.type !== 'integer') throw new NotSupported('this window frame', count.at);
  return `${count.value.text} ${bound.kind.toUpperCase()}`;
}

export function overSql(context: Context, call: Call, over: WindowSpec): string {
  if (!context.mayWindow)
    throw new SqlSemanticError('other', `the window function ${call.name} is not allowed here`, call.at);
  const inner: Context = { ...context, mayWindow: false };
  const parts: string[] = [];
  if (over.partitionBy.length > 0)
    parts.push(`PARTITION BY ${over.partitionBy.map((key) => keySql(inner, emit(inner, key))).join(', ')}`);
  if (over.orderBy.length > 0) parts.push(`ORDER BY ${sortKeysSql(inner, over.orderBy)}`);
  const { frame } = over;
  if (frame !== null) {
    const isNumbered = frame.unit === 'range' && [frame.start, frame.end].some((bound) => 'count' in bound);
    if (isNumbered) throw new NotSupported('RANGE with an offset', call.at);
    parts.push(`${frame.unit.toUpperCase()} BETWEEN ${boundSql(frame.start)} AND ${boundSql(frame.end)}`);
  } else if (isRedshift(context) && over.orderBy.length > 0 && !WINDOW_ONLY.has(call.name))
    throw new SqlSemanticError(
      'other',
      'Aggregate window functions with an ORDER BY clause require a frame clause',
      call.at,
    );
  return ` OVER (${parts.join(' ')})`;
}

export function emitWindowOnly(context: Context, call: Call): Value {
  const { over } = call;
  if (over === null) throw new SqlSemanticError('other', `${call.name}() needs an OVER clause`, call.at);
  if (call.distinct || call.filter !== null || call.star)
    throw new NotSupported(`this form of ${call.name}()`, call.at);
  const values = call.args.map((argument) => emit({ ...context, mayWindow: false }, argument));
  const nulls = call.nulls === 'ignore' ? ' IGNORE NULLS' : '';
  const sql = `${call.name}(${values.map((value) => value.sql).join(', ')}${nulls})${overSql(context, call, over)}`;
  const [first] = values;
  if (first !== undefined && call.name !== 'ntile') {
    if (values.length > 2) throw new NotSupported(`a default value of ${call.name}()`, call.at);
    return { sql, type: first.type, expression: call };
  }
  const type = isRedshift(context) ? ({ kind: 'bigint' } as const) : ({ kind: 'integer' } as const);
  return { sql: `CAST(${sql} AS ${type.kind.toUpperCase()})`, type, expression: call };
}
