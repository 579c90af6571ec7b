/** + - * / % with the result types and errors of each dialect. */
import type { ArithmeticOp, Expression } from './ast.ts';
import { emit } from './emit-expression.ts';
import { constantOf, literalText } from './emit-literal.ts';
import { type Context, isRedshift, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { duckdbTypeText, isFloat, isInteger, isNumeric, type SqlType } from './sql-type.ts';

const MAX_CHAIN = 400;

type Arithmetic = Extract<Expression, { kind: 'arithmetic' }>;

export function emitArithmetic(context: Context, e: Arithmetic): Value {
  // DuckDB binds a chain in time cubic in its length (measured: 400 operands 0.5 s, 2,000 two minutes).
  if (e.rest.length > MAX_CHAIN) throw new NotSupported(`a chain of more than ${MAX_CHAIN} operators`, e.at);
  let left = emitOperand(context, e.first);
  for (const { op, operand, at } of e.rest) {
    left = step(context, { op, at, left, operand, e });
  }
  return left;
}

function emitOperand(context: Context, operand: Expression): Value {
  if (operand.kind === 'interval') return { sql: '', type: operand.type, expression: operand };
  return emit(context, operand);
}

interface Step {
  op: ArithmeticOp;
  at: number;
  left: Value;
  operand: Expression;
  e: Arithmetic;
}

function step(context: Context, { op, at, left: given, operand, e }: Step): Value {
  let left = given;
  let right = emitOperand(context, operand);
  if (literalText(right) !== null && isNumeric(left.type))
    right = constantOf(context, literalText(right) as string, left.type, operand);
  if (literalText(left) !== null && isNumeric(right.type))
    left = constantOf(context, literalText(left) as string, right.type, e);
  const make = (sql: string, type: SqlType): Value => ({ sql, type, expression: e });
  const temporal = temporalStep(context, { op, at, left, right });
  if (temporal !== null) return make(temporal.sql, temporal.type);
  if (left.type.kind === 'void')
    left = { ...left, type: right.type, sql: `CAST(NULL AS ${duckdbTypeText(right.type)})` };
  if (right.type.kind === 'void')
    right = { ...right, type: left.type, sql: `CAST(NULL AS ${duckdbTypeText(left.type)})` };
  if (!isNumeric(left.type) || !isNumeric(right.type))
    throw new NotSupported(`${left.type.kind} ${op} ${right.type.kind}`, at);
  const type = resultOf(context, { op, at, left, right });
  const [a, b] = [operandIn(left, type, op), operandIn(right, type, op)];
  if (op === '/') {
    return make(isInteger(type) ? `(${a} // ${nonZero(b, right)})` : `(${a} / ${nonZero(b, right)})`, type);
  }
  if (op === '%') return make(`(${a} % ${nonZero(b, right)})`, type);
  const sql = `(${a} ${op} ${b})`;
  return make(type.kind === 'decimal' ? `CAST(${sql} AS ${duckdbTypeText(type)})` : sql, type);
}

function operandIn(value: Value, type: SqlType, op: ArithmeticOp): string {
  if (type.kind === 'decimal') {
    if (value.type.kind === 'decimal') return value.sql;
    const precision = DIGITS[value.type.kind] ?? 19;
    return op === '*' || isInteger(value.type) ? `CAST(${value.sql} AS DECIMAL(${precision},0))` : value.sql;
  }
  return value.type.kind === type.kind ? value.sql : `CAST(${value.sql} AS ${duckdbTypeText(type)})`;
}

/** DuckDB gives NULL or infinity for a division by zero; both clouds raise. A constant that is not zero needs no test. */
function nonZero(sql: string, value: Value): string {
  const { expression } = value;
  if (
    expression.kind === 'literal' &&
    (expression.value.type === 'integer' || expression.value.type === 'decimal') &&
    /[1-9]/.test(expression.value.text)
  )
    return sql;
  return `lakehaul_divisor(${sql})`;
}

const DIGITS: Partial<Record<SqlType['kind'], number>> = { tinyint: 3, smallint: 5, integer: 10, bigint: 19 };
const ORDER = ['tinyint', 'smallint', 'integer', 'bigint'];

interface Operands {
  op: ArithmeticOp;
  at: number;
  left: Value;
  right: Value;
}

function resultOf(context: Context, { op, at, left, right }: Operands): SqlType {
  const types = [left.type, right.type];
  if (types.every(isInteger)) {
    if (op === '/' && !isRedshift(context)) return { kind: 'double' };
    return { kind: ORDER[Math.max(...types.map((type) => ORDER.indexOf(type.kind)))] as 'integer' };
  }
  if (types.some(isFloat)) {
    if (types.every((type) => type.kind === 'real'))
      throw new NotSupported('arithmetic of single precision (cast to double first)', at);
    const others = types.filter((type) => !isFloat(type));
    const isExact = others.every((type) => type.kind !== 'decimal' || type.precision <= 15);
    if (!isExact || types.some((type) => type.kind === 'real') || op === '%')
      throw new NotSupported(`${left.type.kind} ${op} ${right.type.kind} without a cast`, at);
    return { kind: 'double' };
  }
  if (op === '/' || op === '%') throw new NotSupported(`${op} of decimals`, at);
  return decimalResult(context, { op, at, left, right });
}

function digitsOf(context: Context, value: Value): { precision: number; scale: number } {
  if (value.type.kind === 'decimal') return value.type;
  const { expression } = value;
  // Spark takes an integer literal as the decimal that just holds it, a BIGINT as (20,0).
  if (!isRedshift(context) && expression.kind === 'literal' && expression.value.type === 'integer')
    return { precision: expression.value.text.length, scale: 0 };
  if (!isRedshift(context) && value.type.kind === 'bigint') return { precision: 20, scale: 0 };
  return { precision: DIGITS[value.type.kind] ?? 19, scale: 0 };
}

/** The rules are the same in both: r_numeric_computations201, and Spark's DecimalPrecision. */
function decimalResult(context: Context, { op, at, left, right }: Operands): SqlType {
  const one = digitsOf(context, left);
  const two = digitsOf(context, right);
  const isProduct = op === '*';
  const scale = isProduct ? one.scale + two.scale : Math.max(one.scale, two.scale);
  const precision = isProduct
    ? one.precision + two.precision + 1
    : Math.max(one.precision - one.scale, two.precision - two.scale) + scale + 1;
  if (precision <= 38) return { kind: 'decimal', precision, scale };
  // Beyond 38 digits each dialect gives up scale in its own way; without scale there is nothing to give up.
  if (scale === 0) return { kind: 'decimal', precision: 38, scale: 0 };
  throw new NotSupported('decimal arithmetic beyond 38 digits', at);
}

function intervalSql(value: Value): string | null {
  const { expression } = value;
  if (value.type.kind !== 'interval_year_month' && value.type.kind !== 'interval_day_second') return null;
  if (expression.kind !== 'interval') return value.sql;
  return expression.type.kind === 'interval_year_month'
    ? `to_months(${expression.months})`
    : `to_microseconds(${expression.micros})`;
}

function temporalStep(context: Context, { op, at, left, right }: Operands): { sql: string; type: SqlType } | null {
  const interval = intervalSql(right);
  if (intervalSql(left) !== null) throw new NotSupported('an INTERVAL on the left side', at);
  const { kind } = left.type;
  if (interval !== null) {
    if (op !== '+' && op !== '-') throw new NotSupported(`${op} with an INTERVAL`, at);
    if (kind === 'timestamp') return { sql: `(${left.sql} ${op} ${interval})`, type: left.type };
    // In UTC an instant moves as its local time does.
    if (kind === 'timestamptz' && (context.options.timeZone ?? 'UTC') === 'UTC')
      return { sql: `(${left.sql} ${op} ${interval})`, type: left.type };
    if (kind === 'date' && isRedshift(context))
      return { sql: `(${left.sql} ${op} ${interval})`, type: { kind: 'timestamp' } };
    throw new NotSupported(`${kind} ${op} INTERVAL`, at);
  }
  if (kind !== 'date') {
    if (isNumeric(left.type) || left.type.kind === 'void') return null;
    throw new SqlSemanticError('type', `operator ${op} does not go with ${kind} and ${right.type.kind}`, at);
  }
  if (isInteger(right.type) && (op === '+' || op === '-'))
    return { sql: `(${left.sql} ${op} CAST(${right.sql} AS INTEGER))`, type: left.type };
  if (right.type.kind === 'date' && op === '-' && isRedshift(context))
    return { sql: `CAST(${left.sql} - ${right.sql} AS INTEGER)`, type: { kind: 'integer' } };
  throw new NotSupported(`date ${op} ${right.type.kind}`, at);
}
