import { createHash } from 'node:crypto';
import type { HashForm, SourceType } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HashColumn, rowText } from './index.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const TYPES: SourceType[] = [
  { kind: 'integer' },
  { kind: 'varchar', maxBytes: 20 },
  { kind: 'boolean' },
  { kind: 'super' },
];

/** Few characters, and those that could be taken for separators or lengths, so that a clash would be found. */
const freeText = fc.option(fc.string({ unit: fc.constantFrom('|', '-', '1', '0', 'ß'), maxLength: 4 }), { nil: null });
const fixedText = fc.option(fc.string({ unit: fc.constantFrom('-', '1', '0'), minLength: 1, maxLength: 3 }), {
  nil: null,
});

const rows = fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 5 }).chain((types) => {
  const columns: HashColumn[] = types.map((type, index) => ({ position: index + 1, type }));
  const row = fc.tuple(
    ...types.map((type) => (type.kind === 'varchar' || type.kind === 'super' ? freeText : fixedText)),
  );
  return fc.record({ columns: fc.constant(columns), a: row, b: row });
});

describe('row text', () => {
  it.each<HashForm>(['joined', 'digest'])('of different rows is different, of equal rows equal, form %s', (form) => {
    fc.assert(
      fc.property(rows, ({ columns, a, b }) => {
        const isEqual = JSON.stringify(a) === JSON.stringify(b);
        expect(rowText(columns, a, form, md5) === rowText(columns, b, form, md5)).toBe(isEqual);
      }),
      { numRuns: 20_000 },
    );
  });

  it('tells NULL from the empty text, and a length from a text that looks like one', () => {
    const columns: HashColumn[] = [1, 2].map((position) => ({ position, type: { kind: 'varchar', maxBytes: 9 } }));
    const texts = [
      [null, null],
      ['', null],
      [null, ''],
      ['', ''],
      ['-1', ''],
      ['', '-1'],
      ['|', ''],
      ['', '|'],
    ];
    expect(new Set(texts.map((row) => rowText(columns, row, 'joined', md5))).size).toBe(texts.length);
  });

  it('stays within 65,535 bytes for 1,600 columns in form digest', () => {
    const columns: HashColumn[] = Array.from({ length: 1600 }, (_, i) => ({
      position: i + 1,
      type: { kind: 'varchar', maxBytes: 65_535 },
    }));
    expect(
      rowText(
        columns,
        columns.map(() => 'x'.repeat(50)),
        'digest',
        md5,
      ).length,
    ).toBe(52_800);
  });
});
