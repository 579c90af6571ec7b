import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsInexactSql, INEXACT_PATTERNS, withoutStringsSql } from './json-numbers.ts';

/** What the SQL does, step by step; the engines' own functions are tested where they are emulated. */
function withoutStrings(json: string): string {
  return json
    .replaceAll('\\\\', '')
    .replaceAll('\\"', '')
    .replace(/"[^"]*"/g, '');
}
const holds = (which: keyof typeof INEXACT_PATTERNS, json: string) =>
  new RegExp(INEXACT_PATTERNS[which]).test(withoutStrings(json));
const isInexact = (json: string) => holds('rounded', json) || holds('outOfRange', json);

/** As VariantBuilder reads it: a decimal of precision and scale up to 38, or else the nearest DOUBLE. */
function isDecimal(number: string): boolean {
  const plain = /^-?(\d+)(?:\.(\d+))?$/.exec(number);
  if (plain === null) return false;
  const [, whole = '', fraction = ''] = plain;
  return fraction.length <= 38 && BigInt(whole + fraction).toString().length <= 38;
}

const digits = (min: number, max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((all) => all.join(''));
const whole = fc.oneof(
  fc.constant('0'),
  fc.tuple(fc.integer({ min: 1, max: 9 }), digits(0, 45)).map(([first, rest]) => `${first}${rest}`),
);
const plain = fc
  .tuple(
    fc.boolean(),
    whole,
    fc.oneof(
      fc.constant(''),
      digits(1, 45).map((fraction) => `.${fraction}`),
    ),
  )
  .map(([isNegative, before, after]) => `${isNegative ? '-' : ''}${before}${after}`);

describe('numbers that a VARIANT cannot hold', () => {
  it('every plain number that is no decimal of 38 digits is found, and no shorter one is', () => {
    fc.assert(
      fc.property(plain, (number) => {
        const significant = number.replace(/[-.]/g, '').length;
        if (!isDecimal(number)) expect(isInexact(`{"a":[${number}]}`)).toBe(true);
        else if (significant <= 38) expect(isInexact(`[${number},1]`)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('every number with an exponent that leaves the range of DOUBLE is found', () => {
    const exponent = fc.tuple(
      fc.constantFrom('e', 'E'),
      fc.constantFrom('', '+', '-'),
      fc.integer({ min: 0, max: 2_000 }),
    );
    const long = fc.oneof(
      plain,
      digits(199, 310).map((more) => `1${more}`),
    );
    fc.assert(
      fc.property(long, exponent, (mantissa, [e, sign, power]) => {
        const number = `${mantissa}${e}${sign}${power}`;
        if (!Number.isFinite(Number(number))) expect(holds('outOfRange', `[${number}]`)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('what engines print of any DOUBLE is not: exact by its nearest value', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -9e299, max: 9e299 }), (value) => {
        expect(isInexact(`{"a":${value}}`)).toBe(false);
        if (Math.abs(value) > 1e-300 || value === 0) expect(isInexact(`[${value.toExponential(16)}]`)).toBe(false);
      }),
    );
  });

  it.each([
    ['38 digits', `[${'9'.repeat(38)}]`, false],
    ['39 digits', `[${'9'.repeat(39)}]`, true],
    ['39 digits with a point', `{"a":-1.${'1'.repeat(38)}}`, true],
    ['38 digits with a point', `{"a":-1.${'1'.repeat(37)}}`, false],
    ['a scale of 38', `0.${'1'.repeat(38)}`, false],
    ['a scale of 39', `0.${'0'.repeat(38)}1`, true],
    ['too small for a DOUBLE', '1e-400', true],
    ['the smallest DOUBLE', '4.9e-324', false],
    ['10^300', '1e300', true],
    ['a long whole part before an exponent', '[123456789012e298]', true],
  ])('%s', (_what, json, expected) => {
    expect(isInexact(json)).toBe(expected);
  });

  it('digits in a string or a key are none, however it is escaped', () => {
    const number = '12345678901234567890123456789012345678901';
    for (const text of [
      number,
      `,${number}`,
      `:[${number}]`,
      `\\"${number}`,
      `\\",${number}`,
      `\\\\\\":${number},1e400`,
    ])
      for (const json of [`"${text}"`, `{"a":["${text}"]}`, `{"${text}":1}`, `["${text}",{"b":"\\\\"},1]`])
        expect(isInexact(json), json).toBe(false);
    expect(isInexact(`{"a":"\\\\","b":${number}}`)).toBe(true);
    expect(isInexact(`["\\"",${number}]`)).toBe(true);
  });

  it('any document with any strings alarms exactly when a number of it does', () => {
    const long = fc.constantFrom('7'.repeat(39), '1e999');
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.constantFrom('\\', '"', `":${'8'.repeat(40)}`),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('\\"', '5'.repeat(50))), tie('value'), {
        maxKeys: 4,
      }),
    })).value;
    fc.assert(
      fc.property(value, long, (document, number) => {
        const json = JSON.stringify(document);
        expect(isInexact(json)).toBe(false);
        expect(isInexact(`{"first":${json},"then":${number}}`)).toBe(true);
        expect(isInexact(`[${number},${json}]`)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('the condition is the same pattern in both dialects, which neither reads differently', () => {
    for (const which of ['rounded', 'outOfRange'] as const) {
      expect(holdsInexactSql('redshift', 'j', which)).toBe(
        `REGEXP_INSTR(${withoutStringsSql('j')},'${INEXACT_PATTERNS[which]}')>0`,
      );
      expect(holdsInexactSql('databricks', 'j', which)).toContain(INEXACT_PATTERNS[which]);
      expect(INEXACT_PATTERNS[which]).not.toMatch(/\\|\[[^\]]*\[|'/);
    }
  });
});
