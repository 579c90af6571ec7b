/** Expressions to DuckDB SQL with their types. */
import type { Expression } from './ast.ts';
import { emitArithmetic } from './emit-arithmetic.ts';
import { emitCall } from './emit-call.ts';
import { emitCast } from './emit-cast.ts';
import { compareSql, keySql, unify } from './emit-compare.ts';
import { constantOf, emitLiteral, integerLiteralType, isNullLiteral, literalText } from './emit-literal.ts';
import { emitQueryIn } from './emit-query.ts';
import { emitExtract } from './emit-time.ts';
import {
  type Context,
  columnSql,
  findColumn,
  isRedshift,
  quoteName,
  quoteText,
  sameName,
  shapeOf,
  type Value,
} from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { duckdbTypeText, isInteger, isNumeric, isText, REDSHIFT_TEXT_MAX, type SqlType } from './sql-type.ts';
import { instantOfLocal, localOfInstant } from './utc.ts';

const BOOLEAN: SqlType = { kind: 'boolean' };

export function emit(context: Context, expression: Expression): Value {
  const value = emitAny(context, expression);
  if (context.grouped !== null && context.grouped.size > 0) {
    const sql = context.grouped.get(shapeOf(expression));
    if (sql !== undefined) return { ...value, sql };
  }
  return value;
}

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

function emitAny(context: Context, e: Expression): Value {
  switch (e.kind) {
    case 'literal':
      return emitLiteral(context, e.value, e);
    case 'column':
      return emitColumn(context, e);
    case 'parameter':
      return emitParameter(context, e);
    case 'negate':
      return emitNegate(context, e);
    case 'plus':
      return emit(context, e.operand);
    case 'arithmetic':
      return emitArithmetic(context, e);
    case 'concat':
      return emitConcat(context, e);
    case 'cast':
      return emitCast(context, e, isExponent(e.operand) ? exponentText(e.operand, e.type) : emit(context, e.operand));
    case 'case':
      return emitCase(context, e);
    case 'call':
      return emitCall(context, e);
    case 'extract':
      return emitExtract(context, e.field, emit(context, e.operand), e);
    case 'interval':
      // Redshift stores intervals; DuckDB's keep months and microseconds apart as well.
      if (!isRedshift(context)) throw new NotSupported('an INTERVAL outside of date arithmetic', e.at);
      return {
        sql: e.type.kind === 'interval_year_month' ? `to_months(${e.months})` : `to_microseconds(${e.micros})`,
        type: e.type,
        expression: e,
      };
    case 'at-time-zone':
      return emitAtTimeZone(context, e);
    case 'scalar-query':
      return emitScalarQuery(context, e);
    case 'field':
      return fieldOf(context, emit(context, e.operand), e.name, e);
    case 'index':
    case 'array':
      throw new NotSupported('an array value', e.at);
    default:
      return { sql: emitBoolean(context, e), type: BOOLEAN, expression: e };
  }
}

type BooleanExpression = Of<
  | 'not'
  | 'and'
  | 'or'
  | 'compare'
  | 'is-null'
  | 'is-boolean'
  | 'is-distinct'
  | 'between'
  | 'in-list'
  | 'in-query'
  | 'like'
  | 'exists'
>;

const not = (negated: boolean, sql: string): string => (negated ? `(NOT ${sql})` : sql);

function emitBoolean(context: Context, e: BooleanExpression): string {
  switch (e.kind) {
    case 'not':
      return `(NOT ${predicateSql(context, e.operand)})`;
    case 'and':
    case 'or':
      return joinBalanced(
        e.operands.map((operand) => predicateSql(context, operand)),
        e.kind === 'and' ? ' AND ' : ' OR ',
      );
    case 'compare':
      return compareSql(context, e.op, emit(context, e.left), emit(context, e.right));
    case 'is-null':
      return `(${emit(context, e.operand).sql} IS ${e.negated ? 'NOT ' : ''}NULL)`;
    case 'is-boolean':
      return `(${predicateSql(context, e.operand)} IS ${e.negated ? 'NOT ' : ''}${e.value ? 'TRUE' : 'FALSE'})`;
    case 'is-distinct':
      return emitDistinct(context, e);
    case 'between':
      return emitBetween(context, e);
    case 'in-list':
      return emitInList(context, e);
    case 'in-query':
      return emitInQuery(context, e);
    case 'like':
      return emitLike(context, e);
    case 'exists':
      return `EXISTS (${emitQueryIn(context, e.query).sql})`;
  }
}

