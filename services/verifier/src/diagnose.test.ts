import type { DifferenceReport, RowDifference } from '@lakehaul/adapters';
import type { ColumnPlan, SourceType } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose, offsetText } from './diagnose.ts';

const TYPES: Record<string, SourceType> = {
  id: { kind: 'bigint' },
  at: { kind: 'timestamp' },
  day: { kind: 'date' },
  name: { kind: 'varchar', maxBytes: 40 },
  price: { kind: 'decimal', precision: 18, scale: 4 },
  ratio: { kind: 'double' },
};

const plan = {
  columns: Object.entries(TYPES).map(
    ([name, type]) => ({ source: { name, type }, excluded: false }) as unknown as ColumnPlan,
  ),
};

type Values = [source: string | null, target: string | null];

const changed = (columns: Record<string, Values>, id = '1'): RowDifference => ({
  kind: 'changed',
  key: { id },
  columns: Object.entries(columns).map(([name, [source, target]]) => ({ name, source, target })),
});

const whole = (kind: 'missing' | 'extra' | 'doubled'): RowDifference => ({ kind, key: { id: '1' }, columns: [] });

function report(rows: RowDifference[]): DifferenceReport {
  return { missingRows: '0', extraRows: '0', changedRows: String(rows.length), rows, isTruncated: false };
}

const cellsOf = (column: string, cells: Values[]) => report(cells.map((cell) => changed({ [column]: cell })));

describe('what differing rows have in common', () => {
  it.each<[string, string, Values[], string, RegExp]>([
    [
      'a time zone',
      'at',
      [
        ['0', '3600000000'],
        ['5', '3600000005'],
      ],
      'time-shift',
      /column at: shifted by \+01:00, as by/,
    ],
    [
      'a zone with daylight saving',
      'at',
      [
        ['0', '-3600000000'],
        ['0', '-7200000000'],
      ],
      'time-shift',
      /-02:00 or -01:00/,
    ],
    [
      'a clock that is off',
      'at',
      [
        ['0', '-1500000'],
        ['7', '-1499993'],
      ],
      'time-shift',
      /shifted by -1\.500000 s$/,
    ],
    [
      'a day',
      'day',
      [
        ['10', '9'],
        ['20', '19'],
      ],
      'time-shift',
      /shifted by -1 days/,
    ],
    [
      'times without a pattern',
      'at',
      [
        ['0', '1'],
        ['0', '2'],
        ['0', '3'],
      ],
      'column',
      /without a pattern/,
    ],
    [
      'blanks',
      'name',
      [
        ['a  ', 'a'],
        [' ', ''],
      ],
      'trailing-blanks',
      /blanks/,
    ],
    [
      'NULL and empty',
      'name',
      [
        [null, ''],
        ['', null],
      ],
      'null-or-empty',
      /empty/,
    ],
    [
      'lost values',
      'name',
      [
        ['a', null],
        ['b', null],
      ],
      'became-null',
      /NULL/,
    ],
    ['case', 'name', [['Ab', 'ab']], 'letter-case', /case/],
    [
      'a short column',
      'name',
      [
        ['abcdef', 'abc'],
        ['xyz12', 'xyz'],
      ],
      'cut-off',
      /cut off/,
    ],
    [
      'digits',
      'price',
      [
        ['1.2345', '1.2300'],
        ['-1.9999', '-2.0000'],
      ],
      'rounded',
      /digits/,
    ],
    ['another amount', 'price', [['1.2345', '7.2345']], 'column', /pattern/],
    ['a float', 'ratio', [['110.0', '111.0']], 'float', /float/],
    ['a whole number', 'id', [['123', '12']], 'column', /pattern/],
  ])('%s', (_name, column, cells, cause, detail) => {
    expect(diagnose(plan, cellsOf(column, cells))).toMatchObject({
      cause,
      column,
      detail: expect.stringMatching(detail),
    });
  });

  it('names the column that differs in most rows, and none when no column does', () => {
    const rows = Array.from({ length: 10 }, (_, n) =>
      changed({ name: ['a ', 'a'], ...(n < 2 ? { id: ['1', '2'] as Values } : {}) }),
    );
    expect(diagnose(plan, report(rows))).toMatchObject({ cause: 'trailing-blanks', column: 'name' });
    const scattered = ['id', 'name', 'at'].map((name) => changed({ [name]: ['1', '2'] }));
    expect(diagnose(plan, report(scattered))).toMatchObject({ cause: 'mixed', column: null });
  });

  it('tells rows that are missing, extra and doubled from rows that changed', () => {
    expect(diagnose(plan, report([whole('missing'), whole('missing')]))?.cause).toBe('rows-missing');
    expect(diagnose(plan, report([whole('extra')]))?.cause).toBe('rows-extra');
    expect(diagnose(plan, report([whole('doubled')]))?.cause).toBe('rows-doubled');
    expect(diagnose(plan, report([whole('extra'), whole('missing')]))?.cause).toBe('mixed');
    expect(diagnose(plan, report([]))).toBeNull();
  });

  it('sees a loss before the stage: the rows differ and no column of them does', () => {
    expect(diagnose(plan, report([changed({}), changed({})]))).toMatchObject({ cause: 'before-stage', column: null });
  });

  it('finds any one offset, whatever the times, and holds no value of a row', () => {
    const micros = fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n });
    const offset = fc.bigInt({ min: -86_400_000_000n, max: 86_400_000_000n }).filter((value) => value !== 0n);
    fc.assert(
      fc.property(fc.array(micros, { minLength: 1, maxLength: 20 }), offset, (times, by) => {
        const cells = times.map((time): Values => [`${time}`, `${time + by}`]);
        const found = diagnose(plan, cellsOf('at', cells));
        expect(found?.cause).toBe('time-shift');
        expect(found?.detail).toContain(offsetText(by));
        const text = JSON.stringify(found);
        for (const time of times) if (`${time}`.length > 12) expect(text).not.toContain(`${time}`);
      }),
    );
  });

  it('is the same whatever the order of the rows', () => {
    const value = fc.option(fc.string({ maxLength: 4 }), { nil: null });
    const row = fc
      .record({ name: fc.tuple(value, value), at: fc.option(fc.tuple(value, value), { nil: undefined }) })
      .map(({ name, at }) => changed({ name, ...(at === undefined ? {} : { at }) }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (rows) => {
        expect(diagnose(plan, report([...rows].reverse()))).toEqual(diagnose(plan, report(rows)));
      }),
    );
  });
});
