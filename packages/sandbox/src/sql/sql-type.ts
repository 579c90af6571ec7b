/** One type model for both dialects: the text each of them shows, and what DuckDB stores for it. */
import { VARIANT_DUCKDB_TYPE } from '../variant/variant-functions.ts';

export type SqlType =
  | { kind: 'boolean' | 'tinyint' | 'smallint' | 'integer' | 'bigint' | 'real' | 'double' }
  | { kind: 'decimal'; precision: number; scale: number }
  /** Lengths are bytes on Redshift. Databricks' own text type is `string`; its CHAR(n)/VARCHAR(n) columns count characters. */
  | { kind: 'char' | 'varchar'; length: number; hexDigits?: number }
  /** `hexDigits`: the text is exactly so many hexadecimal digits (part of an md5), so reading it needs no test. */
  | { kind: 'string'; hexDigits?: number }
  /** `timestamp` has no zone (TIMESTAMP_NTZ on Databricks); `timestamptz` is an instant (TIMESTAMP on Databricks). */
  | { kind: 'date' | 'time' | 'timetz' | 'timestamp' | 'timestamptz' }
  | { kind: 'interval_year_month' | 'interval_day_second' }
  | { kind: 'varbyte'; length: number }
  | { kind: 'binary' | 'super' | 'variant' | 'geometry' | 'geography' | 'hllsketch' }
  | { kind: 'array'; element: SqlType }
  | { kind: 'map'; key: SqlType; value: SqlType }
  | { kind: 'struct'; fields: { name: string; type: SqlType }[] }
  /** The type of a bare NULL. */
  | { kind: 'void' };

export type SqlTypeKind = SqlType['kind'];

export interface ColumnInfo {
  name: string;
  type: SqlType;
}

/** Longest VARCHAR of Redshift; what a text expression without a known length is described as. */
export const REDSHIFT_TEXT_MAX = 65_535;

const REDSHIFT_TEXT: Partial<Record<SqlTypeKind, string>> = {
  double: 'double precision',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
  interval_year_month: 'interval year to month',
  interval_day_second: 'interval day to second',
  string: `character varying(${REDSHIFT_TEXT_MAX})`,
  binary: 'binary varying(16777216)',
  void: '"unknown"',
};

/** As format_type of Redshift prints it. */
export function redshiftTypeText(type: SqlType): string {
  switch (type.kind) {
    case 'decimal':
      return `numeric(${type.precision},${type.scale})`;
    case 'char':
      return `character(${type.length})`;
    case 'varchar':
      return `character varying(${type.length})`;
    case 'varbyte':
      return `binary varying(${type.length})`;
    default:
      return REDSHIFT_TEXT[type.kind] ?? type.kind;
  }
}

const DATABRICKS_TEXT: Partial<Record<SqlTypeKind, string>> = {
  integer: 'int',
  real: 'float',
  timestamp: 'timestamp_ntz',
  timestamptz: 'timestamp',
  varbyte: 'binary',
  interval_year_month: 'interval year to month',
  interval_day_second: 'interval day to second',
};

/** As Spark's DataType.catalogString: lower case, no blanks. */
export function databricksTypeText(type: SqlType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'char':
    case 'varchar':
      return `${type.kind}(${type.length})`;
    case 'array':
      return `array<${databricksTypeText(type.element)}>`;
    case 'map':
      return `map<${databricksTypeText(type.key)},${databricksTypeText(type.value)}>`;
    case 'struct':
      return `struct<${type.fields.map((field) => `${field.name}:${databricksTypeText(field.type)}`).join(',')}>`;
    default:
      return DATABRICKS_TEXT[type.kind] ?? type.kind;
  }
}

const DUCKDB_TEXT: Partial<Record<SqlTypeKind, string>> = {
  real: 'FLOAT',
  char: 'VARCHAR',
  varchar: 'VARCHAR',
  string: 'VARCHAR',
  // DuckDB's own TIMETZ and INTERVAL are kept, so that parts of them can be computed.
  timetz: 'TIMETZ',
  interval_year_month: 'INTERVAL',
  interval_day_second: 'INTERVAL',
  varbyte: 'BLOB',
  binary: 'BLOB',
  super: 'JSON',
  variant: VARIANT_DUCKDB_TYPE,
  // Opaque: the bytes of EWKB or of the sketch.
  geometry: 'BLOB',
  geography: 'BLOB',
  hllsketch: 'BLOB',
  void: 'INTEGER',
};

/** The DuckDB type that holds values of this type. */
export function duckdbTypeText(type: SqlType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'array':
      return `${duckdbTypeText(type.element)}[]`;
    case 'map':
      return `MAP(${duckdbTypeText(type.key)}, ${duckdbTypeText(type.value)})`;
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `"${field.name.replaceAll('"', '""')}" ${duckdbTypeText(field.type)}`).join(', ')})`;
    default:
      return DUCKDB_TEXT[type.kind] ?? type.kind.toUpperCase();
  }
}

export function isText(type: SqlType): boolean {
  return type.kind === 'char' || type.kind === 'varchar' || type.kind === 'string';
}

export function isInteger(type: SqlType): boolean {
  return type.kind === 'tinyint' || type.kind === 'smallint' || type.kind === 'integer' || type.kind === 'bigint';
}

export function isFloat(type: SqlType): boolean {
  return type.kind === 'real' || type.kind === 'double';
}

export function isNumeric(type: SqlType): boolean {
  return isInteger(type) || isFloat(type) || type.kind === 'decimal';
}

export function isBytes(type: SqlType): boolean {
  return type.kind === 'varbyte' || type.kind === 'binary';
}