/** An expression that must be a truth value. */
export function predicateSql(context: Context, expression: Expression): string {
  const value = emit(context, expression);
  if (value.type.kind === 'void') return 'CAST(NULL AS BOOLEAN)';
  if (value.type.kind === 'boolean') return value.sql;
  throw new SqlSemanticError('type', `argument must be boolean, not ${value.type.kind}`, expression.at);
}

/** Long chains as a balanced tree, so that no stack of DuckDB is at risk; DuckDB flattens AND and OR again. */
export function joinBalanced(parts: readonly string[], separator: string): string {
  if (parts.length <= 16) return parts.length === 1 ? (parts[0] as string) : `(${parts.join(separator)})`;
  const groups: string[] = [];
  const size = Math.max(16, Math.ceil(parts.length / 16));
  for (let from = 0; from < parts.length; from += size)
    groups.push(joinBalanced(parts.slice(from, from + size), separator));
  return joinBalanced(groups, separator);
}

function emitColumn(context: Context, e: Of<'column'>): Value {
  const found = findColumn(context, e.parts, e.at);
  let value: Value = { sql: columnSql(found), type: found.column.type, expression: e };
  for (const name of found.fields) value = fieldOf(context, value, name, e);
  return value;
}

function fieldOf(context: Context, value: Value, name: string, e: Expression): Value {
  if (value.type.kind !== 'struct' || isRedshift(context))
    throw new NotSupported(`the path .${name} into a value`, e.at);
  const field = value.type.fields.find((candidate) => sameName(context, candidate.name, name));
  if (field === undefined) throw new SqlSemanticError('unknown-column', `no field ${name} in the struct`, e.at);
  return { sql: `(${value.sql}).${quoteName(field.name)}`, type: field.type, expression: e };
}

function emitParameter(context: Context, e: Of<'parameter'>): Value {
  const parameter = context.options.parameters?.[e.name];
  if (parameter === undefined) throw new SqlSemanticError('other', `no value for the parameter :${e.name}`, e.at);
  if (parameter.value === null)
    return { sql: `CAST(NULL AS ${duckdbTypeText(parameter.type)})`, type: parameter.type, expression: e };
  if (isText(parameter.type)) return { sql: quoteText(parameter.value), type: parameter.type, expression: e };
  return constantOf(context, parameter.value, parameter.type, e);
}

function isExponent(e: Expression): boolean {
  return e.kind === 'literal' && e.value.type === 'float';
}

/** 1e30 under a cast: the digits go to DuckDB as text, so that only one rounding happens. */
function exponentText(e: Expression, type: SqlType): Value {
  if (e.kind !== 'literal' || e.value.type !== 'float' || (type.kind !== 'double' && type.kind !== 'real'))
    throw new NotSupported('a number with an exponent in this cast', e.at);
  return { sql: quoteText(e.value.text), type: { kind: 'string' }, expression: e };
}

function emitNegate(context: Context, e: Of<'negate'>): Value {
  const { operand } = e;
  if (operand.kind === 'literal' && operand.value.type === 'integer') {
    const text = `-${operand.value.text}`;
    const type = integerLiteralType(text);
    // -9223372036854775808 must be a BIGINT at once: its digits alone are none.
    return { sql: `CAST('${text}' AS ${duckdbTypeText(type)})`, type, expression: e };
  }
  const value = emit(context, operand);
  if (!isNumeric(value.type)) throw new NotSupported(`- before ${value.type.kind}`, e.at);
  return { sql: `(-${value.sql})`, type: value.type, expression: e };
}

/** Numbers join texts by themselves in Spark, and in Redshift only by cast. */
export function asText(context: Context, value: Value): string {
  if (isText(value.type)) return value.sql;
  if (isNullLiteral(value)) return 'CAST(NULL AS VARCHAR)';
  const canJoin =
    !isRedshift(context) && (isInteger(value.type) || value.type.kind === 'decimal' || value.type.kind === 'date');
  if (canJoin) return `CAST(${value.sql} AS VARCHAR)`;
  throw new NotSupported(`${value.type.kind} as text without a cast`, value.expression.at);
}

export function textLength(type: SqlType): number {
  return type.kind === 'varchar' || type.kind === 'char' ? type.length : REDSHIFT_TEXT_MAX;
}

export function joinedTextType(context: Context, values: readonly Value[]): SqlType {
  if (!isRedshift(context)) return { kind: 'string' };
  const length = values.reduce((sum, value) => sum + textLength(value.type), 0);
  return { kind: 'varchar', length: Math.min(length, REDSHIFT_TEXT_MAX) };
}

