/** Casts: each pair of types that is known to give the same value, and no other. */
import type { Expression } from './ast.ts';
import { constantOf, isUtc, literalText } from './emit-literal.ts';
import { type Context, isRedshift, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { duckdbTypeText, isBytes, isFloat, isInteger, isNumeric, isText, type SqlType } from './sql-type.ts';
import { instantOfLocal, localOfInstant } from './utc.ts';

type CastExpression = Extract<Expression, { kind: 'cast' }>;

export function typeEquals(left: SqlType, right: SqlType): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function refuse(from: SqlType, to: SqlType, at: number): never {
  throw new NotSupported(`a cast from ${from.kind} to ${to.kind}`, at);
}

export function emitCast(context: Context, cast: CastExpression, value: Value): Value {
  const { type } = cast;
  const { operand } = cast;
  const text = literalText(value);
  const isFloatText = operand.kind === 'literal' && operand.value.type === 'float';
  if (text !== null && !isText(type) && !cast.isTry && hasConstantForm(type))
    return constantOf(context, text, type, cast);
  if (isFloatText && isFloat(type))
    return { ...value, type, sql: `CAST(${value.sql} AS ${duckdbTypeText(type)})`, expression: cast };
  if (cast.isTry) return tryCast(value, type, cast);
  return { sql: castSql(context, value, type, cast.at), type, expression: cast };
}

function hasConstantForm(type: SqlType): boolean {
  return isNumeric(type) || ['date', 'timestamp', 'timestamptz', 'time', 'timetz', 'boolean'].includes(type.kind);
}

/** TRY_CAST only where a wrong text gives NULL and nothing else differs. */
function tryCast(value: Value, type: SqlType, cast: CastExpression): Value {
  const duckdb = duckdbTypeText(type);
  if (isText(value.type) && isInteger(type)) {
    const sql = `CASE WHEN regexp_full_match(${value.sql}, ' *[+-]?[0-9]+ *') THEN TRY_CAST(trim(${value.sql}) AS ${duckdb}) END`;
    return { sql, type, expression: cast };
  }
  if (isInteger(value.type) && isInteger(type))
    return { sql: `TRY_CAST(${value.sql} AS ${duckdb})`, type, expression: cast };
  throw new NotSupported(`TRY_CAST from ${value.type.kind} to ${type.kind}`, cast.at);
}

/** The SQL of a cast that raises errors. */
export function castSql(context: Context, value: Value, type: SqlType, at: number): string {
  const { type: from, sql } = value;
  const plain = `CAST(${sql} AS ${duckdbTypeText(type)})`;
  if (from.kind === 'void') return plain;
  if (typeEquals(from, type)) return sql;
  if (isText(type)) return toText(context, value, type, at);
  if (isInteger(type)) return toInteger(context, value, type, at);
  if (type.kind === 'decimal') return toDecimal(value, type, at);
  if (isFloat(type)) {
    if (isText(from)) return `CAST(lakehaul_double_text(${sql}) AS ${duckdbTypeText(type)})`;
    // A decimal of more than 15 digits may take another neighbour in each engine.
    if (from.kind === 'decimal' && from.precision > 15) return refuse(from, type, at);
    return isNumeric(from) ? plain : refuse(from, type, at);
  }
  if (type.kind === 'boolean') {
    if (isText(from)) return `CAST(lakehaul_bool_text(${sql}) AS BOOLEAN)`;
    return isInteger(from) ? `(${sql} <> 0)` : refuse(from, type, at);
  }
  if (isBytes(type)) return toBytes(from, type, sql, at);
  return toTemporalOrNested(context, value, type, at);
}

function toBytes(from: SqlType, type: SqlType, sql: string, at: number): string {
  if (isText(from)) {
    // CHAR to VARBYTE keeps the padding, which the store has not.
    if (from.kind === 'char') return refuse(from, type, at);
    return `encode(${sql})`;
  }
  // Longer bytes are refused row by row; whether an explicit cast would cut them is not documented.
  if (from.kind === 'varbyte' && type.kind === 'varbyte' && from.length > type.length)
    return `lakehaul_bytes_fit(${sql}, ${type.length})`;
  return isBytes(from) &&
    (type.kind === 'binary' || (from.kind === 'varbyte' && type.kind === 'varbyte' && from.length <= type.length))
    ? sql
    : refuse(from, type, at);
}

function toText(context: Context, value: Value, type: SqlType, at: number): string {
  const { type: from, sql } = value;
  const text = textOf(context, value, type, at);
  if (type.kind === 'string') return text;
  if (type.kind !== 'char' && type.kind !== 'varchar') return text;
  if (!isRedshift(context)) return refuse(from, type, at);
  const longest =
    value.expression.kind === 'call' ? (longestOfCall(value.expression) ?? longestText(from)) : longestText(from);
  const trimmed = type.kind === 'char' ? (cut: string) => `rtrim(${cut}, ' ')` : (cut: string) => cut;
  if (longest !== null && longest <= type.length)
    return type.kind === 'char' && from.kind !== 'char' ? trimmed(text) : text;
  if (isText(from)) return trimmed(`lakehaul_cut(${sql}, ${type.length})`);
  return `lakehaul_number_fit(${text}, ${type.length})`;
}

/** Days between dates have few digits, though their type is BIGINT. */
function longestOfCall(call: Extract<Expression, { kind: 'call' }>): number | null {
  const [unit] = call.args;
  const isDays = call.name === 'datediff' && unit?.kind === 'column' && unit.parts[0] === 'day';
  return isDays ? 11 : null;
}

/** Bytes of the longest text of a type; null when unknown. */
function longestText(type: SqlType): number | null {
  switch (type.kind) {
    case 'char':
    case 'varchar':
      return type.length;
    case 'tinyint':
      return 4;
    case 'smallint':
      return 6;
    case 'integer':
      return 11;
    case 'bigint':
      return 20;
    case 'decimal':
      return type.precision + 3;
    case 'date':
      return 10;
    case 'time':
      return 15;
    case 'timetz':
      return 21;
    case 'timestamp':
      return 26;
    case 'timestamptz':
      return 29;
    case 'real':
      return 14;
    case 'double':
      return 22;
    default:
      return null;
  }
}

function textOf(context: Context, value: Value, type: SqlType, at: number): string {
  const { type: from, sql } = value;
  if (isText(from)) return sql;
  if (isInteger(from) || from.kind === 'decimal' || from.kind === 'date') return `CAST(${sql} AS VARCHAR)`;
  if (from.kind === 'boolean') {
    if (isRedshift(context)) throw new SqlSemanticError('type', 'cannot cast type boolean to character varying', at);
    return `CAST(${sql} AS VARCHAR)`;
  }
  if (isRedshift(context) && (from.kind === 'time' || from.kind === 'timetz')) return `CAST(${sql} AS VARCHAR)`;
  if (isBytes(from)) return `decode(${sql})`;
  if (isRedshift(context) && isFloat(from))
    return `lakehaul_float_text(${sql}, '{:.${from.kind === 'real' ? 6 : 15}g}')`;
  if (isRedshift(context) && from.kind === 'timestamp') return `CAST(${sql} AS VARCHAR)`;
  if (isRedshift(context) && from.kind === 'timestamptz') {
    needUtc(context, at);
    return `CAST(${sql} AS VARCHAR)`;
  }
  // Java's text of floats and Spark's of timestamps are not DuckDB's.
  return refuse(from, type, at);
}

function toInteger(context: Context, value: Value, type: SqlType, at: number): string {
  const { type: from, sql } = value;
  const duckdb = duckdbTypeText(type);
  if (isInteger(from)) return `CAST(${sql} AS ${duckdb})`;
  if (value.integerSql !== undefined) return `CAST(${value.integerSql} AS ${duckdb})`;
  if (isText(from)) return `CAST(lakehaul_int_text(${sql}) AS ${duckdb})`;
  if (from.kind === 'boolean') return `CAST(${sql} AS ${duckdb})`;
  if (from.kind === 'decimal' && from.scale === 0) return `CAST(${sql} AS ${duckdb})`;
  // Spark cuts the fraction off; Redshift is let through for whole numbers alone.
  const { expression } = value;
  const isWhole = expression.kind === 'call' && (expression.name === 'floor' || expression.name === 'ceil');
  if (isWhole) return `CAST(${sql} AS ${duckdb})`;
  if (isFloat(from) || from.kind === 'decimal')
    return `CAST(${isRedshift(context) ? 'lakehaul_whole' : 'trunc'}(${sql}) AS ${duckdb})`;
  return refuse(from, type, at);
}

function toDecimal(value: Value, type: Extract<SqlType, { kind: 'decimal' }>, at: number): string {
  const { type: from, sql } = value;
  if (isInteger(from) || from.kind === 'decimal') return `CAST(${sql} AS ${duckdbTypeText(type)})`;
  if (isText(from)) return `CAST(lakehaul_decimal_text(${sql}, ${type.scale}) AS ${duckdbTypeText(type)})`;
  return refuse(from, type, at);
}

function needUtc(context: Context, at: number): void {
  if (!isUtc(context)) throw new NotSupported('a conversion in a session time zone other than UTC', at);
}

function toTemporalOrNested(context: Context, value: Value, type: SqlType, at: number): string {
  const { type: from, sql } = value;
  switch (type.kind) {
    case 'date':
      if (isText(from)) return `CAST(lakehaul_date_text(${sql}) AS DATE)`;
      if (from.kind === 'timestamp') return `CAST(${sql} AS DATE)`;
      if (from.kind !== 'timestamptz') return refuse(from, type, at);
      needUtc(context, at);
      return `CAST(${localOfInstant(sql)} AS DATE)`;
    case 'timestamp':
      if (isText(from)) return `CAST(lakehaul_timestamp_text(${sql}) AS TIMESTAMP)`;
      if (from.kind === 'date') return `CAST(${sql} AS TIMESTAMP)`;
      if (from.kind !== 'timestamptz') return refuse(from, type, at);
      needUtc(context, at);
      return localOfInstant(sql);
    case 'timestamptz':
      needUtc(context, at);
      if (isText(from)) return instantOfLocal(`CAST(lakehaul_timestamp_text(${sql}) AS TIMESTAMP)`);
      if (from.kind === 'date' || from.kind === 'timestamp') return instantOfLocal(`CAST(${sql} AS TIMESTAMP)`);
      return refuse(from, type, at);
    case 'time':
      return from.kind === 'timestamp' ? `CAST(${sql} AS TIME)` : refuse(from, type, at);
    default:
      return refuse(from, type, at);
  }
}

/**
 * A value stored into a column: casts that an assignment makes by itself. Text that is too long is an error here, where
 * an explicit cast would cut it.
 */
export function assignSql(context: Context, value: Value, type: SqlType): string {
  const { at } = value.expression;
  const text = literalText(value);
  if (text !== null && !isText(type) && hasConstantForm(type))
    return constantOf(context, text, type, value.expression).sql;
  if ((type.kind === 'char' || type.kind === 'varchar') && isText(value.type)) {
    const longest = longestText(value.type);
    const isShort = longest !== null && longest <= type.length && isRedshift(context);
    const fit = isRedshift(context) ? 'lakehaul_fit' : 'lakehaul_fit_chars';
    const sql = isShort ? value.sql : `${fit}(${value.sql}, ${type.length})`;
    return type.kind === 'char' ? `rtrim(${sql}, ' ')` : sql;
  }
  if (!isAssignable(context, value.type, type))
    throw new SqlSemanticError(
      'type',
      `a value of type ${value.type.kind} cannot be stored in a column of type ${type.kind}`,
      at,
    );
  return castSql(context, value, type, at);
}

const WIDTH: Partial<Record<SqlType['kind'], number>> = { tinyint: 1, smallint: 2, integer: 3, bigint: 4 };

function isAssignable(context: Context, from: SqlType, to: SqlType): boolean {
  if (from.kind === 'void' || typeEquals(from, to)) return true;
  if (isText(from) !== isText(to)) return !isText(from) && to.kind === 'string' && from.kind !== 'boolean';
  // ANSI store assignment takes narrower numbers too, with an error on overflow.
  if (isNumeric(from) && isNumeric(to)) {
    return isInteger(from) && isInteger(to) ? (WIDTH[from.kind] ?? 0) > 0 : !(isFloat(from) && to.kind === 'decimal');
  }
  if (isRedshift(context) && from.kind === 'super') return to.kind === 'super';
  return (
    from.kind === to.kind ||
    (['date', 'timestamp', 'timestamptz'].includes(from.kind) &&
      ['date', 'timestamp', 'timestamptz'].includes(to.kind)) ||
    (isBytes(from) && isBytes(to)) ||
    (isText(from) && isText(to))
  );
}
