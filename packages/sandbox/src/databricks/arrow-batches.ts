/**
 * Results as Arrow IPC: the schema message once, then record batch messages, as the driver puts them together again
 * (ArrowResultHandler.js hands `[schema, batch, …]` to one reader).
 */
import { Buffer } from 'node:buffer';
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import type { ResultColumn, ResultSet, SqlType, SqlValue } from './values.ts';

/** The end-of-stream marker that a stream writer appends and the wire leaves out. */
const END_OF_STREAM_BYTES = 8;

export function arrowSchemaBytes(columns: readonly ResultColumn[]): Buffer {
  return Buffer.from(stream(columns, null)).subarray(0, -END_OF_STREAM_BYTES);
}

export function arrowBatchBytes(result: ResultSet, from: number, to: number): Buffer {
  const schema = arrowSchemaBytes(result.columns);
  const whole = Buffer.from(stream(result.columns, { result, from, to }));
  return whole.subarray(schema.length, whole.length - END_OF_STREAM_BYTES);
}

function stream(
  columns: readonly ResultColumn[],
  rows: { result: ResultSet; from: number; to: number } | null,
): Uint8Array {
  const schema = new Schema(columns.map((column) => new Field(column.name, arrowType(column.type), true)));
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  if (rows) {
    const length = rows.to - rows.from;
    const children = columns.map((column, index) =>
      encode(column.type, (rows.result.data[index] ?? []).slice(rows.from, rows.to)),
    );
    const type = new Struct(schema.fields);
    writer.write(new RecordBatch(schema, makeData({ type, length, nullCount: 0, children })));
  }
  writer.finish();
  return writer.toUint8Array(true);
}

function arrowType(type: SqlType): DataType {
  switch (type.kind) {
    case 'BOOLEAN':
      return new Bool();
    case 'TINYINT':
      return new Int8();
    case 'SMALLINT':
      return new Int16();
    case 'INT':
      return new Int32();
    case 'BIGINT':
      return new Int64();
    case 'FLOAT':
      return new Float32();
    case 'DOUBLE':
      return new Float64();
    case 'DECIMAL':
      return new Decimal(type.scale, type.precision, 128);
    case 'BINARY':
      return new Binary();
    case 'DATE':
      return new DateDay();
    case 'TIMESTAMP':
      return new TimestampMicrosecond('Etc/UTC');
    case 'TIMESTAMP_NTZ':
      return new TimestampMicrosecond();
    default:
      return new Utf8();
  }
}

function encode(type: SqlType, values: readonly SqlValue[]): Data {
  const nulls = nullBitmap(values);
  const arrow = arrowType(type);
  const common = { length: values.length, ...nulls };
  if (arrow instanceof Utf8 || arrow instanceof Binary) {
    const { data, valueOffsets } = variableWidth(values);
    return arrow instanceof Binary
      ? makeData({ type: new Binary(), data, valueOffsets, ...common })
      : makeData({ type: new Utf8(), data, valueOffsets, ...common });
  }
  return makeData({ type: arrow as Int32, data: fixedWidth(type, values) as Int32Array, ...common });
}

function nullBitmap(values: readonly SqlValue[]): { nullCount: number; nullBitmap: Uint8Array } {
  const bitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  values.forEach((value, index) => {
    if (value === null) nullCount += 1;
    else setBit(bitmap, index);
  });
  return { nullCount, nullBitmap: bitmap };
}

function setBit(bitmap: Uint8Array, index: number): void {
  bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
}

function variableWidth(values: readonly SqlValue[]): { data: Uint8Array; valueOffsets: Int32Array } {
  const valueOffsets = new Int32Array(values.length + 1);
  const parts: Uint8Array[] = [];
  let end = 0;
  values.forEach((value, index) => {
    if (value !== null) {
      const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value), 'utf8');
      parts.push(bytes);
      end += bytes.length;
    }
    valueOffsets[index + 1] = end;
  });
  return { data: Buffer.concat(parts, end), valueOffsets };
}

type FixedArray = Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array | Uint8Array;

function fixedWidth(type: SqlType, values: readonly SqlValue[]): FixedArray | Uint32Array {
  switch (type.kind) {
    case 'BOOLEAN': {
      const bits = new Uint8Array(Math.ceil(values.length / 8));
      values.forEach((value, index) => {
        if (value === true) setBit(bits, index);
      });
      return bits;
    }
    case 'TINYINT':
      return Int8Array.from(values, Number);
    case 'SMALLINT':
      return Int16Array.from(values, Number);
    case 'INT':
    case 'DATE':
      return Int32Array.from(values, Number);
    case 'FLOAT':
      return Float32Array.from(values, Number);
    case 'DOUBLE':
      return Float64Array.from(values, Number);
    case 'DECIMAL':
      return decimals(values);
    default:
      return BigInt64Array.from(values, (value) => BigInt(value === null ? 0 : (value as bigint)));
  }
}

/** 128-bit little-endian two's complement. */
function decimals(values: readonly SqlValue[]): Uint32Array {
  const words = new BigInt64Array(values.length * 2);
  values.forEach((value, index) => {
    const unscaled = BigInt(value === null ? 0 : (value as bigint));
    words[index * 2] = BigInt.asIntN(64, unscaled);
    words[index * 2 + 1] = BigInt.asIntN(64, unscaled >> 64n);
  });
  return new Uint32Array(words.buffer);
}
