import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVariant } from './encode-variant.ts';
import { javaDouble, variantText } from './variant-text.ts';

const roundTrip = (json: string) => variantText(parseVariant(json));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a VARIANT', () => {
  it('reads back as Spark reads it (VariantEndToEndSuite, parse_json/to_json round-trip)', () => {
    const unchanged = ['null', 'true', 'false', '-1', '1.0E10', '""', `"${'a'.repeat(63)}"`, `"${'b'.repeat(64)}"`];
    for (const json of [...unchanged, '[]', '{}', `"${'你好，世界'.repeat(20)}"`]) expect(roundTrip(json)).toBe(json);
    expect(roundTrip('[null, true,   false,-1, 1e10, "\\uD83D\\uDE05", [ ], { } ]')).toBe(
      '[null,true,false,-1,1.0E10,"😅",[],{}]',
    );
    expect(roundTrip('[0.0, 1.00, 1.10, 1.23]')).toBe('[0,1,1.1,1.23]');
  });

  it.each([
    ['127', '0c7f'],
    ['-128', '0c80'],
    ['128', '108000'],
    ['-32769', '14ff7fffff'],
    ['9223372036854775807', '18ffffffffffffff7f'],
    ['9223372036854775808', '280000000000000000800000000000000000'],
    ['0.01', '200201000000'],
    ['-1.5', '2001f1ffffff'],
    ['1.00', '200264000000'],
    ['-0.0', '200100000000'],
    ['2147483647.999', '2403fffffffff3010000'],
    ['1E0', '1c000000000000f03f'],
    ['null', '00'],
    ['"ab"', '096162'],
  ])('is encoded by the specification: %s', (json, bytes) => {
    expect(hex(parseVariant(json).value)).toBe(bytes);
  });

  it('lists the fields of an object by key, their values as they came', () => {
    const { metadata, value } = parseVariant('{"c":3,"b":{"c":1}}');
    expect(hex(metadata)).toBe('01' + '02' + '000102' + '6362');
    const inner = '02' + '01' + '00' + '0002' + '0c01';
    expect(hex(value)).toBe('02' + '02' + '0100' + '020009' + '0c03' + inner);
  });

  it('keeps 38 digits, and what has more or an exponent as a double', () => {
    expect(roundTrip('9999999999999999999.9999999999999999999')).toBe('9999999999999999999.9999999999999999999');
    expect(roundTrip('9999999999999999999.99999999999999999999')).toBe('1.0E19');
    expect(roundTrip('12345678901234567890123456789012345678')).toBe('12345678901234567890123456789012345678');
    expect(roundTrip('123456789012345678901234567890123456789')).toBe('1.2345678901234568E38');
    expect(roundTrip('[1e-7,0.001e0,12345678e0,1e7,9999999e0]')).toBe('[1.0E-7,0.001,1.2345678E7,1.0E7,9999999.0]');
    expect(javaDouble(-123.456)).toBe('-123.456');
    expect(javaDouble(4.9e-324)).toBe('4.9E-324');
  });

  it('orders keys by code units, inside one dictionary, and refuses a key that is there twice', () => {
    expect(roundTrip('{"b":1,"a":{"b":2,"A":3},"é":4,"":5}')).toBe('{"":5,"a":{"A":3,"b":2},"b":1,"é":4}');
    expect(() => roundTrip('{"a":1,"b":{"x":1,"x":2}}')).toThrow(/\[VARIANT_DUPLICATE_KEY\].*SQLSTATE: 22023/);
  });

  it('holds objects and arrays of more than 255 members, and long texts', () => {
    const array = `[${Array.from({ length: 300 }, (_, n) => n).join(',')}]`;
    const keys = Array.from({ length: 300 }, (_, n) => `k${String(n).padStart(3, '0')}`);
    const object = `{${keys.map((key, n) => `"${key}":${n}`).join(',')}}`;
    expect(roundTrip(array)).toBe(array);
    expect(roundTrip(object)).toBe(object);
    const long = JSON.stringify('ü'.repeat(70_000));
    expect(roundTrip(`[${long},1]`)).toBe(`[${long},1]`);
  });

  it.each([
    '',
    '{',
    '{1:2}',
    '[1,]',
    '01',
    '1 2',
    "{'a':1}",
    '"\u0001"',
    '"\\x"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    'nul',
    '+1',
    '.5',
  ])('is no VARIANT: %j', (json) => {
    expect(() => parseVariant(json)).toThrow(/\[MALFORMED_RECORD_IN_PARSING/);
  });

  it('is refused where the warehouse is not known well enough', () => {
    expect(() => parseVariant('1e400')).toThrow(/SANDBOX_UNSUPPORTED/);
    expect(() => parseVariant(`${'['.repeat(1_002)}${']'.repeat(1_002)}`)).toThrow(/nesting/);
  });

  it('keeps every JSON value, key order and number forms aside', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = roundTrip(JSON.stringify(value));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value), (_key, each) => (each === 0 ? 0 : each)));
        // Once stored, it does not change any more.
        expect(roundTrip(text)).toBe(text);
      }),
      { numRuns: 40 },
    );
  });
});
