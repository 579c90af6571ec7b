import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatText, ladderConstants, ladderSql } from './float-ladder.ts';

/** Doubles by their bits, so that every exponent is as likely as any other. */
const anyDouble = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
});
const anyReal = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((bits) => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
});

const COARSE_STEPS: Record<string, number> = { 1: 840, 2: 420, 3: 0, 4: -420, 5: -840 };
const FINE_STEPS: Record<string, number> = { 1: 224, 2: 152, 3: 80, 4: 8, 5: -64, 6: -136, 7: -208 };

/** Reads the text back by other arithmetic than what wrote it: doubles instead of integers. */
function read(text: string, isReal = false): number {
  if (text === 'n') return Number.NaN;
  if (text.endsWith('i')) return text === 'i' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const pattern = isReal ? /^(-?)()([1-7])(\d+)\.(\d+)$/ : /^(-?)([1-5])([1-7])(\d+)\.(\d+)$/;
  const match = pattern.exec(text);
  if (match === null) throw new Error('unreadable');
  const [, sign, coarse = '', fine = '', whole = '', fraction = ''] = match;
  const scaled = Number(whole) + Number(fraction) / 2 ** 62;
  const unscaled = scaled / 2 ** (FINE_STEPS[fine] ?? 0) / 2 ** (COARSE_STEPS[coarse] ?? 0);
  return sign === '-' ? -unscaled : unscaled;
}

describe('float text', () => {
  it('reads back to the very same double', () => {
    fc.assert(
      fc.property(anyDouble, (value) => {
        expect(read(floatText(value, false))).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 5_000 },
    );
  });

  it('reads back to the very same real', () => {
    fc.assert(
      fc.property(anyReal, (value) => {
        expect(read(floatText(value, true), true)).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 5_000 },
    );
  });

  it('tells neighbours apart, at every exponent', () => {
    for (let exponent = -1074; exponent <= 1023; exponent++) {
      const value = 2 ** exponent;
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, value);
      view.setBigUint64(0, view.getBigUint64(0) - 1n);
      expect(floatText(value, false)).not.toBe(floatText(view.getFloat64(0), false));
      expect(read(floatText(value, false))).toBe(value);
    }
  });

  it('holds -0 equal to 0 and nothing else', () => {
    expect(floatText(-0, false)).toBe(floatText(0, false));
    expect(
      new Set(
        [0, 5e-324, -5e-324, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((v) =>
          floatText(v, false),
        ),
      ).size,
    ).toBe(6);
  });

  it('is a fixed form: never empty, no separator, at most 42 bytes', () => {
    fc.assert(fc.property(anyDouble, (value) => /^[^|]{1,42}$/.test(floatText(value, false))));
  });

  it('writes constants that read back to exact powers of two', () => {
    for (const item of ladderConstants('redshift')) {
      const [, text = '', name] = /^'([^']+)'::float8 AS k(\w+)$/.exec(item) ?? [];
      if (name === 'max') expect(Number(text)).toBe(Number.MAX_VALUE);
      else if (name === 'inf') expect(Number(text)).toBe(Number.POSITIVE_INFINITY);
      else expect(Number.isInteger(Math.log2(Number(text)))).toBe(true);
    }
  });

  it('stays short in SQL', () => {
    const { first, second, text } = ladderSql('redshift', 17, false);
    expect([...first, ...second, text].join(',').length).toBeLessThan(800);
  });
});
