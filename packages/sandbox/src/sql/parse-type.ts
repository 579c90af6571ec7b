/** Type names of both dialects. */
import type { Cursor } from './cursor.ts';
import type { SqlType } from './sql-type.ts';

export interface ParsedType {
  type: SqlType;
  /** VARCHAR or TEXT without a length. */
  isBareVarchar: boolean;
}

const COMMON: Record<string, SqlType> = {
  BOOLEAN: { kind: 'boolean' },
  SMALLINT: { kind: 'smallint' },
  INT: { kind: 'integer' },
  INTEGER: { kind: 'integer' },
  BIGINT: { kind: 'bigint' },
  REAL: { kind: 'real' },
  DATE: { kind: 'date' },
};

const REDSHIFT: Record<string, SqlType> = {
  ...COMMON,
  BOOL: { kind: 'boolean' },
  INT2: { kind: 'smallint' },
  INT4: { kind: 'integer' },
  INT8: { kind: 'bigint' },
  FLOAT4: { kind: 'real' },
  FLOAT8: { kind: 'double' },
  TIMESTAMPTZ: { kind: 'timestamptz' },
  TIMETZ: { kind: 'timetz' },
  SUPER: { kind: 'super' },
  GEOMETRY: { kind: 'geometry' },
  GEOGRAPHY: { kind: 'geography' },
  HLLSKETCH: { kind: 'hllsketch' },
};

const DATABRICKS: Record<string, SqlType> = {
  ...COMMON,
  TINYINT: { kind: 'tinyint' },
  BYTE: { kind: 'tinyint' },
  SHORT: { kind: 'smallint' },
  LONG: { kind: 'bigint' },
  FLOAT: { kind: 'real' },
  DOUBLE: { kind: 'double' },
  STRING: { kind: 'string' },
  BINARY: { kind: 'binary' },
  TIMESTAMP: { kind: 'timestamptz' },
  TIMESTAMP_LTZ: { kind: 'timestamptz' },
  TIMESTAMP_NTZ: { kind: 'timestamp' },
  VARIANT: { kind: 'variant' },
  VOID: { kind: 'void' },
};

function lengthOr(cursor: Cursor, fallback: number, maximum: number): number {
  if (!cursor.acceptOp('(')) return fallback;
  const length = cursor.accept('MAX') ? maximum : cursor.count();
  cursor.expectOp(')');
  if (length < 1 || length > maximum) cursor.fail(`length must be from 1 to ${maximum}`);
  return length;
}

function decimal(cursor: Cursor): SqlType {
  // Redshift: (18,0); Databricks: (10,0). Confusing the two is one of the silent errors of translators.
  let precision = cursor.isRedshift ? 18 : 10;
  let scale = 0;
  if (cursor.acceptOp('(')) {
    precision = cursor.count();
    if (cursor.acceptOp(',')) scale = cursor.count();
    cursor.expectOp(')');
  }
  if (precision < 1 || precision > 38 || scale > precision) cursor.fail('invalid precision or scale');
  if (cursor.isRedshift && scale > 37) cursor.fail('scale must be at most 37');
  return { kind: 'decimal', precision, scale };
}

function withZone(cursor: Cursor, plain: SqlType, zoned: SqlType): SqlType {
  if (cursor.isOp('(')) cursor.refuse('a precision of seconds');
  if (cursor.accept('WITH', 'TIME', 'ZONE')) return zoned;
  cursor.accept('WITHOUT', 'TIME', 'ZONE');
  return plain;
}

function interval(cursor: Cursor): SqlType {
  if (cursor.accept('YEAR', 'TO', 'MONTH') || cursor.accept('MONTH') || cursor.accept('YEAR'))
    return { kind: 'interval_year_month' };
  if (cursor.accept('DAY', 'TO', 'SECOND')) {
    if (cursor.isOp('(')) cursor.refuse('a precision of seconds');
    return { kind: 'interval_day_second' };
  }
  return cursor.refuse('this INTERVAL type');
}

