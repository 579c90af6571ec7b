/** Aggregates, with the result types and overflow errors of each dialect. */
import type { Call } from './ast.ts';
import { keySql, needsTrim } from './emit-compare.ts';
import { emit, predicateSql } from './emit-expression.ts';
import { literalText } from './emit-literal.ts';
import { overSql, sortKeysSql } from './emit-window.ts';
import { type Context, isRedshift, quoteText, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { duckdbTypeText, isFloat, isInteger, isText, REDSHIFT_TEXT_MAX, type SqlType } from './sql-type.ts';

export const AGGREGATES = new Set([
  'count',
  'sum',
  'min',
  'max',
  'avg',
  'listagg',
  'string_agg',
  'bool_and',
  'bool_or',
  'any_value',
  'count_if',
  'every',
  'some',
]);

interface Parts {
  name: string;
  args: string;
  type: SqlType;
  /** Result type differs from what DuckDB gives. */
  cast?: boolean;
}

export function emitAggregate(context: Context, call: Call): Value {
  if (call.over === null && !context.mayAggregate)
    throw new SqlSemanticError('other', `the aggregate ${call.name}() is not allowed here`, call.at);
  if (call.nulls !== null) throw new NotSupported(`IGNORE NULLS of ${call.name}()`, call.at);
  // Inside of a plain aggregate the rows are the input's; inside of a windowed one they are the groups'.
  const inner: Context =
    call.over === null
      ? { ...context, mayAggregate: false, mayWindow: false, grouped: null }
      : { ...context, mayWindow: false };
  const filter = call.filter === null ? '' : ` FILTER (WHERE ${predicateSql(inner, call.filter)})`;
  const over = call.over === null ? '' : overSql(context, call, call.over);
  if (call.name === 'avg' && isRedshift(context)) {
    const average = wholeAverage(inner, call, over);
    if (average !== null) return average;
  }
  if (call.name === 'sum') {
    const guarded = guardedSum(inner, call, `${filter}${over}`);
    if (guarded !== null) return guarded;
  }
  const parts = partsOf(inner, call);
  const sql = `${parts.name}(${parts.args})${filter}${over}`;
  return {
    sql: parts.cast === true ? `CAST(${sql} AS ${duckdbTypeText(parts.type)})` : sql,
    type: parts.type,
    expression: call,
  };
}

function oneArgument(context: Context, call: Call): Value {
  const [argument] = call.args;
  if (argument === undefined || call.star)
    throw new SqlSemanticError('other', `${call.name}() needs an argument`, call.at);
  if (call.args.length > 1 && call.name !== 'listagg' && call.name !== 'string_agg')
    throw new NotSupported(`${call.name}() of several arguments`, call.at);
  return emit(context, argument);
}

function partsOf(context: Context, call: Call): Parts {
  if (call.withinGroup !== null && call.name !== 'listagg' && call.name !== 'string_agg')
    throw new NotSupported(`WITHIN GROUP of ${call.name}()`, call.at);
  if (call.name === 'count' && call.star) return { name: 'count', args: '*', type: { kind: 'bigint' } };
  const value = oneArgument(context, call);
  const distinct = call.distinct ? 'DISTINCT ' : '';
  switch (call.name) {
    case 'count':
      return {
        name: 'count',
        args: call.distinct ? distinct + keySql(context, value) : value.sql,
        type: { kind: 'bigint' },
      };
    case 'sum':
      return { name: 'sum', args: distinct + value.sql, type: sumType(context, value), cast: true };
    case 'avg':
      return average(context, value, distinct);
    case 'min':
    case 'max':
      return extreme(context, call.name, value);
    case 'any_value':
      return { name: 'any_value', args: value.sql, type: value.type };
    case 'count_if':
      if (isRedshift(context) || value.type.kind !== 'boolean') throw new NotSupported('count_if()', call.at);
      return { name: 'count_if', args: value.sql, type: { kind: 'bigint' }, cast: true };
    case 'bool_and':
    case 'bool_or':
    case 'every':
    case 'some':
      if (value.type.kind !== 'boolean') throw new NotSupported(`${call.name}() of ${value.type.kind}`, call.at);
      return {
        name: call.name === 'every' ? 'bool_and' : call.name === 'some' ? 'bool_or' : call.name,
        args: value.sql,
        type: value.type,
      };
    default:
      return joined(context, call, value);
  }
}

function sumType(context: Context, value: Value): SqlType {
  const { type } = value;
  // RDG: BIGINT for whole numbers; DECIMAL keeps its scale at 38 digits. The cast raises the overflow error.
  if (isInteger(type)) return { kind: 'bigint' };
  if (isFloat(type)) return { kind: 'double' };
  if (type.kind !== 'decimal') throw new NotSupported(`sum() of ${type.kind}`, value.expression.at);
  if (isRedshift(context)) return { kind: 'decimal', precision: 38, scale: type.scale };
  return { kind: 'decimal', precision: Math.min(38, type.precision + 10), scale: type.scale };
}

function average(context: Context, value: Value, distinct: string): Parts {
  const { type } = value;
  if (isFloat(type)) return { name: 'avg', args: `${distinct}CAST(${value.sql} AS DOUBLE)`, type: { kind: 'double' } };
  if (!isInteger(type)) throw new NotSupported(`avg() of ${type.kind}`, value.expression.at);
  if (!isRedshift(context)) return { name: 'avg', args: distinct + value.sql, type: { kind: 'double' } };
  throw new NotSupported('this form of avg() of integers', value.expression.at);
}

/** Decimals of so many digits cannot overflow 38 in fewer than 10^18 rows. */
const SAFE_SUM_DIGITS = 20;

/**
 * DuckDB's sum of DECIMAL wraps around at 2^127 without a word, and does not check 38 digits either. A second sum, in
 * doubles, says whether the exact one can be trusted. Not needed where the values are integers below their cast, which
 * sums of hashes are.
 */
function guardedSum(context: Context, call: Call, tail: string): Value | null {
  const value = oneArgument(context, call);
  if (value.type.kind !== 'decimal' || value.type.precision <= SAFE_SUM_DIGITS) return null;
  const { expression } = value;
  if (expression.kind === 'cast' && isInteger(emit(context, expression.operand).type)) return null;
  const type = sumType(context, value);
  const distinct = call.distinct ? 'DISTINCT ' : '';
  const limit = `9.99e${37 - value.type.scale}`;
  const sql = `lakehaul_sum(sum(${distinct}${value.sql})${tail}, sum(${distinct}CAST(${value.sql} AS DOUBLE))${tail}, ${limit}::DOUBLE)`;
  return { sql: `CAST(${sql} AS ${duckdbTypeText(type)})`, type, expression: call };
}

/** AVG of integers is a BIGINT on Redshift, its fraction cut off. */
function wholeAverage(context: Context, call: Call, over: string): Value | null {
  const value = oneArgument(context, call);
  if (!isInteger(value.type)) return null;
  const args = `(${call.distinct ? 'DISTINCT ' : ''}${value.sql})${over}`;
  return { sql: `CAST(sum${args} // nullif(count${args}, 0) AS BIGINT)`, type: { kind: 'bigint' }, expression: call };
}

function extreme(context: Context, name: 'min' | 'max', value: Value): Parts {
  const key = keySql(context, value);
  if (isRedshift(context) && needsTrim(value.type))
    return { name: `arg_${name}`, args: `${value.sql}, ${key}`, type: value.type };
  return { name, args: value.sql, type: value.type };
}

function joined(context: Context, call: Call, value: Value): Parts {
  if (!isText(value.type) || call.over !== null)
    throw new NotSupported(`${call.name}() of ${value.type.kind}`, call.at);
  if (call.distinct && isRedshift(context) && needsTrim(value.type))
    throw new NotSupported('LISTAGG(DISTINCT …) of VARCHAR', call.at);
  const separator = call.args[1] === undefined ? '' : literalText(emit(context, call.args[1]));
  if (separator === null) throw new NotSupported('a separator that is no constant', call.at);
  const order = call.withinGroup === null ? '' : ` ORDER BY ${sortKeysSql(context, call.withinGroup)}`;
  const args = `${call.distinct ? 'DISTINCT ' : ''}${value.sql}, ${quoteText(separator)}${order}`;
  return {
    name: 'string_agg',
    args,
    type: isRedshift(context) ? { kind: 'varchar', length: REDSHIFT_TEXT_MAX } : { kind: 'string' },
  };
}