function emitConcat(context: Context, e: Of<'concat'>): Value {
  const values = e.operands.map((operand) => emit(context, operand));
  if (!isRedshift(context) && values.some((value) => value.type.kind === 'binary'))
    throw new NotSupported('|| of binaries', e.at);
  const sql = joinBalanced(
    values.map((value) => asText(context, value)),
    ' || ',
  );
  const mayBeTooLong = values.reduce((sum, value) => sum + textLength(value.type), 0) > REDSHIFT_TEXT_MAX;
  const isRefused = isRedshift(context) && context.options.refusesLongText === true && mayBeTooLong;
  return {
    sql: isRefused ? `lakehaul_joined_fit(${sql}, ${REDSHIFT_TEXT_MAX})` : sql,
    type: joinedTextType(context, values),
    expression: e,
  };
}

function emitDistinct(context: Context, e: Of<'is-distinct'>): string {
  if (isRedshift(context)) throw new NotSupported('IS DISTINCT FROM', e.at);
  const sql = compareSql(context, '<=>', emit(context, e.left), emit(context, e.right));
  return not(!e.negated, sql);
}

function emitBetween(context: Context, e: Of<'between'>): string {
  const values = unify(context, [emit(context, e.operand), emit(context, e.low), emit(context, e.high)]);
  const [operand, low, high] = values.map((value) => keySql(context, value)) as [string, string, string];
  return not(e.negated, `(${operand} BETWEEN ${low} AND ${high})`);
}

function emitInList(context: Context, e: Of<'in-list'>): string {
  const [operand, ...items] = unify(
    context,
    [e.operand, ...e.items].map((item) => emit(context, item)),
  ) as [Value, ...Value[]];
  return `(${keySql(context, operand)} ${e.negated ? 'NOT ' : ''}IN (${items.map((item) => keySql(context, item)).join(', ')}))`;
}

function emitInQuery(context: Context, e: Of<'in-query'>): string {
  const operand = emit(context, e.operand);
  const query = emitQueryIn(context, e.query);
  const [column] = query.columns;
  if (column === undefined || query.columns.length !== 1)
    throw new SqlSemanticError('other', 'a query behind IN must have one column', e.at);
  const member: Value = {
    sql: 'lh_in.lh_value',
    type: column.type,
    expression: { kind: 'column', at: e.at, parts: [column.name] },
  };
  const [left, right] = unify(context, [operand, member]) as [Value, Value];
  const inner = `SELECT ${keySql(context, right)} FROM (${query.sql}) AS lh_in(lh_value)`;
  return `(${keySql(context, left)} ${e.negated ? 'NOT ' : ''}IN (${inner}))`;
}

function emitLike(context: Context, e: Of<'like'>): string {
  const operand = emit(context, e.operand);
  const pattern = emit(context, e.pattern);
  if (!isText(operand.type) || !isText(pattern.type)) throw new NotSupported('LIKE of something else than text', e.at);
  // The padding of CHAR counts for LIKE, and the store has not kept it.
  if (operand.type.kind === 'char') throw new NotSupported('LIKE on a CHAR column (cast it to VARCHAR)', e.at);
  const text = literalText(pattern);
  let mark = '\\';
  if (e.escape !== null) {
    const given = literalText(emit(context, e.escape));
    if (given === null || given.length !== 1) throw new NotSupported('this ESCAPE', e.at);
    mark = given;
  }
  // Both have the backslash as default; DuckDB has none unless told.
  const clause = text !== null && !text.includes(mark) ? '' : ` ESCAPE ${quoteText(mark)}`;
  const word = e.caseInsensitive ? 'ILIKE' : 'LIKE';
  if (e.caseInsensitive && (text === null || !/^[\x20-\x7e]*$/.test(text)))
    throw new NotSupported('ILIKE with this pattern', e.at);
  return not(e.negated, `(${operand.sql} ${word} ${pattern.sql}${clause})`);
}

/** One type for the results of CASE, COALESCE and the like. */
export function resultType(context: Context, values: readonly Value[], at: number): SqlType {
  const types = values.filter((value) => !isNullLiteral(value)).map((value) => value.type);
  const [first] = types;
  if (first === undefined) return { kind: 'void' };
  if (types.every(isText)) return widestText(context, types);
  if (types.every(isNumeric)) return widestNumber(types, at);
  if (types.every((type) => JSON.stringify(type) === JSON.stringify(first))) return first;
  throw new NotSupported(
    `results of the types ${[...new Set(types.map((type) => type.kind))].join(' and ')} in one expression`,
    at,
  );
}

