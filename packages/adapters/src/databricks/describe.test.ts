import { expect, it, describe as suite } from 'vitest';
import { parseDescribe } from './describe.ts';
import { textMap } from './history.ts';

suite('parseDescribe', () => {
  it('takes columns until the first section, though clustering columns come again', () => {
    const parsed = parseDescribe([
      ['_lakehaul', 'bigint'],
      ['Provider', 'string'],
      ['# Clustering Information', ''],
      ['# col_name', 'data_type'],
      ['Provider', 'string'],
      ['', ''],
      ['# Detailed Table Information', ''],
      ['Provider', 'delta'],
    ]);
    expect(parsed.columns.map((column) => column.name)).toEqual(['_lakehaul', 'Provider']);
    expect(parsed.details.get('Provider')).toBe('delta');
    expect(parsed.hasRowFilterOrMask).toBe(false);
  });

  it('sees row filters and masks', () => {
    expect(
      parseDescribe([
        ['a', 'int'],
        ['', ''],
        ['# Row Filter', ''],
        ['Function', 'c.s.f'],
      ]).hasRowFilterOrMask,
    ).toBe(true);
    expect(
      parseDescribe([
        ['a', 'int'],
        ['', ''],
        ['# Column Masks', ''],
        ['a', 'c.s.m'],
      ]).hasRowFilterOrMask,
    ).toBe(true);
  });
});

suite('textMap', () => {
  it('reads every form that a MAP comes in', () => {
    const wanted = { mode: 'Append' };
    expect(textMap('{"mode":"Append"}')).toEqual(wanted);
    expect(textMap({ mode: 'Append' })).toEqual(wanted);
    expect(textMap(new Map([['mode', 'Append']]))).toEqual(wanted);
    expect(textMap(null)).toEqual({});
  });
});
