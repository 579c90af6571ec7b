/**
 * Comparisons. Redshift ignores trailing blanks of text, so both sides lose them; numbers and times stay plain, so that
 * DuckDB can push them into its scans. Bytes decide the order in both dialects, as in DuckDB.
 */
import type { Expression } from './ast.ts';
import { constantOf, isNullLiteral, isUtc, literalText } from './emit-literal.ts';
import { type Context, isRedshift, quoteText, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { isBytes, isFloat, isNumeric, isText, type SqlType } from './sql-type.ts';

const UNCOMPARABLE = [
  'super',
  'variant',
  'geometry',
  'geography',
  'hllsketch',
  'timetz',
  'array',
  'map',
  'struct',
  'interval_year_month',
  'interval_day_second',
];

/** A value as a key: equal keys are equal values in this dialect. */
export function keySql(context: Context, value: Value): string {
  const { type } = value;
  if (UNCOMPARABLE.includes(type.kind))
    throw new NotSupported(`comparing, grouping or sorting values of type ${type.kind}`, value.expression.at);
  // Spark pads CHAR(n) before it compares, and stores it padded.
  if (!isRedshift(context) && type.kind === 'char')
    throw new NotSupported('comparing, grouping or sorting a CHAR column', value.expression.at);
  if (!isRedshift(context) || !needsTrim(type)) return value.sql;
  const text = literalText(value);
  if (text !== null) return quoteText(text.replace(/ +$/, ''));
  return `rtrim(${value.sql}, ' ')`;
}

/** CHAR is stored without its padding, so only the other texts may end in blanks. */
export function needsTrim(type: SqlType): boolean {
  return type.kind === 'varchar' || type.kind === 'string';
}

const TEMPORAL = ['date', 'timestamp', 'timestamptz'];

/** Brings values to a common type; string constants take the type of the other side. */
export function unify(context: Context, values: readonly Value[]): Value[] {
  const typed = values.filter((value) => literalText(value) === null && !isNullLiteral(value));
  const first = typed[0];
  if (first === undefined) return [...values];
  const type = typed.reduce<SqlType>(
    (common, value) => commonType(context, common, value.type, value.expression),
    first.type,
  );
  return values.map((value) => {
    const text = literalText(value);
    if (text !== null && !isText(type)) return constantOf(context, text, type, value.expression);
    return value;
  });
}

function commonType(context: Context, left: SqlType, right: SqlType, expression: Expression): SqlType {
  if (isText(left) && isText(right)) return left;
  if (isNumeric(left) && isNumeric(right)) {
    if (isFloat(left) || isFloat(right)) return mixedFloat(left, right, expression);
    return left.kind === 'decimal' ? left : right;
  }
  if (isBytes(left) && isBytes(right)) return left;
  if (left.kind === right.kind) return left;
  if (TEMPORAL.includes(left.kind) && TEMPORAL.includes(right.kind)) {
    const hasZone = left.kind === 'timestamptz' || right.kind === 'timestamptz';
    if (hasZone && !isUtc(context))
      throw new NotSupported('this comparison in a time zone other than UTC', expression.at);
    if (hasZone) return { kind: 'timestamptz' };
    return { kind: 'timestamp' };
  }
  if (isText(left) || isText(right))
    throw new NotSupported(`${left.kind} beside ${right.kind} without a cast`, expression.at);
  throw new SqlSemanticError('type', `${left.kind} and ${right.kind} do not go together`, expression.at);
}

function mixedFloat(left: SqlType, right: SqlType, expression: Expression): SqlType {
  const other = isFloat(left) ? right : left;
  // Large integers and decimals lose digits on the way to a double, and not alike everywhere.
  if (
    !isFloat(other) &&
    (other.kind === 'bigint' || (other.kind === 'decimal' && other.precision > 15)) &&
    expression.kind !== 'literal'
  )
    throw new NotSupported(`${left.kind} beside ${right.kind} without a cast`, expression.at);
  return { kind: 'double' };
}

const OPS = {
  '=': '=',
  '<>': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '<=>': 'IS NOT DISTINCT FROM',
} as const;

export function compareSql(context: Context, op: keyof typeof OPS, left: Value, right: Value): string {
  const [one, two] = unify(context, [left, right]) as [Value, Value];
  return `(${keySql(context, one)} ${OPS[op]} ${keySql(context, two)})`;
}
