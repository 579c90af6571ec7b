import { open, readFile, stat } from 'node:fs/promises';
import type { DuckDBValue } from '@duckdb/node-api';
import { DuckDBBlobValue, DuckDBDecimalValue } from '@duckdb/node-api';
import type { ColumnInfo, SqlType, SqlTypeKind } from '../sql/index.ts';
import { DatabaseError } from './service-error.ts';

/** As the Data API's ColumnMetadata. */
export interface ResultColumn {
  name: string;
  label: string;
  typeName: string;
  length: number;
  precision: number;
  scale: number;
  nullable: number;
  isCaseSensitive: boolean;
  isCurrency: boolean;
  isSigned: boolean;
  schemaName: string;
  tableName: string;
}

type Kind = 'long' | 'double' | 'boolean' | 'text';

interface ResultType {
  typeName: string;
  kind: Kind;
  precision: number;
}

const RESULT_TYPES: Partial<Record<SqlTypeKind, ResultType>> = {
  boolean: { typeName: 'bool', kind: 'boolean', precision: 1 },
  tinyint: { typeName: 'int2', kind: 'long', precision: 5 },
  smallint: { typeName: 'int2', kind: 'long', precision: 5 },
  integer: { typeName: 'int4', kind: 'long', precision: 10 },
  bigint: { typeName: 'int8', kind: 'long', precision: 19 },
  real: { typeName: 'float4', kind: 'double', precision: 8 },
  double: { typeName: 'float8', kind: 'double', precision: 17 },
  decimal: { typeName: 'numeric', kind: 'text', precision: 38 },
  char: { typeName: 'bpchar', kind: 'text', precision: 0 },
  date: { typeName: 'date', kind: 'text', precision: 13 },
  time: { typeName: 'time', kind: 'text', precision: 15 },
  timetz: { typeName: 'timetz', kind: 'text', precision: 21 },
  timestamp: { typeName: 'timestamp', kind: 'text', precision: 29 },
  timestamptz: { typeName: 'timestamptz', kind: 'text', precision: 35 },
  interval_year_month: { typeName: 'intervaly2m', kind: 'text', precision: 32 },
  interval_day_second: { typeName: 'intervald2s', kind: 'text', precision: 64 },
  varbyte: { typeName: 'varbyte', kind: 'text', precision: 65535 },
  super: { typeName: 'super', kind: 'text', precision: 0 },
  geometry: { typeName: 'geometry', kind: 'text', precision: 0 },
  geography: { typeName: 'geography', kind: 'text', precision: 0 },
  hllsketch: { typeName: 'hllsketch', kind: 'text', precision: 0 },
};

/**
 * Redshift's name of a type, and the Field member that the Data API documents for it: integers longValue, floats
 * doubleValue, BOOLEAN booleanValue, everything else (DECIMAL, dates and times too) stringValue.
 */
function resultType(type: SqlType): ResultType {
  return RESULT_TYPES[type.kind] ?? { typeName: 'varchar', kind: 'text', precision: 65535 };
}

export function describeColumns(columns: readonly ColumnInfo[]): ResultColumn[] {
  return columns.map(({ name, type }) => {
    const described = resultType(type);
    const length = 'length' in type ? type.length : null;
    return {
      name,
      label: name,
      typeName: described.typeName,
      length: length ?? 0,
      precision: type.kind === 'decimal' ? type.precision : (length ?? described.precision),
      scale: type.kind === 'decimal' ? type.scale : 0,
      nullable: 1,
      isCaseSensitive: described.typeName === 'varchar' || described.typeName === 'bpchar',
      isCurrency: false,
      isSigned: described.kind === 'long' || described.kind === 'double' || described.typeName === 'numeric',
      schemaName: '',
      tableName: '',
    };
  });
}

/** Text of a value as Redshift prints it. */
export function valueText(value: DuckDBValue, type: SqlType): string {
  if (value instanceof DuckDBBlobValue) {
    const hex = Buffer.from(value.bytes).toString('hex');
    // Hex EWKB is printed in upper case, VARBYTE in lower.
    return type.kind === 'geometry' || type.kind === 'geography' ? hex.toUpperCase() : hex;
  }
  if (value instanceof DuckDBDecimalValue) return decimalText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  const text = String(value);
  // CHAR(n) comes blank-padded over the wire, as in every PostgreSQL.
  return type.kind === 'char' ? text + ' '.repeat(Math.max(0, type.length - Buffer.byteLength(text))) : text;
}

/** With all digits of the scale, and 0.5 rather than .5. */
function decimalText(value: DuckDBDecimalValue): string {
  if (value.scale === 0) return value.value.toString();
  const isNegative = value.value < 0n;
  const digits = (isNegative ? -value.value : value.value).toString().padStart(value.scale + 1, '0');
  return `${isNegative ? '-' : ''}${digits.slice(0, -value.scale)}.${digits.slice(-value.scale)}`;
}