function widestText(context: Context, types: readonly SqlType[]): SqlType {
  if (!isRedshift(context)) return { kind: 'string' };
  const length = Math.max(...types.map(textLength));
  return { kind: types.every((type) => type.kind === 'char') ? 'char' : 'varchar', length };
}

const INTEGER_ORDER = ['tinyint', 'smallint', 'integer', 'bigint'];
const INTEGER_DIGITS: Record<string, number> = { tinyint: 3, smallint: 5, integer: 10, bigint: 19 };

export function widestNumber(types: readonly SqlType[], at: number): SqlType {
  if (types.some((type) => type.kind === 'double')) {
    const isExact = types.every((type) => type.kind !== 'bigint' && (type.kind !== 'decimal' || type.precision <= 15));
    if (!isExact) throw new NotSupported('a bigint or decimal beside a double without a cast', at);
    return { kind: 'double' };
  }
  if (types.some((type) => type.kind === 'real')) {
    if (types.every((type) => type.kind === 'real')) return { kind: 'real' };
    throw new NotSupported('a real beside another number without a cast', at);
  }
  if (types.every(isInteger)) {
    return { kind: INTEGER_ORDER[Math.max(...types.map((type) => INTEGER_ORDER.indexOf(type.kind)))] as 'integer' };
  }
  const scale = Math.max(...types.map((type) => (type.kind === 'decimal' ? type.scale : 0)));
  const whole = Math.max(
    ...types.map((type) => (type.kind === 'decimal' ? type.precision - type.scale : (INTEGER_DIGITS[type.kind] ?? 19))),
  );
  if (whole + scale > 38) throw new NotSupported('decimals that need more than 38 digits together', at);
  return { kind: 'decimal', precision: whole + scale, scale };
}

/** A value in a given result type, for branches of one expression. */
export function convertTo(value: Value, type: SqlType): string {
  if (value.type.kind === 'void') return 'NULL';
  if (isText(type) || JSON.stringify(value.type) === JSON.stringify(type)) return value.sql;
  return `CAST(${value.sql} AS ${duckdbTypeText(type)})`;
}

/** String constants among other types take those types. */
export function emitUnified(context: Context, expressions: readonly Expression[]): Value[] {
  return unify(
    context,
    expressions.map((expression) => emit(context, expression)),
  );
}

function emitCase(context: Context, e: Of<'case'>): Value {
  const results = emitUnified(context, [
    ...e.branches.map((branch) => branch.result),
    ...(e.otherwise === null ? [] : [e.otherwise]),
  ]);
  const type = resultType(context, results, e.at);
  const operand = e.operand === null ? null : emit(context, e.operand);
  const branches = e.branches.map((branch, index) => {
    const test =
      operand === null
        ? predicateSql(context, branch.when)
        : compareSql(context, '=', operand, emit(context, branch.when));
    return ` WHEN ${test} THEN ${convertTo(results[index] as Value, type)}`;
  });
  const otherwise = e.otherwise === null ? '' : ` ELSE ${convertTo(results.at(-1) as Value, type)}`;
  return { sql: `CASE${branches.join('')}${otherwise} END`, type, expression: e };
}

function emitAtTimeZone(context: Context, e: Of<'at-time-zone'>): Value {
  const value = emit(context, e.operand);
  const zone = literalText(emit(context, e.zone));
  // Names of zones have the meaning of ICU's tables in DuckDB; only UTC is beyond doubt.
  if (zone === null || !/^(utc|gmt)$/i.test(zone)) throw new NotSupported('a time zone other than UTC', e.at);
  if (value.type.kind === 'timestamptz')
    return { sql: localOfInstant(value.sql), type: { kind: 'timestamp' }, expression: e };
  if (value.type.kind === 'timestamp')
    return { sql: instantOfLocal(value.sql), type: { kind: 'timestamptz' }, expression: e };
  throw new NotSupported(`AT TIME ZONE of ${value.type.kind}`, e.at);
}

function emitScalarQuery(context: Context, e: Of<'scalar-query'>): Value {
  const query = emitQueryIn(context, e.query);
  const [column] = query.columns;
  if (column === undefined || query.columns.length !== 1)
    throw new SqlSemanticError('other', 'a scalar sub-query must have one column', e.at);
  return { sql: `(${query.sql})`, type: column.type, expression: e };
}
