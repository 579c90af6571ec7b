/** The scalar functions that run faithfully. What is not here is refused. */
import type { Expression } from './ast.ts';
import type { FunctionCall, FunctionEntry } from './emit-call.ts';
import { castSql } from './emit-cast.ts';
import { compareSql, needsTrim, unify } from './emit-compare.ts';
import {
  asText,
  convertTo,
  emitUnified,
  joinBalanced,
  joinedTextType,
  resultType,
  textLength,
} from './emit-expression.ts';
import { isUtc, literalText } from './emit-literal.ts';
import { dateAdd, dateDiff, dateTrunc, emitExtract, formatTime } from './emit-time.ts';
import { type Context, isRedshift, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import { isBytes, isFloat, isInteger, isNumeric, isText, REDSHIFT_TEXT_MAX, type SqlType } from './sql-type.ts';

type Result = Omit<Value, 'expression'>;
type Emit = (call: FunctionCall) => Result;

const BIGINT: SqlType = { kind: 'bigint' };
const INTEGER: SqlType = { kind: 'integer' };
const DOUBLE: SqlType = { kind: 'double' };

function entry(min: number, max: number, run: Emit): FunctionEntry {
  return { min, max, emit: run };
}

function text(context: Context, length = REDSHIFT_TEXT_MAX): SqlType {
  return isRedshift(context)
    ? { kind: 'varchar', length: Math.max(1, Math.min(length, REDSHIFT_TEXT_MAX)) }
    : { kind: 'string' };
}

function needText({ call, arg }: FunctionCall, index: number): Value {
  const value = arg(index);
  if (isText(value.type) || value.type.kind === 'void') return value;
  throw new NotSupported(`${call.name}() of ${value.type.kind}`, call.at);
}

function needInteger({ call, arg }: FunctionCall, index: number): string {
  const value = arg(index);
  if (isInteger(value.type)) return value.sql;
  throw new NotSupported(`${call.name}() with ${value.type.kind} for an integer`, call.at);
}

function needBytes({ call, arg }: FunctionCall, index: number): Value {
  const value = arg(index);
  if (isBytes(value.type)) return value;
  throw new NotSupported(`${call.name}() of ${value.type.kind}`, call.at);
}

const md5: Emit = (f) => {
  const value = f.arg(0);
  if (isBytes(value.type) && !isRedshift(f.context))
    return { sql: `md5(${value.sql})`, type: { ...text(f.context, 32), hexDigits: 32 } as SqlType };
  return { sql: `md5(${needText(f, 0).sql})`, type: { ...text(f.context, 32), hexDigits: 32 } as SqlType };
};

/** Positions count from 1. Redshift reads positions below 1 as Postgres does, Spark from the end: both left out. */
const substring: Emit = (f) => {
  const value = f.arg(0);
  const isBinary = isBytes(value.type);
  if (!isBinary) needText(f, 0);
  const start = positive(f, 1, 1);
  const length = f.args.length > 2 ? positive(f, 2, 0) : null;
  const type = isBinary ? value.type : partType(f, value, start, length);
  if (isBinary) {
    const end = length === null ? 'NULL' : `${start} + ${length} - 1`;
    return {
      sql: `array_slice(${value.sql}, ${start}, ${length === null ? `octet_length(${value.sql})` : end})`,
      type,
    };
  }
  return { sql: trimmed(value, `substring(${value.sql}, ${start}${length === null ? '' : `, ${length}`})`), type };
};

/** Parts of CHAR are CHAR: without blanks at the end in the store. */
function trimmed(value: Value, sql: string): string {
  return value.type.kind === 'char' ? `rtrim(${sql}, ' ')` : sql;
}

function partType(f: FunctionCall, value: Value, start: string, length: string | null): SqlType {
  if (value.type.kind === 'char') return value.type;
  const type = text(f.context, textLength(value.type));
  const digits = value.type.kind === 'varchar' || value.type.kind === 'string' ? value.type.hexDigits : undefined;
  if (digits === undefined || length === null || !/^\d+$/.test(start) || !/^\d+$/.test(length)) return type;
  const left = Math.min(Number(length), digits - Number(start) + 1);
  return left < 1 ? type : ({ ...type, hexDigits: left } as SqlType);
}

function positive(f: FunctionCall, index: number, least: number): string {
  const expression = f.args[index] as Expression;
  if (
    expression.kind === 'literal' &&
    expression.value.type === 'integer' &&
    BigInt(expression.value.text) >= BigInt(least)
  )
    return expression.value.text;
  const value = needInteger(f, index);
  return `CASE WHEN ${value} >= ${least} THEN ${value} WHEN ${value} IS NULL THEN NULL ELSE error('positions below ${least} are not supported by the sandbox') END`;
}

const leftRight =
  (name: string): Emit =>
  (f) => {
    const value = needText(f, 0);
    if (value.type.kind === 'char')
      throw new NotSupported(`${name.toUpperCase()} of CHAR (cast it to VARCHAR)`, f.call.at);
    return { sql: `${name}(${value.sql}, ${positive(f, 1, 0)})`, type: text(f.context, textLength(value.type)) };
  };

const trim =
  (name: string): Emit =>
  (f) => {
    const value = needText(f, 0);
    const characters = f.args.length > 1 ? needText(f, 1).sql : "' '";
    return { sql: `${name}(${value.sql}, ${characters})`, type: text(f.context, textLength(value.type)) };
  };

/** Databricks' LTRIM and RTRIM name the characters first. */
const sparkTrim =
  (name: string): Emit =>
  (f) => {
    if (f.args.length > 1) throw new NotSupported(`${f.call.name}() of two arguments`, f.call.at);
    return trim(name)(f);
  };

const fold =
  (name: string): Emit =>
  (f) => {
    const value = needText(f, 0);
    const { expression } = value;
    const isAscii = expression.kind === 'call' && ['to_hex', 'hex', 'md5', 'lower', 'upper'].includes(expression.name);
    return { sql: `${name}(${isAscii ? value.sql : `lakehaul_ascii(${value.sql})`})`, type: value.type };
  };

const length: Emit = (f) => {
  const value = f.arg(0);
  if (isBytes(value.type)) return { sql: `CAST(octet_length(${value.sql}) AS INTEGER)`, type: INTEGER };
  return { sql: `CAST(length(${needText(f, 0).sql}) AS INTEGER)`, type: INTEGER };
};

const octetLength: Emit = (f) => {
  const value = f.arg(0);
  if (isBytes(value.type)) return { sql: `CAST(octet_length(${value.sql}) AS INTEGER)`, type: INTEGER };
  // Padding counts in the bytes of CHAR, which holds single bytes only.
  if (value.type.kind === 'char' && isRedshift(f.context))
    return { sql: `CASE WHEN ${value.sql} IS NOT NULL THEN ${value.type.length}::INTEGER END`, type: INTEGER };
  return { sql: `CAST(strlen(${needText(f, 0).sql}) AS INTEGER)`, type: INTEGER };
};

const coalesce: Emit = (f) => {
  const values = emitUnified(f.context, f.args);
  const type = resultType(f.context, values, f.call.at);
  return { sql: `coalesce(${values.map((value) => convertTo(value, type)).join(', ')})`, type };
};

const nullif: Emit = (f) => {
  const [one, two] = unify(f.context, [f.arg(0), f.arg(1)]) as [Value, Value];
  if (!isRedshift(f.context) || !needsTrim(one.type)) return { sql: `nullif(${one.sql}, ${two.sql})`, type: one.type };
  return { sql: `CASE WHEN ${compareSql(f.context, '=', one, two)} THEN NULL ELSE ${one.sql} END`, type: one.type };
};

const extremum =
  (name: string): Emit =>
  (f) => {
    const values = emitUnified(f.context, f.args);
    const type = resultType(f.context, values, f.call.at);
    if (isRedshift(f.context) && needsTrim(type)) throw new NotSupported(`${name}() of VARCHAR`, f.call.at);
    // NULLs are passed over by all three.
    return { sql: `${name}(${values.map((value) => convertTo(value, type)).join(', ')})`, type };
  };

const numeric =
  (name: string): Emit =>
  (f) => {
    const value = f.arg(0);
    if (!isNumeric(value.type)) throw new NotSupported(`${name}() of ${value.type.kind}`, f.call.at);
    return { sql: `${name}(${value.sql})`, type: value.type };
  };

const rounding =
  (name: string): Emit =>
  (f) => {
    const value = f.arg(0);
    if (isInteger(value.type) && isRedshift(f.context)) return { sql: value.sql, type: value.type };
    if (value.type.kind !== 'double') throw new NotSupported(`${name}() of ${value.type.kind}`, f.call.at);
    if (isRedshift(f.context)) return { sql: `${name}(${value.sql})`, type: DOUBLE };
    return { sql: `CAST(${name}(${value.sql}) AS BIGINT)`, type: BIGINT };
  };

const mod: Emit = (f) => {
  const [one, two] = [f.arg(0), f.arg(1)];
  if (!isInteger(one.type) || !isInteger(two.type)) throw new NotSupported('mod() of other than integers', f.call.at);
  const type = resultType(f.context, [one, two], f.call.at);
  return { sql: `(${convertTo(one, type)} % lakehaul_divisor(${convertTo(two, type)}))`, type };
};

const sign: Emit = (f) => {
  const value = f.arg(0);
  if (!isNumeric(value.type)) throw new NotSupported(`sign() of ${value.type.kind}`, f.call.at);
  return {
    sql: `CAST(sign(${value.sql}) AS ${isRedshift(f.context) ? 'INTEGER' : 'DOUBLE'})`,
    type: isRedshift(f.context) ? INTEGER : DOUBLE,
  };
};

const sqrt: Emit = (f) => ({ sql: `sqrt(CAST(${numeric('abs')(f) && f.arg(0).sql} AS DOUBLE))`, type: DOUBLE });

/** Only whole powers of two are exact whatever the library behind it. */
const power: Emit = (f) => {
  const [base, exponent] = f.args as [Expression, Expression];
  const isTwo = base.kind === 'literal' && base.value.type === 'integer' && base.value.text === '2';
  const isWhole = exponent.kind === 'literal' || exponent.kind === 'negate';
  if (!isTwo || !isWhole || !isInteger(f.arg(1).type))
    throw new NotSupported('POWER of other than 2 and a whole constant', f.call.at);
  return { sql: `pow(2::DOUBLE, ${f.arg(1).sql})`, type: DOUBLE };
};

/** A constant of at least one character. */
function isSomeText(expression: Expression): boolean {
  if (expression.kind === 'concat') return expression.operands.every(isSomeText);
  if (expression.kind === 'call') return expression.name === 'chr';
  return expression.kind === 'literal' && expression.value.type === 'string' && expression.value.value !== '';
}

const replace: Emit = (f) => {
  const values = [needText(f, 0), needText(f, 1), needText(f, 2)] as const;
  // What an empty text is replaced by differs, and NULL is nothing to look for.
  if (!isSomeText(f.args[1] as Expression)) throw new NotSupported('REPLACE of other than a constant text', f.call.at);
  return { sql: `replace(${values.map((value) => value.sql).join(', ')})`, type: text(f.context) };
};

const strpos: Emit = (f) => {
  const [whole, part] = [needText(f, 0), needText(f, 1)];
  return { sql: `CAST(strpos(${whole.sql}, ${part.sql}) AS INTEGER)`, type: INTEGER };
};

/**
 * A constant pattern that means the same in POSIX, java.util.regex and RE2: no backslash, no lazy or possessive repeat, no
 * group option, no named class, no class within a class, no dot (which characters end a line differs). Which match is taken
 * may differ, whether and where the first one begins does not.
 */
function needPattern(f: FunctionCall): string {
  const pattern = literalText(f.arg(1));
  const refused = /[\\$]|\(\?|[*+?}][?+]|\[:[a-z]+:\]|\[[.=]|&&/;
  const classes = /\[[^\]]*\]/g;
  const isOdd = (pattern?.match(classes) ?? []).some(
    (each) => each === '[]' || each === '[^]' || (!isRedshift(f.context) && each.slice(1).includes('[')),
  );
  const hasDot = pattern?.replace(classes, '').includes('.') === true;
  if (pattern === null || pattern === '' || refused.test(pattern) || isOdd || hasDot)
    throw new NotSupported(`${f.call.name.toUpperCase()} with this pattern`, f.call.at);
  return f.arg(1).sql;
}

/** Without a `$` the text of the first match is nowhere before it. */
const regexpInstr: Emit = (f) => {
  const [whole, part] = [needText(f, 0).sql, needPattern(f)];
  const place = `CASE WHEN ${whole} IS NULL THEN NULL WHEN regexp_matches(${whole}, ${part}) THEN strpos(${whole}, regexp_extract(${whole}, ${part})) ELSE 0 END`;
  return { sql: `CAST(${place} AS INTEGER)`, type: INTEGER };
};

const regexpLike: Emit = (f) => ({
  sql: `regexp_matches(${needText(f, 0).sql}, ${needPattern(f)})`,
  type: { kind: 'boolean' },
});

/** Every match, removed. Where alternatives or optional parts match, POSIX takes the longest and the others the first: refused. */
const regexpReplace: Emit = (f) => {
  const [whole, part] = [needText(f, 0).sql, needPattern(f)];
  if (/[|?]/.test(literalText(f.arg(1)) ?? '')) throw new NotSupported('REGEXP_REPLACE with this pattern', f.call.at);
  if (literalText(f.arg(2)) !== '') throw new NotSupported('REGEXP_REPLACE by other than an empty text', f.call.at);
  return { sql: `regexp_replace(${whole}, ${part}, '', 'g')`, type: text(f.context) };
};

const concat: Emit = (f) => {
  const values = f.args.map((_argument, index) => f.arg(index));
  return {
    sql: joinBalanced(
      values.map((value) => asText(f.context, value)),
      ' || ',
    ),
    type: joinedTextType(f.context, values),
  };
};

const concatWs: Emit = (f) => {
  const values = f.args.map((_argument, index) => asText(f.context, f.arg(index)));
  return { sql: `concat_ws(${values.join(', ')})`, type: { kind: 'string' } };
};

const chr: Emit = (f) => {
  const [code] = f.args as [Expression];
  const isAscii =
    code.kind === 'literal' &&
    code.value.type === 'integer' &&
    Number(code.value.text) > 0 &&
    Number(code.value.text) < 128;
  if (!isAscii) throw new NotSupported('CHR of other than a constant from 1 to 127', f.call.at);
  return { sql: `chr(${f.arg(0).sql})`, type: text(f.context, 1) };
};

const hexLower: Emit = (f) => {
  const value = f.arg(0);
  // RDG: TO_HEX of a number or a VARBYTE; lower case either way, which the sandbox makes sure of.
  if (isBytes(value.type)) return { sql: `lower(hex(${value.sql}))`, type: text(f.context) };
  throw new NotSupported(`to_hex() of ${value.type.kind}`, f.call.at);
};

const hexUpper: Emit = (f) => {
  const value = f.arg(0);
  if (isBytes(value.type)) return { sql: `hex(${value.sql})`, type: text(f.context) };
  if (isText(value.type)) return { sql: `hex(encode(${value.sql}))`, type: text(f.context) };
  throw new NotSupported(`hex() of ${value.type.kind}`, f.call.at);
};

/** Spark gives NULL for what is no hexadecimal text, and pads an odd digit: neither is done here, both are errors. */
const unhex: Emit = (f) => ({
  sql: `lakehaul_unhex(${needText(f, 0).sql})`,
  type: isRedshift(f.context) ? { kind: 'varbyte', length: 64_000 } : { kind: 'binary' },
});

const base = (f: FunctionCall, index: number): string => {
  const expression = f.args[index] as Expression;
  return expression.kind === 'literal' && expression.value.type === 'integer' ? expression.value.text : '';
};

const strtol: Emit = (f) => {
  if (base(f, 1) !== '16') throw new NotSupported('STRTOL of another base than 16', f.call.at);
  const { sql, type } = needText(f, 0);
  return { sql: isDigestPart(type) ? `CAST('0x' || ${sql} AS BIGINT)` : `lakehaul_hex_int(${sql})`, type: BIGINT };
};

/** Up to 15 digits of an md5 can be nothing but a number in range: no test, as cheap as by hand. */
function isDigestPart(type: SqlType): boolean {
  return (type.kind === 'varchar' || type.kind === 'string') && type.hexDigits !== undefined && type.hexDigits <= 15;
}

const conv: Emit = (f) => {
  if (base(f, 1) !== '16' || base(f, 2) !== '10')
    throw new NotSupported('conv of other bases than 16 to 10', f.call.at);
  const value = needText(f, 0);
  const integerSql = isDigestPart(value.type)
    ? `CAST('0x' || ${value.sql} AS BIGINT)`
    : `lakehaul_conv_hex(${value.sql})`;
  return { sql: `CAST(${integerSql} AS VARCHAR)`, type: { kind: 'string' }, integerSql };
};

const jsonText: Emit = (f) => {
  const value = f.arg(0);
  if (value.type.kind !== 'super') throw new NotSupported(`${f.call.name}() of ${value.type.kind}`, f.call.at);
  return { sql: `CAST(${value.sql} AS VARCHAR)`, type: text(f.context) };
};

const variantToJson: Emit = (f) => {
  const value = f.arg(0);
  if (value.type.kind !== 'variant') throw new NotSupported(`to_json() of ${value.type.kind}`, f.call.at);
  return { sql: `lakehaul_variant_json(${value.sql})`, type: { kind: 'string' } };
};

const hexEwkb: Emit = (f) => {
  const value = f.arg(0);
  if (value.type.kind !== 'geometry' && value.type.kind !== 'geography')
    throw new NotSupported(`${f.call.name}() of ${value.type.kind}`, f.call.at);
  return { sql: `hex(${value.sql})`, type: text(f.context) };
};

const jsonParse: Emit = (f) => ({ sql: `lakehaul_json(${needText(f, 0).sql})`, type: { kind: 'super' } });

const decode: Emit = (f) => {
  const values = f.args.map((_argument, index) => f.arg(index));
  const [subject, ...rest] = values as [Value, ...Value[]];
  const results = rest.filter((_value, index) => index % 2 === 1 || index === rest.length - 1);
  const type = resultType(f.context, results, f.call.at);
  let sql = 'CASE';
  for (let index = 0; index + 1 < rest.length; index += 2) {
    // NULL equals NULL here, unlike in CASE.
    sql += ` WHEN ${compareSql(f.context, '<=>', subject, rest[index] as Value)} THEN ${convertTo(rest[index + 1] as Value, type)}`;
  }
  if (rest.length % 2 === 1) sql += ` ELSE ${convertTo(rest.at(-1) as Value, type)}`;
  return { sql: `${sql} END`, type };
};

const nvl2: Emit = (f) => {
  const [test, yes, no] = [f.arg(0), ...unify(f.context, [f.arg(1), f.arg(2)])] as [Value, Value, Value];
  const type = resultType(f.context, [yes, no], f.call.at);
  return {
    sql: `CASE WHEN ${test.sql} IS NOT NULL THEN ${convertTo(yes, type)} ELSE ${convertTo(no, type)} END`,
    type,
  };
};

const iff: Emit = (f) => {
  const test = f.arg(0);
  if (test.type.kind !== 'boolean') throw new NotSupported('if() of another type than boolean', f.call.at);
  const [yes, no] = unify(f.context, [f.arg(1), f.arg(2)]) as [Value, Value];
  const type = resultType(f.context, [yes, no], f.call.at);
  return { sql: `CASE WHEN ${test.sql} THEN ${convertTo(yes, type)} ELSE ${convertTo(no, type)} END`, type };
};

const isNan: Emit = (f) => {
  const value = f.arg(0);
  if (!isFloat(value.type)) throw new NotSupported(`isnan() of ${value.type.kind}`, f.call.at);
  // false for NULL, unlike DuckDB's.
  return { sql: `coalesce(isnan(${value.sql}), FALSE)`, type: { kind: 'boolean' } };
};

/** Ends the statement when it is evaluated for a row; of type VOID, as Spark's. */
const raiseError: Emit = (f) => ({
  sql: `error('[USER_RAISED_EXCEPTION] ' || ${needText(f, 0).sql} || ' SQLSTATE: P0001')`,
  type: { kind: 'void' },
});

function now(context: Context): string {
  const { nowMicros } = context.options;
  return nowMicros === undefined ? 'transaction_timestamp()' : `make_timestamptz(${nowMicros})`;
}

const nowZoned: Emit = ({ context }) => ({ sql: now(context), type: { kind: 'timestamptz' } });

/** Redshift's GETDATE() is the statement's start in whole seconds, SYSDATE the transaction's in microseconds. */
const getDate: Emit = ({ context }) => ({
  sql: `date_trunc('second', ${now(context)} AT TIME ZONE 'UTC')`,
  type: { kind: 'timestamp' },
});
const sysDate: Emit = ({ context }) => {
  const micros = context.options.transactionMicros;
  const sql = micros === undefined ? now(context) : `make_timestamptz(${micros})`;
  return { sql: `(${sql} AT TIME ZONE 'UTC')`, type: { kind: 'timestamp' } };
};

const currentDate: Emit = ({ context, call }) => {
  if (!isUtc(context)) throw new NotSupported('CURRENT_DATE in a zone other than UTC', call.at);
  return { sql: `CAST((${now(context)} AT TIME ZONE 'UTC') AS DATE)`, type: { kind: 'date' } };
};

const truncateTo: Emit = (f) => {
  const value = f.arg(0);
  if (value.type.kind === 'timestamp') return { sql: `CAST(${value.sql} AS DATE)`, type: { kind: 'date' } };
  if (value.type.kind === 'double') return { sql: `trunc(${value.sql})`, type: DOUBLE };
  throw new NotSupported(`TRUNC of ${value.type.kind}`, f.call.at);
};

const part: Emit = (f) => {
  const [field] = f.args as [Expression];
  const name =
    field.kind === 'column'
      ? (field.parts[0] as string)
      : field.kind === 'literal' && field.value.type === 'string'
        ? field.value.value
        : '';
  return emitExtract(f.context, name.toLowerCase(), f.arg(1), f.call);
};

const partOf =
  (field: string): Emit =>
  (f) =>
    emitExtract(f.context, field, f.arg(0), f.call);

const unixMicros: Emit = (f) => {
  const value = f.arg(0);
  if (value.type.kind !== 'timestamptz')
    throw new SqlSemanticError('type', `unix_micros() needs a TIMESTAMP, not ${value.type.kind}`, f.call.at);
  return { sql: `epoch_us(${value.sql})`, type: BIGINT };
};

const fromMicros =
  (factor: string): Emit =>
  (f) => ({
    sql: `make_timestamptz(CAST(${needInteger(f, 0)} AS BIGINT)${factor})`,
    type: { kind: 'timestamptz' },
  });

const unixDate: Emit = (f) => {
  const value = f.arg(0);
  if (value.type.kind !== 'date') throw new NotSupported(`unix_date() of ${value.type.kind}`, f.call.at);
  return { sql: `CAST(${value.sql} - DATE '1970-01-01' AS INTEGER)`, type: INTEGER };
};

const dateFromDays: Emit = (f) => ({
  sql: `(DATE '1970-01-01' + CAST(${needInteger(f, 0)} AS INTEGER))`,
  type: { kind: 'date' },
});

const utf8Bytes: Emit = (f) => {
  const charset = literalText(f.arg(1));
  if (charset === null || !/^utf-?8$/i.test(charset))
    throw new NotSupported('another character set than UTF-8', f.call.at);
  const isEncode = f.call.name === 'encode';
  return isEncode
    ? { sql: `encode(${needText(f, 0).sql})`, type: { kind: 'binary' } }
    : { sql: `decode(${needBytes(f, 0).sql})`, type: { kind: 'string' } };
};

const castTo =
  (type: SqlType): Emit =>
  (f) => ({ sql: castSql(f.context, f.arg(0), type, f.call.at), type });

const sha2: Emit = (f) => {
  if (base(f, 1) !== '256') throw new NotSupported('SHA2 of other than 256 bits', f.call.at);
  return { sql: `sha256(${needText(f, 0).sql})`, type: text(f.context, 64) };
};

const timestampDiff: Emit = (f) => dateDiff(f.context, f.args[0] as Expression, f.arg(1), f.arg(2), f.call);

const repeat: Emit = (f) => ({ sql: `repeat(${needText(f, 0).sql}, ${positive(f, 1, 0)})`, type: text(f.context) });

const COMMON: Record<string, FunctionEntry> = {
  md5: entry(1, 1, md5),
  sha2: entry(2, 2, sha2),
  substring: entry(2, 3, substring),
  substr: entry(2, 3, substring),
  left: entry(2, 2, leftRight('left')),
  right: entry(2, 2, leftRight('right')),
  upper: entry(1, 1, fold('upper')),
  lower: entry(1, 1, fold('lower')),
  length: entry(1, 1, length),
  len: entry(1, 1, length),
  char_length: entry(1, 1, length),
  character_length: entry(1, 1, length),
  octet_length: entry(1, 1, octetLength),
  coalesce: entry(1, 1000, coalesce),
  nvl: entry(2, 1000, coalesce),
  nvl2: entry(3, 3, nvl2),
  nullif: entry(2, 2, nullif),
  decode: entry(3, 1000, decode),
  greatest: entry(2, 1000, extremum('greatest')),
  least: entry(2, 1000, extremum('least')),
  abs: entry(1, 1, numeric('abs')),
  floor: entry(1, 1, rounding('floor')),
  ceil: entry(1, 1, rounding('ceil')),
  ceiling: entry(1, 1, rounding('ceil')),
  mod: entry(2, 2, mod),
  sign: entry(1, 1, sign),
  sqrt: entry(1, 1, sqrt),
  power: entry(2, 2, power),
  pow: entry(2, 2, power),
  replace: entry(3, 3, replace),
  repeat: entry(2, 2, repeat),
  strpos: entry(2, 2, strpos),
  concat: entry(2, 1000, concat),
  chr: entry(1, 1, chr),
  date_trunc: entry(2, 2, (f) => dateTrunc(f.context, f.args[0] as Expression, f.arg(1), f.call)),
  dateadd: entry(3, 3, (f) => dateAdd(f.context, f.args[0] as Expression, f.arg(1), f.arg(2), f.call)),
  date_part: entry(2, 2, part),
  datediff: entry(3, 3, timestampDiff),
  date_diff: entry(3, 3, timestampDiff),
  current_date: entry(0, 0, currentDate),
  current_timestamp: entry(0, 0, nowZoned),
  btrim: entry(1, 2, trim('trim')),
};

export const REDSHIFT_FUNCTIONS: Record<string, FunctionEntry> = {
  ...COMMON,
  rtrim: entry(1, 2, trim('rtrim')),
  ltrim: entry(1, 2, trim('ltrim')),
  trim: entry(1, 1, trim('trim')),
  strtol: entry(2, 2, strtol),
  to_hex: entry(1, 1, hexLower),
  from_hex: entry(1, 1, unhex),
  charindex: entry(2, 2, (f) => strpos({ ...f, arg: (index) => f.arg(1 - index) })),
  json_serialize: entry(1, 1, jsonText),
  regexp_instr: entry(2, 2, regexpInstr),
  regexp_replace: entry(3, 3, regexpReplace),
  json_size: entry(1, 1, (f) => ({ sql: `CAST(strlen(${jsonText(f).sql}) AS INTEGER)`, type: INTEGER })),
  st_ashexewkb: entry(1, 1, hexEwkb),
  json_parse: entry(1, 1, jsonParse),
  to_char: entry(2, 2, (f) => formatTime(f.context, f.arg(0), f.arg(1), f.call)),
  getdate: entry(0, 0, getDate),
  sysdate: entry(0, 0, sysDate),
  now: entry(0, 0, nowZoned),
  trunc: entry(1, 1, truncateTo),
};

export const DATABRICKS_FUNCTIONS: Record<string, FunctionEntry> = {
  ...COMMON,
  concat: entry(1, 1000, concat),
  concat_ws: entry(2, 1000, concatWs),
  rtrim: entry(1, 2, sparkTrim('rtrim')),
  ltrim: entry(1, 2, sparkTrim('ltrim')),
  trim: entry(1, 1, trim('trim')),
  char: entry(1, 1, chr),
  hex: entry(1, 1, hexUpper),
  unhex: entry(1, 1, unhex),
  conv: entry(3, 3, conv),
  ifnull: entry(2, 2, coalesce),
  if: entry(3, 3, iff),
  iff: entry(3, 3, iff),
  isnan: entry(1, 1, isNan),
  isnull: entry(1, 1, (f) => ({ sql: `(${f.arg(0).sql} IS NULL)`, type: { kind: 'boolean' } })),
  isnotnull: entry(1, 1, (f) => ({ sql: `(${f.arg(0).sql} IS NOT NULL)`, type: { kind: 'boolean' } })),
  instr: entry(2, 2, strpos),
  regexp_like: entry(2, 2, regexpLike),
  regexp_replace: entry(3, 3, regexpReplace),
  raise_error: entry(1, 1, raiseError),
  unix_micros: entry(1, 1, unixMicros),
  unix_date: entry(1, 1, unixDate),
  date_from_unix_date: entry(1, 1, dateFromDays),
  timestamp_micros: entry(1, 1, fromMicros('')),
  timestamp_millis: entry(1, 1, fromMicros(' * 1000')),
  timestamp_seconds: entry(1, 1, fromMicros(' * 1000000')),
  date_format: entry(2, 2, (f) => formatTime(f.context, f.arg(0), f.arg(1), f.call)),
  timestampdiff: entry(3, 3, timestampDiff),
  timestampadd: entry(3, 3, (f) => dateAdd(f.context, f.args[0] as Expression, f.arg(1), f.arg(2), f.call)),
  encode: entry(2, 2, utf8Bytes),
  now: entry(0, 0, nowZoned),
  year: entry(1, 1, partOf('year')),
  month: entry(1, 1, partOf('month')),
  day: entry(1, 1, partOf('day')),
  hour: entry(1, 1, partOf('hour')),
  minute: entry(1, 1, partOf('minute')),
  bigint: entry(1, 1, castTo({ kind: 'bigint' })),
  int: entry(1, 1, castTo({ kind: 'integer' })),
  string: entry(1, 1, castTo({ kind: 'string' })),
  double: entry(1, 1, castTo({ kind: 'double' })),
  date: entry(1, 1, castTo({ kind: 'date' })),
  parse_json: entry(1, 1, (f) => ({
    sql: `lakehaul_parse_json(${needText(f, 0).sql})`,
    type: { kind: 'variant' },
  })),
  to_json: entry(1, 1, variantToJson),
};
