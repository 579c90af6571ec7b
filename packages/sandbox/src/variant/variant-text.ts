/**
 * `to_json` of a VARIANT: its JSON text without blanks, fields in the order in which the object lists them, numbers as
 * Java prints them (apache/spark Variant.java, toJson).
 */
import { BASIC, PRIMITIVE, type VariantBytes } from './encode-variant.ts';
import { malformedVariant, notFaithful } from './variant-error.ts';

export function variantText({ metadata, value }: VariantBytes): string {
  return textAt(Buffer.from(value), keysOf(Buffer.from(metadata)), 0);
}

function keysOf(metadata: Buffer): string[] {
  const head = byteAt(metadata, 0);
  if ((head & 0x0f) !== 1) throw malformedVariant();
  const size = (head >> 6) + 1;
  const count = unsignedAt(metadata, 1, size);
  const start = 1 + size + (count + 1) * size;
  const offsetAt = (index: number) => start + unsignedAt(metadata, 1 + size + index * size, size);
  return Array.from({ length: count }, (_, index) =>
    sliceOf(metadata, offsetAt(index), offsetAt(index + 1)).toString('utf8'),
  );
}

function textAt(value: Buffer, keys: readonly string[], at: number): string {
  const head = byteAt(value, at);
  const rest = head >> 2;
  switch (head & 3) {
    case BASIC.shortString:
      return jsonString(sliceOf(value, at + 1, at + 1 + rest));
    case BASIC.object:
      return objectText(value, keys, at, rest);
    case BASIC.array:
      return arrayText(value, keys, at, rest);
    default:
      return primitiveText(value, at + 1, rest);
  }
}

function objectText(value: Buffer, keys: readonly string[], at: number, head: number): string {
  const [countBytes, idBytes, offsetBytes] = [(head >> 4) & 1 ? 4 : 1, ((head >> 2) & 3) + 1, (head & 3) + 1];
  const count = unsignedAt(value, at + 1, countBytes);
  const ids = at + 1 + countBytes;
  const offsets = ids + count * idBytes;
  const data = offsets + (count + 1) * offsetBytes;
  const fields = Array.from({ length: count }, (_, index) => {
    const key = keys[unsignedAt(value, ids + index * idBytes, idBytes)];
    if (key === undefined) throw malformedVariant();
    const place = data + unsignedAt(value, offsets + index * offsetBytes, offsetBytes);
    return `${jsonText(key)}:${textAt(value, keys, place)}`;
  });
  return `{${fields.join(',')}}`;
}

function arrayText(value: Buffer, keys: readonly string[], at: number, head: number): string {
  const [countBytes, offsetBytes] = [(head >> 2) & 1 ? 4 : 1, (head & 3) + 1];
  const count = unsignedAt(value, at + 1, countBytes);
  const offsets = at + 1 + countBytes;
  const data = offsets + (count + 1) * offsetBytes;
  const items = Array.from({ length: count }, (_, index) =>
    textAt(value, keys, data + unsignedAt(value, offsets + index * offsetBytes, offsetBytes)),
  );
  return `[${items.join(',')}]`;
}

function primitiveText(value: Buffer, at: number, primitive: number): string {
  switch (primitive) {
    case PRIMITIVE.null:
      return 'null';
    case PRIMITIVE.true:
      return 'true';
    case PRIMITIVE.false:
      return 'false';
    case PRIMITIVE.int8:
      return signedAt(value, at, 1).toString();
    case PRIMITIVE.int16:
      return signedAt(value, at, 2).toString();
    case PRIMITIVE.int32:
      return signedAt(value, at, 4).toString();
    case PRIMITIVE.int64:
      return signedAt(value, at, 8).toString();
    case PRIMITIVE.double:
      return javaDouble(sliceOf(value, at, at + 8).readDoubleLE());
    case PRIMITIVE.decimal4:
      return decimalText(signedAt(value, at + 1, 4), byteAt(value, at));
    case PRIMITIVE.decimal8:
      return decimalText(signedAt(value, at + 1, 8), byteAt(value, at));
    case PRIMITIVE.decimal16:
      return decimalText(signedAt(value, at + 1, 16), byteAt(value, at));
    case PRIMITIVE.longString:
      return jsonString(sliceOf(value, at + 4, at + 4 + unsignedAt(value, at, 4)));
    // Dates, timestamps, floats, binaries: nothing here writes them.
    default:
      throw notFaithful(`a VARIANT of primitive type ${primitive}`);
  }
}

/** Plain digits without trailing zeros: 1 and 1.00 print the same (VariantUtil.java, getDecimal). */
function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0 || unscaled === 0n) return unscaled.toString();
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const fraction = digits.slice(-scale).replace(/0+$/, '');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Double.toString of Java 19 and later: the shortest digits, plain from 10^-3 up to 10^7, else as 1.0E10. */
export function javaDouble(number: number): string {
  if (Object.is(number, -0)) return '-0.0';
  if (number === 0) return '0.0';
  const shortest = number.toExponential();
  // Never one digit alone: of the two-digit ones the nearest, which is 4.9E-324 for the smallest.
  const [mantissa = '', exponentText = '0'] = (shortest.includes('.') ? shortest : number.toExponential(1)).split('e');
  const exponent = Number(exponentText);
  const sign = number < 0 ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').replace(/(?<=.)0+$/, '');
  if (exponent < -3 || exponent >= 7) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign}${digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')}.${digits.slice(exponent + 1) || '0'}`;
}

function jsonString(bytes: Buffer): string {
  return jsonText(bytes.toString('utf8'));
}

/** Jackson writes control characters with upper-case digits, and escapes nothing beyond ASCII. */
function jsonText(text: string): string {
  return JSON.stringify(text).replace(/\\(?:u00([0-9a-f]{2})|.)/g, (escaped: string, digits?: string) =>
    digits === undefined ? escaped : `\\u00${digits.toUpperCase()}`,
  );
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw malformedVariant();
  return byte;
}

function sliceOf(bytes: Buffer, from: number, to: number): Buffer {
  if (from > to || to > bytes.length) throw malformedVariant();
  return bytes.subarray(from, to);
}

function unsignedAt(bytes: Buffer, at: number, size: number): number {
  return sliceOf(bytes, at, at + size).readUIntLE(0, size);
}

function signedAt(bytes: Buffer, at: number, size: number): bigint {
  let value = 0n;
  for (let index = size - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(byteAt(bytes, at + index));
  return BigInt.asIntN(8 * size, value);
}