const bare = (type: SqlType): ParsedType => ({ type, isBareVarchar: false });

function redshiftText(cursor: Cursor, word: string): ParsedType | null {
  const isVarying =
    word === 'VARCHAR' ||
    word === 'NVARCHAR' ||
    word === 'TEXT' ||
    (/^N?CHAR(ACTER)?$/.test(word) && cursor.accept('VARYING'));
  if (isVarying) {
    const hasLength = cursor.isOp('(');
    return { type: { kind: 'varchar', length: lengthOr(cursor, 256, 65_535) }, isBareVarchar: !hasLength };
  }
  if (/^(N?CHAR|CHARACTER)$/.test(word)) return bare({ kind: 'char', length: lengthOr(cursor, 1, 4096) });
  if (word === 'BPCHAR') return bare({ kind: 'char', length: 256 });
  return null;
}

function redshiftType(cursor: Cursor, word: string): ParsedType | null {
  const text = redshiftText(cursor, word);
  if (text !== null) return text;
  if (word === 'DOUBLE') {
    cursor.expect('PRECISION');
    return bare({ kind: 'double' });
  }
  if (word === 'FLOAT') {
    if (!cursor.acceptOp('(')) return bare({ kind: 'double' });
    const bits = cursor.count();
    cursor.expectOp(')');
    return bare({ kind: bits <= 24 ? 'real' : 'double' });
  }
  if (word === 'TIMESTAMP') return bare(withZone(cursor, { kind: 'timestamp' }, { kind: 'timestamptz' }));
  if (word === 'TIME') return bare(withZone(cursor, { kind: 'time' }, { kind: 'timetz' }));
  if (word === 'VARBYTE' || word === 'VARBINARY' || (word === 'BINARY' && cursor.accept('VARYING')))
    return bare({ kind: 'varbyte', length: lengthOr(cursor, 64_000, 16_777_216) });
  const known = REDSHIFT[word];
  return known === undefined ? null : bare(known);
}

function databricksNested(cursor: Cursor, word: string): SqlType | null {
  if (word === 'ARRAY') {
    cursor.expectOp('<');
    const element = parseType(cursor).type;
    cursor.expectOp('>');
    return { kind: 'array', element };
  }
  if (word === 'MAP') {
    cursor.expectOp('<');
    const key = parseType(cursor).type;
    cursor.expectOp(',');
    const value = parseType(cursor).type;
    cursor.expectOp('>');
    return { kind: 'map', key, value };
  }
  if (word !== 'STRUCT') return null;
  cursor.expectOp('<');
  const fields = cursor.list(() => {
    const name = cursor.name();
    cursor.acceptOp(':');
    return { name, type: parseType(cursor).type };
  });
  cursor.expectOp('>');
  return { kind: 'struct', fields };
}

function databricksType(cursor: Cursor, word: string): ParsedType | null {
  if (word === 'VARCHAR' || word === 'CHAR' || word === 'CHARACTER') {
    if (!cursor.isOp('(')) cursor.fail(`${word} needs a length`);
    return bare({ kind: word === 'VARCHAR' ? 'varchar' : 'char', length: lengthOr(cursor, 1, 2_147_483_647) });
  }
  const nested = databricksNested(cursor, word);
  if (nested !== null) return bare(nested);
  const known = DATABRICKS[word];
  return known === undefined ? null : bare(known);
}

export function parseType(cursor: Cursor): ParsedType {
  const { at, kind, text } = cursor.take();
  if (kind !== 'word') cursor.fail('expected a type', at);
  if (text === 'DECIMAL' || text === 'NUMERIC' || (text === 'DEC' && !cursor.isRedshift)) return bare(decimal(cursor));
  if (text === 'INTERVAL') return bare(interval(cursor));
  const found = cursor.isRedshift ? redshiftType(cursor, text) : databricksType(cursor, text);
  return found ?? cursor.refuse(`the type ${text}`, at);
}
