/** The SQL front end's types against Delta's and DuckDB's names. */
import { deltaTypeOf } from '../delta/schema.ts';
import { databricksTypeText, type SqlType } from '../sql/index.ts';
import { SqlError } from './sql-error.ts';
import { type SqlType as WireType, sqlType as wireType } from './values.ts';

const BY_DELTA: Readonly<Record<string, SqlType>> = {
  byte: { kind: 'tinyint' },
  short: { kind: 'smallint' },
  integer: { kind: 'integer' },
  long: { kind: 'bigint' },
  float: { kind: 'real' },
  double: { kind: 'double' },
  boolean: { kind: 'boolean' },
  string: { kind: 'string' },
  binary: { kind: 'binary' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamptz' },
  timestamp_ntz: { kind: 'timestamp' },
  variant: { kind: 'variant' },
};

export function sqlTypeOfDelta(type: string): SqlType {
  const known = BY_DELTA[type];
  if (known) return known;
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(type);
  if (decimal) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  throw new SqlError('UNSUPPORTED_DATATYPE', '0A000', `The column type ${type} is not supported by this warehouse.`);
}

export function deltaTypeOfSql(type: SqlType): string {
  return deltaTypeOf(databricksTypeText(type));
}

const BY_DUCKDB: Readonly<Record<string, SqlType>> = {
  BOOLEAN: { kind: 'boolean' },
  TINYINT: { kind: 'tinyint' },
  SMALLINT: { kind: 'smallint' },
  INTEGER: { kind: 'integer' },
  BIGINT: { kind: 'bigint' },
  FLOAT: { kind: 'real' },
  DOUBLE: { kind: 'double' },
  VARCHAR: { kind: 'string' },
  BLOB: { kind: 'binary' },
  DATE: { kind: 'date' },
  TIMESTAMP: { kind: 'timestamp' },
  'TIMESTAMP WITH TIME ZONE': { kind: 'timestamptz' },
};

/** A Parquet column's type as DuckDB describes it. */
export function sqlTypeOfDuckDBText(text: string): SqlType {
  const known = BY_DUCKDB[text];
  if (known) return known;
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(text);
  if (decimal) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  throw new SqlError('UNSUPPORTED_DATATYPE', '0A000', `The Parquet column type ${text} is not supported here.`);
}

/** What the wire calls a type. */
export function wireTypeOf(type: SqlType): WireType {
  switch (type.kind) {
    case 'boolean':
      return wireType('BOOLEAN');
    case 'tinyint':
      return wireType('TINYINT');
    case 'smallint':
      return wireType('SMALLINT');
    case 'integer':
      return wireType('INT');
    case 'bigint':
      return wireType('BIGINT');
    case 'real':
      return wireType('FLOAT');
    case 'double':
      return wireType('DOUBLE');
    case 'decimal':
      return wireType('DECIMAL', type.precision, type.scale);
    case 'binary':
      return wireType('BINARY');
    case 'date':
      return wireType('DATE');
    case 'timestamp':
      return wireType('TIMESTAMP_NTZ');
    case 'timestamptz':
      return wireType('TIMESTAMP');
    case 'variant':
      return wireType('VARIANT');
    case 'array':
      return wireType('ARRAY');
    case 'map':
      return wireType('MAP');
    case 'struct':
      return wireType('STRUCT');
    case 'void':
      return wireType('VOID');
    default:
      return wireType('STRING');
  }
}

const INTEGER_DIGITS: Partial<Record<SqlType['kind'], number>> = { tinyint: 3, smallint: 5, integer: 10, bigint: 19 };

/**
 * ANSI store assignment (Spark's Cast.canANSIStoreAssign), narrowed to what DuckDB's cast does in the same way: numbers to
 * numbers with a runtime check, no text to numbers, and no floats to integers or decimals (Spark cuts, DuckDB rounds).
 */
export function canAssign(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'void' || from.kind === to.kind) return true;
  const isExact = (type: SqlType): boolean => type.kind in INTEGER_DIGITS || type.kind === 'decimal';
  const isFloat = (type: SqlType): boolean => type.kind === 'real' || type.kind === 'double';
  if (isExact(from) && (isExact(to) || isFloat(to))) return true;
  if (isFloat(from) && isFloat(to)) return true;
  if (from.kind === 'date' || from.kind === 'timestamp' || from.kind === 'timestamptz')
    return to.kind === 'timestamp' || to.kind === 'timestamptz' || to.kind === 'date';
  const isText = (type: SqlType): boolean => ['string', 'varchar', 'char'].includes(type.kind);
  return isText(to) && (isText(from) || isExact(from) || from.kind === 'boolean');
}
