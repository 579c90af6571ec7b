/** Dates and times: parts, differences, truncation, formats. */
import type { Expression } from './ast.ts';
import { isUtc, literalText } from './emit-literal.ts';
import { type Context, isRedshift, quoteText, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { isInteger, type SqlType } from './sql-type.ts';
import { instantOfLocal, localOfInstant } from './utc.ts';

const UNITS: Record<string, string> = {
  microsecond: 'microsecond',
  microseconds: 'microsecond',
  us: 'microsecond',
  usec: 'microsecond',
  millisecond: 'millisecond',
  milliseconds: 'millisecond',
  ms: 'millisecond',
  msec: 'millisecond',
  second: 'second',
  seconds: 'second',
  sec: 'second',
  secs: 'second',
  s: 'second',
  minute: 'minute',
  minutes: 'minute',
  min: 'minute',
  mins: 'minute',
  hour: 'hour',
  hours: 'hour',
  hr: 'hour',
  hrs: 'hour',
  h: 'hour',
  day: 'day',
  days: 'day',
  d: 'day',
  month: 'month',
  months: 'month',
  mon: 'month',
  mons: 'month',
  quarter: 'quarter',
  quarters: 'quarter',
  qtr: 'quarter',
  year: 'year',
  years: 'year',
  yr: 'year',
  yrs: 'year',
  y: 'year',
  week: 'week',
  weeks: 'week',
};

/** The unit that an argument names: bare or as a string. */
export function unitOf(expression: Expression): string {
  const text =
    expression.kind === 'column' && expression.parts.length === 1
      ? (expression.parts[0] as string)
      : expression.kind === 'literal' && expression.value.type === 'string'
        ? expression.value.value
        : null;
  const unit = text === null ? undefined : UNITS[text.toLowerCase()];
  if (unit === undefined) throw new NotSupported(`this date part${text === null ? '' : ` (${text})`}`, expression.at);
  return unit;
}

/** A date, timestamp or (in UTC) instant as DuckDB's TIMESTAMP or DATE. */
export function localSql(context: Context, value: Value): string {
  const { kind } = value.type;
  if (kind === 'date' || kind === 'timestamp') return value.sql;
  if (kind === 'timestamptz' && isUtc(context)) return localOfInstant(value.sql);
  if (kind === 'timestamptz') throw new NotSupported('local time in a zone other than UTC', value.expression.at);
  throw new NotSupported(`a date function of ${kind}`, value.expression.at);
}

const PARTS = new Set(['year', 'month', 'day', 'hour', 'minute', 'quarter']);

export function emitExtract(context: Context, field: string, value: Value, e: Expression): Value {
  const unit = UNITS[field] ?? field;
  const local = value.type.kind === 'time' ? value.sql : localSql(context, value);
  const make = (sql: string): Value => ({ sql: `CAST(${sql} AS INTEGER)`, type: { kind: 'integer' }, expression: e });
  if (PARTS.has(unit) && !(value.type.kind === 'time' && unit !== 'hour' && unit !== 'minute'))
    return make(`date_part('${unit}', ${local})`);
  // Seconds: with their fraction in Spark, without in Redshift. Day of week counts from 0 or from 1.
  if (isRedshift(context) && unit === 'second') return make(`date_part('second', ${local})`);
  if (isRedshift(context) && (unit === 'dow' || unit === 'weekday')) return make(`date_part('dow', ${local})`);
  if (!isRedshift(context) && unit === 'dayofweek') return make(`date_part('dow', ${local}) + 1`);
  if (isRedshift(context) && unit === 'epoch' && value.type.kind !== 'time')
    return { sql: `CAST(floor(epoch(${local})) AS BIGINT)`, type: { kind: 'bigint' }, expression: e };
  if (unit === 'doy') return make(`date_part('doy', ${local})`);
  throw new NotSupported(`EXTRACT(${field})`, e.at);
}

/** Redshift counts the boundaries between; Databricks whole units, for which unix_micros and the like are the way. */
export function dateDiff(context: Context, unitExpression: Expression, from: Value, to: Value, e: Expression): Value {
  const unit = unitOf(unitExpression);
  const type: SqlType = { kind: 'bigint' };
  if (!isRedshift(context)) {
    if (unit !== 'microsecond') throw new NotSupported(`DATEDIFF(${unit}, …) of Databricks`, e.at);
    return { sql: `(epoch_us(${localSql(context, to)}) - epoch_us(${localSql(context, from)}))`, type, expression: e };
  }
  if (unit === 'week') throw new NotSupported('DATEDIFF(week, …)', e.at);
  const kinds = [from.type.kind, to.type.kind];
  if (kinds.includes('time')) {
    if (kinds[0] !== kinds[1] || ['day', 'month', 'quarter', 'year'].includes(unit))
      throw new SqlSemanticError('type', `DATEDIFF(${unit}) does not go with time`, e.at);
    return { sql: boundaryDiff(unit, from.sql, to.sql), type, expression: e };
  }
  const [a, b] = [localSql(context, from), localSql(context, to)];
  if (unit === 'day' && kinds.every((kind) => kind === 'date'))
    return { sql: `CAST(${b} - ${a} AS BIGINT)`, type, expression: e };
  if (unit === 'microsecond')
    return { sql: boundaryDiff(unit, `CAST(${a} AS TIMESTAMP)`, `CAST(${b} AS TIMESTAMP)`), type, expression: e };
  return { sql: `date_diff('${unit}', ${a}, ${b})`, type, expression: e };
}

function boundaryDiff(unit: string, from: string, to: string): string {
  // epoch_us is cheap, and the constant side is folded.
  if (unit === 'microsecond') return `(epoch_us(${to}) - epoch_us(${from}))`;
  return `date_diff('${unit}', ${from}, ${to})`;
}

export function dateTrunc(context: Context, unitExpression: Expression, value: Value, e: Expression): Value {
  const unit = unitOf(unitExpression);
  if (unit === 'microsecond' || unit === 'millisecond') throw new NotSupported(`DATE_TRUNC('${unit}')`, e.at);
  const local = `date_trunc('${unit}', CAST(${localSql(context, value)} AS TIMESTAMP))`;
  if (value.type.kind === 'timestamptz') return { sql: instantOfLocal(local), type: value.type, expression: e };
  // A date is truncated to a timestamp on Redshift, and to an instant on Databricks.
  if (value.type.kind === 'date' && !isRedshift(context))
    return { sql: instantOfLocal(local), type: { kind: 'timestamptz' }, expression: e };
  return { sql: local, type: { kind: 'timestamp' }, expression: e };
}

export function dateAdd(
  context: Context,
  unitExpression: Expression,
  count: Value,
  value: Value,
  e: Expression,
): Value {
  const unit = unitOf(unitExpression);
  if (!isInteger(count.type)) throw new NotSupported('a count that is no integer', e.at);
  const isMonths = unit === 'month' || unit === 'quarter' || unit === 'year';
  const factor = { quarter: 3, year: 12 }[unit as 'quarter'] ?? 1;
  const step = isMonths
    ? `to_months(CAST(${count.sql} * ${factor} AS INTEGER))`
    : `to_${unit}s(CAST(${count.sql} AS ${unit === 'day' || unit === 'week' ? 'INTEGER' : 'BIGINT'}))`;
  const sum = `(${localSql(context, value)} + ${step})`;
  if (value.type.kind === 'timestamptz') return { sql: instantOfLocal(sum), type: value.type, expression: e };
  if (value.type.kind === 'date' && !isRedshift(context)) throw new NotSupported('DATEADD of a date', e.at);
  return { sql: sum, type: { kind: 'timestamp' }, expression: e };
}

/** Formats that are mapped piece by piece; anything else is refused. */
const REDSHIFT_PIECES: [string, string][] = [
  ['YYYY', '%Y'],
  ['MM', '%m'],
  ['DD', '%d'],
  ['HH24', '%H'],
  ['MI', '%M'],
  ['SS', '%S'],
  ['US', '%f'],
];
const SPARK_PIECES: [string, string][] = [
  ['yyyy', '%Y'],
  ['MM', '%m'],
  ['dd', '%d'],
  ['HH', '%H'],
  ['mm', '%M'],
  ['SSSSSS', '%f'],
  ['ss', '%S'],
];

export function formatTime(context: Context, value: Value, format: Value, e: Expression): Value {
  const text = literalText(format);
  if (text === null) throw new NotSupported('a format that is no constant', e.at);
  const pieces = isRedshift(context) ? REDSHIFT_PIECES : SPARK_PIECES;
  let out = '';
  for (let rest = text; rest !== ''; ) {
    const piece = pieces.find(([pattern]) => rest.startsWith(pattern));
    const plain = /^[-/ :.,_]+/.exec(rest)?.[0];
    const next = piece !== undefined ? rest[piece[0].length] : undefined;
    if (piece === undefined && plain === undefined) throw new NotSupported(`the format ${JSON.stringify(text)}`, e.at);
    // A longer run of a letter is another piece.
    if (piece !== undefined && next === piece[0].at(-1))
      throw new NotSupported(`the format ${JSON.stringify(text)}`, e.at);
    out += piece !== undefined ? piece[1] : (plain as string);
    rest = rest.slice((piece?.[0] ?? (plain as string)).length);
  }
  const sql = `strftime(${localSql(context, value)}, ${quoteText(out)})`;
  return { sql, type: isRedshift(context) ? { kind: 'varchar', length: 256 } : { kind: 'string' }, expression: e };
}