/**
 * One Field as JSON text. A BIGINT is written with all its digits, as the service does; that the SDK's JSON parser loses
 * some above 2^53 is its trap, and callers are meant to meet it here.
 */
function fieldJson(value: DuckDBValue, type: SqlType): string {
  const { kind } = resultType(type);
  if (value === null) return '{"isNull":true}';
  if (kind === 'long') return `{"longValue":${String(value)}}`;
  if (kind === 'boolean') return `{"booleanValue":${String(value)}}`;
  // JSON 1.1 writes these three as strings.
  if (kind === 'double')
    return `{"doubleValue":${Number.isFinite(value) ? doubleJson(value as number) : `"${String(value)}"`}}`;
  return `{"stringValue":${JSON.stringify(valueText(value, type))}}`;
}

function doubleJson(value: number): string {
  return Object.is(value, -0) ? '-0.0' : JSON.stringify(value);
}

function csvCell(value: DuckDBValue, type: SqlType): string {
  if (value === null) return '';
  const text = valueText(value, type);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function textBytes(value: DuckDBValue, type: SqlType): number {
  return value === null ? 0 : Buffer.byteLength(valueText(value, type));
}

export interface ResultWriter {
  append(rows: readonly (readonly DuckDBValue[])[]): Promise<void>;
  end(): Promise<{ rowCount: number; sizeBytes: number }>;
}

/**
 * A result is one file: its columns in the first line, one row in every other. Limits are the service's: a row over
 * 64 KB and a result over 500 MB fail the statement.
 */
export async function openResult(options: {
  path: string;
  columns: readonly ColumnInfo[];
  format: 'JSON' | 'CSV';
  rowBytesMax: number;
  resultBytesMax: number;
}): Promise<ResultWriter> {
  const types = options.columns.map((column) => column.type);
  const typeAt = (index: number): SqlType => types[index] as SqlType;
  const file = await open(options.path, 'w');
  await file.write(`${JSON.stringify(describeColumns(options.columns))}\n`);
  let rowCount = 0;
  let sizeBytes = 0;
  const line = (row: readonly DuckDBValue[]): string => {
    const text =
      options.format === 'CSV'
        ? JSON.stringify(row.map((value, index) => csvCell(value, typeAt(index))).join(','))
        : `[${row.map((value, index) => fieldJson(value, typeAt(index))).join(',')}]`;
    const bytes = row.reduce<number>((sum, value, index) => sum + textBytes(value, typeAt(index)), 0);
    if (bytes > options.rowBytesMax)
      throw new DatabaseError(
        `Query result row size of ${bytes} bytes exceeds the maximum of ${options.rowBytesMax} bytes`,
      );
    sizeBytes += bytes;
    return `${text}\n`;
  };
  return {
    async append(rows) {
      const text = rows.map(line).join('');
      if (sizeBytes > options.resultBytesMax)
        throw new DatabaseError(`Query result size exceeds the maximum of ${options.resultBytesMax} bytes`);
      rowCount += rows.length;
      if (text !== '') await file.write(text);
    },
    async end() {
      await file.close();
      return { rowCount, sizeBytes };
    },
  };
}

export interface ResultPage {
  columns: string;
  /** JSON texts, one a row. */
  rows: string[];
  /** Byte offset of the next page; null at the end. */
  nextOffset: number | null;
}

const PAGE_BYTES = 4 * 1024 * 1024;

export async function readResultPage(path: string, offset: number, rowsMax: number): Promise<ResultPage> {
  const sizeBytes = (await stat(path)).size;
  const columns = await firstLine(path, sizeBytes);
  const from = Math.max(offset, Buffer.byteLength(columns) + 1);
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(PAGE_BYTES, sizeBytes - from));
    await file.read(buffer, 0, buffer.length, from);
    const rows: string[] = [];
    let position = 0;
    while (rows.length < rowsMax) {
      const end = buffer.indexOf(10, position);
      if (end < 0) break;
      rows.push(buffer.toString('utf8', position, end));
      position = end + 1;
    }
    return { columns, rows, nextOffset: from + position < sizeBytes ? from + position : null };
  } finally {
    await file.close();
  }
}

async function firstLine(path: string, sizeBytes: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(sizeBytes, 1024 * 1024));
    await file.read(buffer, 0, buffer.length, 0);
    const end = buffer.indexOf(10);
    return end < 0 ? ((await readFile(path, 'utf8')).split('\n')[0] ?? '') : buffer.toString('utf8', 0, end);
  } finally {
    await file.close();
  }
}
