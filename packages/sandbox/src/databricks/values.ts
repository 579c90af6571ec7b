/** Result values between DuckDB and the wire: one JS representation per SQL type, without a loss. */
import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  type DuckDBResultReader,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
} from '@duckdb/node-api';
import { nestedJson } from './nested-json.ts';

export type SqlTypeKind =
  | 'BOOLEAN'
  | 'TINYINT'
  | 'SMALLINT'
  | 'INT'
  | 'BIGINT'
  | 'FLOAT'
  | 'DOUBLE'
  | 'DECIMAL'
  | 'STRING'
  | 'BINARY'
  | 'DATE'
  | 'TIMESTAMP'
  | 'TIMESTAMP_NTZ'
  | 'VARIANT'
  /** Nested values go as JSON text, which the driver parses. */
  | 'ARRAY'
  | 'MAP'
  | 'STRUCT'
  | 'VOID';

export interface SqlType {
  kind: SqlTypeKind;
  precision: number;
  scale: number;
}

/** BIGINT and timestamps (micros) as bigint, DECIMAL as its unscaled bigint, DATE as days, BINARY as bytes. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | null;

export interface ResultColumn {
  name: string;
  type: SqlType;
}

export interface ResultSet {
  columns: ResultColumn[];
  /** One array per column. */
  data: SqlValue[][];
  rowCount: number;
}

export function sqlType(kind: SqlTypeKind, precision = 0, scale = 0): SqlType {
  return { kind, precision, scale };
}

export function typeText(type: SqlType): string {
  return type.kind === 'DECIMAL' ? `DECIMAL(${type.precision},${type.scale})` : type.kind;
}

/** A result of plain JS rows, for the statements that describe things. */
export function resultOf(
  columns: readonly [name: string, kind: SqlTypeKind][],
  rows: readonly SqlValue[][],
): ResultSet {
  return {
    columns: columns.map(([name, kind]) => ({ name, type: sqlType(kind) })),
    data: columns.map((_, index) => rows.map((row) => row[index] ?? null)),
    rowCount: rows.length,
  };
}

/** The engine's rows under the types that the SQL front end gave the columns. */
export function resultFromDuckDB(reader: DuckDBResultReader, columns: ResultColumn[]): ResultSet {
  const values = columns.length === 0 ? [] : reader.getColumns();
  const data = columns.map((column, index) => (values[index] ?? []).map((value) => convert(value, column.type)));
  return { columns, data, rowCount: reader.currentRowCount };
}

const NESTED: readonly SqlTypeKind[] = ['VARIANT', 'ARRAY', 'MAP', 'STRUCT'];
const NUMERIC_BIGINT: readonly SqlTypeKind[] = ['BIGINT', 'DECIMAL'];

function convert(value: unknown, type: SqlType): SqlValue {
  if (value === null || value === undefined) return null;
  if (NESTED.includes(type.kind)) return nestedJson(value);
  if (value instanceof DuckDBDecimalValue) return type.kind === 'DECIMAL' ? rescale(value, type.scale) : value.value;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBBlobValue) return type.kind === 'STRING' ? value.toString() : value.bytes;
  // The engine may hold an integer narrower or wider (HUGEINT sums) than the type that the statement has.
  if (NUMERIC_BIGINT.includes(type.kind) && (typeof value === 'number' || typeof value === 'bigint')) {
    return BigInt(value) * (type.kind === 'DECIMAL' ? 10n ** BigInt(type.scale) : 1n);
  }
  if (typeof value === 'bigint' && ['TINYINT', 'SMALLINT', 'INT'].includes(type.kind)) return Number(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return type.kind === 'STRING' ? String(value) : value;
  }
  return type.kind === 'VOID' ? null : String(value);
}

function rescale(value: DuckDBDecimalValue, scale: number): bigint {
  if (value.scale === scale) return value.value;
  if (value.scale < scale) return value.value * 10n ** BigInt(scale - value.scale);
  throw new RangeError(`a DECIMAL of scale ${value.scale} came for a column of scale ${scale}`);
}

/** Unscaled integer and scale as plain decimal text. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const MICROS_PER_DAY = 86_400_000_000n;

export function dateText(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, -14).replace(/^\+0*/, '');
}

/** As Spark prints it in a UTC session: fraction without trailing zeros. */
export function timestampText(micros: bigint): string {
  const rest = ((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  const days = Number((micros - rest) / MICROS_PER_DAY);
  const seconds = new Date(Number(rest / 1_000_000n) * 1000).toISOString().slice(11, 19);
  const fraction = (rest % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  return `${dateText(days)} ${seconds}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Any value as the text that CAST(… AS STRING) gives, for JSON_ARRAY results. */
export function valueText(value: SqlValue, type: SqlType): string | null {
  if (value === null) return null;
  if (typeof value === 'bigint') {
    if (type.kind === 'DECIMAL') return decimalText(value, type.scale);
    return type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_NTZ' ? timestampText(value) : value.toString();
  }
  if (typeof value === 'number' && type.kind === 'DATE') return dateText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}
