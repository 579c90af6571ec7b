/**
 * `parse_json`: JSON text into the two binaries of a VARIANT, as Spark's VariantBuilder writes them
 * (apache/spark common/variant/README.md and VariantBuilder.java):
 * object fields are listed in the order of their keys, a duplicate key is an error; a whole number is stored as the smallest
 * integer that holds it, another plain number as a decimal of up to 38 digits, and what has an exponent or more digits as
 * a double.
 */
import { type JsonValue, readJson } from './read-json.ts';
import { duplicateKey, notFaithful } from './variant-error.ts';

export interface VariantBytes {
  metadata: Uint8Array;
  value: Uint8Array;
}

/** Basic types, in the low two bits of a header, and primitive types above them. */
export const BASIC = { primitive: 0, shortString: 1, object: 2, array: 3 } as const;
export const PRIMITIVE = {
  null: 0,
  true: 1,
  false: 2,
  int8: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  double: 7,
  decimal4: 8,
  decimal8: 9,
  decimal16: 10,
  longString: 16,
} as const;

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_SHORT_STRING_BYTES = 63;
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

export function parseVariant(json: string): VariantBytes {
  const keys = new Map<string, number>();
  const value = encode(readJson(json), keys);
  const metadata = encodeMetadata([...keys.keys()]);
  if (value.length > MAX_BYTES || metadata.length > MAX_BYTES) throw notFaithful('a VARIANT of more than 16 MiB');
  return { metadata, value };
}

function encode(json: JsonValue, keys: Map<string, number>): Buffer {
  switch (json.kind) {
    case 'null':
      return header(PRIMITIVE.null);
    case 'boolean':
      return header(json.value ? PRIMITIVE.true : PRIMITIVE.false);
    case 'number':
      return encodeNumber(json.text);
    case 'string':
      return encodeString(json.value);
    case 'array':
      return encodeArray(json.items.map((item) => encode(item, keys)));
    case 'object':
      return encodeObject(json.fields, keys);
  }
}

function header(primitive: number): Buffer {
  return Buffer.of((primitive << 2) | BASIC.primitive);
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= MAX_SHORT_STRING_BYTES)
    return Buffer.concat([Buffer.of((bytes.length << 2) | BASIC.shortString), bytes]);
  return Buffer.concat([header(PRIMITIVE.longString), unsigned(bytes.length, 4), bytes]);
}

function encodeNumber(text: string): Buffer {
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text);
    if (whole >= LONG_MIN && whole <= LONG_MAX) return encodeInteger(whole);
  }
  return encodeDecimal(text) ?? encodeDouble(text);
}

function encodeInteger(whole: bigint): Buffer {
  const sizes = [
    [1, PRIMITIVE.int8],
    [2, PRIMITIVE.int16],
    [4, PRIMITIVE.int32],
  ] as const;
  for (const [bytes, primitive] of sizes)
    if (BigInt.asIntN(8 * bytes, whole) === whole) return Buffer.concat([header(primitive), signed(whole, bytes)]);
  return Buffer.concat([header(PRIMITIVE.int64), signed(whole, 8)]);
}

/** Null for what no decimal holds. */
function encodeDecimal(text: string): Buffer | null {
  const plain = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (plain === null) return null;
  const [, sign, whole = '', fraction = ''] = plain;
  const unscaled = BigInt(whole + fraction);
  const scale = fraction.length;
  const precision = unscaled.toString().length;
  const fits = (most: number) => precision <= most && scale <= most;
  const value = sign === '-' ? -unscaled : unscaled;
  if (fits(9)) return Buffer.concat([header(PRIMITIVE.decimal4), Buffer.of(scale), signed(value, 4)]);
  if (fits(18)) return Buffer.concat([header(PRIMITIVE.decimal8), Buffer.of(scale), signed(value, 8)]);
  if (fits(38)) return Buffer.concat([header(PRIMITIVE.decimal16), Buffer.of(scale), signed(value, 16)]);
  return null;
}

function encodeDouble(text: string): Buffer {
  const number = Number(text);
  // Java reads infinity; whether Databricks' own parser does, or fails, is not documented.
  if (!Number.isFinite(number)) throw notFaithful('a JSON number beyond the range of DOUBLE');
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(number);
  return Buffer.concat([header(PRIMITIVE.double), bytes]);
}

function encodeArray(items: readonly Buffer[]): Buffer {
  const { offsets, dataBytes } = offsetsOf(items);
  const isLarge = items.length > 255;
  const offsetBytes = unsignedSize(dataBytes);
  const head = ((isLarge ? 1 : 0) << 2) | (offsetBytes - 1);
  return Buffer.concat([
    Buffer.of((head << 2) | BASIC.array),
    unsigned(items.length, isLarge ? 4 : 1),
    ...[...offsets, dataBytes].map((offset) => unsigned(offset, offsetBytes)),
    ...items,
  ]);
}

/** The values stand in the order of the text, their ids and offsets in the order of the keys. */
function encodeObject(fields: readonly [string, JsonValue][], keys: Map<string, number>): Buffer {
  const ids = fields.map(([key, json]) => {
    if (!keys.has(key)) keys.set(key, keys.size);
    return { key, id: keys.get(key) ?? 0, bytes: encode(json, keys) };
  });
  const { offsets, dataBytes } = offsetsOf(ids.map((field) => field.bytes));
  // By UTF-16 code units, like Java's String.compareTo.
  const sorted = ids
    .map((field, index) => ({ ...field, offset: offsets[index] ?? 0 }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const [index, field] of sorted.entries())
    if (index > 0 && sorted[index - 1]?.key === field.key) throw duplicateKey(field.key);
  const isLarge = fields.length > 255;
  const idBytes = unsignedSize(Math.max(0, ...sorted.map((field) => field.id)));
  const offsetBytes = unsignedSize(dataBytes);
  const head = ((isLarge ? 1 : 0) << 4) | ((idBytes - 1) << 2) | (offsetBytes - 1);
  return Buffer.concat([
    Buffer.of((head << 2) | BASIC.object),
    unsigned(fields.length, isLarge ? 4 : 1),
    ...sorted.map((field) => unsigned(field.id, idBytes)),
    ...[...sorted.map((field) => field.offset), dataBytes].map((offset) => unsigned(offset, offsetBytes)),
    ...ids.map((field) => field.bytes),
  ]);
}

function offsetsOf(parts: readonly Buffer[]): { offsets: number[]; dataBytes: number } {
  let dataBytes = 0;
  const offsets = parts.map((part) => {
    dataBytes += part.length;
    return dataBytes - part.length;
  });
  return { offsets, dataBytes };
}

function encodeMetadata(keys: readonly string[]): Buffer {
  const bytes = keys.map((key) => Buffer.from(key, 'utf8'));
  const { offsets, dataBytes } = offsetsOf(bytes);
  const size = unsignedSize(Math.max(dataBytes, keys.length));
  const version = 1;
  return Buffer.concat([
    Buffer.of(version | ((size - 1) << 6)),
    unsigned(keys.length, size),
    ...[...offsets, dataBytes].map((offset) => unsigned(offset, size)),
    ...bytes,
  ]);
}

function unsignedSize(value: number): 1 | 2 | 3 | 4 {
  if (value <= 0xff) return 1;
  if (value <= 0xffff) return 2;
  return value <= 0xff_ffff ? 3 : 4;
}

function unsigned(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

function signed(value: bigint, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  let rest = BigInt.asUintN(8 * bytes, value);
  for (let index = 0; index < bytes; index += 1) {
    buffer[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return buffer;
}
