/** Literals as DuckDB text; a string is read as another type only where its form leaves no doubt. */
import type { Expression, Literal } from './ast.ts';
import { type Context, isRedshift, quoteText, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { duckdbTypeText, isInteger, type SqlType } from './sql-type.ts';

const INTEGER_BITS = { tinyint: 8, smallint: 16, integer: 32, bigint: 64 } as const;

function fits(digits: string, kind: keyof typeof INTEGER_BITS): boolean {
  const value = BigInt(digits);
  const limit = 1n << BigInt(INTEGER_BITS[kind] - 1);
  return value >= -limit && value < limit;
}

export function integerLiteralType(digits: string): SqlType {
  if (fits(digits, 'integer')) return { kind: 'integer' };
  if (fits(digits, 'bigint')) return { kind: 'bigint' };
  return { kind: 'decimal', precision: Math.min(38, digits.replace('-', '').length), scale: 0 };
}

function decimalType(text: string): SqlType {
  const [whole = '', fraction = ''] = text.split('.');
  const scale = fraction.length;
  return { kind: 'decimal', precision: Math.max(whole.replace(/^0+/, '').length + scale, scale, 1), scale };
}

const FORMS: Partial<Record<SqlType['kind'], RegExp>> = {
  tinyint: /^[+-]?\d+$/,
  smallint: /^[+-]?\d+$/,
  integer: /^[+-]?\d+$/,
  bigint: /^[+-]?\d+$/,
  decimal: /^[+-]?(\d+(\.\d*)?|\.\d+)$/,
  real: /^([+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|-?Infinity)$/,
  double: /^([+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|-?Infinity)$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  timestamp: /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$/,
  timestamptz: /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:\d{2})?|\+00)?)?$/,
  time: /^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$/,
  timetz: /^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?[+-]\d{2}(:\d{2})?$/,
  boolean: /^(true|false|t|f)$/i,
};

export function isUtc(context: Context): boolean {
  return ['utc', 'gmt', 'etc/utc', 'z', '+00:00'].includes((context.options.timeZone ?? 'UTC').toLowerCase());
}

/** A constant text as a value of another type. */
export function constantOf(context: Context, text: string, type: SqlType, expression: Expression): Value {
  const value = text.trim();
  const form = FORMS[type.kind];
  if (form === undefined) throw new NotSupported(`text as a ${type.kind} constant`, expression.at);
  if (!form.test(value))
    throw new SqlSemanticError(
      'type',
      `invalid or unsupported text for a constant of type ${type.kind}`,
      expression.at,
    );
  if (isInteger(type) && !fits(value, type.kind as keyof typeof INTEGER_BITS))
    throw new SqlSemanticError('type', `constant out of range for ${type.kind}`, expression.at);
  if (type.kind === 'decimal' && (value.split('.')[1] ?? '').length > type.scale)
    throw new NotSupported('rounding of a constant', expression.at);
  if (type.kind === 'timestamptz' && !/[Z+]|-\d{2}(:\d{2})?$/.test(value.slice(10)) && !isUtc(context))
    throw new NotSupported('a constant in a session time zone other than UTC', expression.at);
  return { sql: `CAST(${quoteText(value)} AS ${duckdbTypeText(type)})`, type, expression };
}

export function emitLiteral(context: Context, literal: Literal, expression: Expression): Value {
  switch (literal.type) {
    case 'null':
      return { sql: 'NULL', type: { kind: 'void' }, expression };
    case 'boolean':
      return { sql: literal.value ? 'TRUE' : 'FALSE', type: { kind: 'boolean' }, expression };
    case 'integer':
      return number(literal.text, integerLiteralType(literal.text), expression);
    case 'decimal':
      return number(literal.text, decimalType(literal.text), expression);
    case 'float':
      // 1e10 is a DOUBLE in Spark; what Redshift makes of it is not confirmed.
      if (isRedshift(context)) throw new NotSupported('a number with an exponent outside of a cast', expression.at);
      return constantOf(context, literal.text, { kind: 'double' }, expression);
    case 'string':
      return { sql: quoteText(literal.value), type: textType(context, literal.value), expression };
    case 'typed':
      return constantOf(context, literal.value, literal.sqlType, expression);
    case 'bytes':
      return { sql: `from_hex('${literal.hex}')`, type: { kind: 'binary' }, expression };
    default:
      throw new NotSupported('this literal', expression.at);
  }
}

function number(text: string, type: SqlType, expression: Expression): Value {
  if (type.kind === 'decimal' && type.precision > 38)
    throw new NotSupported('a number of more than 38 digits', expression.at);
  return { sql: `CAST(${type.kind === 'decimal' ? `'${text}'` : text} AS ${duckdbTypeText(type)})`, type, expression };
}

export function textType(context: Context, value: string): SqlType {
  if (!isRedshift(context)) return { kind: 'string' };
  return { kind: 'varchar', length: Math.max(1, Buffer.byteLength(value)) };
}

/** The text of a string literal, when the value is one. */
export function literalText(value: Value): string | null {
  const { expression } = value;
  return expression.kind === 'literal' && expression.value.type === 'string' ? expression.value.value : null;
}

export function isNullLiteral(value: Value): boolean {
  return value.type.kind === 'void';
}
