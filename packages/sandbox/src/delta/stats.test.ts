import { describe, expect, it } from 'vitest';
import { type Bounds, mayMatch } from './prune.ts';
import type { DeltaColumn } from './schema.ts';
import { type ColumnWritten, indexedColumns, parseStats, renderStats } from './stats.ts';

function column(name: string, type: string): DeltaColumn {
  return { name, type, nullable: true, comment: null, id: 1, physicalName: `p-${name}` };
}

const written = (min: string | null, max: string | null, nullCount = '0', hasNaN = false): ColumnWritten => ({
  min,
  max,
  nullCount,
  hasNaN,
});

function roundTrip(type: string, of: ColumnWritten, rows = 10n) {
  return parseStats(renderStats(rows, [column('c', type)], new Map([['p-c', of]])));
}

describe('file statistics', () => {
  it('keep every digit of a BIGINT and a DECIMAL', () => {
    for (const [type, min, max] of [
      ['long', '-9223372036854775808', '9223372036854775807'],
      ['decimal(38,2)', '-0.01', '999999999999999999999999999999999999.99'],
    ] as const) {
      const stats = roundTrip(type, written(min, max));
      expect([stats.minValues.get('p-c'), stats.maxValues.get('p-c')]).toEqual([min, max]);
    }
  });

  it('lift the maximum where they cut, so that bounds stay bounds', () => {
    const time = roundTrip('timestamp_ntz', written('2020-01-01 00:00:00.000999', '2020-01-01 00:00:00.999001'));
    expect(time.minValues.get('p-c')).toBe('2020-01-01T00:00:00.000');
    expect(time.maxValues.get('p-c')).toBe('2020-01-01T00:00:01.000');
    const text = roundTrip('string', written('a'.repeat(40), 'z'.repeat(40)));
    expect((text.minValues.get('p-c') ?? '') <= 'a'.repeat(40)).toBe(true);
    expect((text.maxValues.get('p-c') ?? '') > 'z'.repeat(40)).toBe(true);
  });

  it('say nothing of the bounds when there is a NaN or only NULLs', () => {
    expect(roundTrip('double', written('1.0', '2.0', '0', true)).minValues.size).toBe(0);
    expect(roundTrip('long', written(null, null, '10'))).toMatchObject({ numRecords: 10n });
  });

  it('survive digits inside of texts', () => {
    const stats = roundTrip('string', written('":12345678901234567890,', '\\"1'));
    expect(stats.minValues.get('p-c')).toBe('":12345678901234567890,');
    expect(stats.maxValues.get('p-c')).toBe('\\"1');
  });

  it('are of the columns that the table names, else of the first 32', () => {
    const many = Array.from({ length: 40 }, (_, index) => column(`c${index}`, 'long'));
    expect(indexedColumns(many, {})).toHaveLength(32);
    expect(indexedColumns(many, { 'delta.dataSkippingNumIndexedCols': '-1' })).toHaveLength(40);
    const odd = [...many, column('a, `b`', 'long')];
    const named = indexedColumns(odd, { 'delta.dataSkippingStatsColumns': 'c39,`a, ``b```' });
    expect(named.map((one) => one.name)).toEqual(['c39', 'a, `b`']);
  });
});

describe('file skipping', () => {
  const columns = [column('c', 'long'), column('s', 'string')];
  const stats = parseStats(
    renderStats(
      10n,
      columns,
      new Map([
        ['p-c', written('9', '100', '1')],
        ['p-s', written('b', 'c')],
      ]),
    ),
  );
  const bound = (low: string | null, high: string | null): Bounds => ({ column: 'C', low, high, matches: 'value' });

  it('compares integers as integers and keeps what it cannot judge', () => {
    expect(mayMatch(stats, [bound('10', '10')], columns)).toBe(true);
    expect(mayMatch(stats, [bound('101', null)], columns)).toBe(false);
    expect(mayMatch(stats, [bound(null, '8')], columns)).toBe(false);
    expect(mayMatch(stats, [bound('1.5', '2.5')], columns)).toBe(true);
    expect(mayMatch(stats, [{ column: 's', low: 'x', high: 'x', matches: 'value' }], columns)).toBe(true);
    expect(mayMatch(stats, [{ column: 'unknown', low: '1', high: '1', matches: 'value' }], columns)).toBe(true);
    expect(mayMatch(null, [bound('101', null)], columns)).toBe(true);
  });

  it('knows where NULLs are', () => {
    const isNull = (name: string): Bounds => ({ column: name, low: null, high: null, matches: 'null' });
    expect(mayMatch(stats, [isNull('c')], columns)).toBe(true);
    expect(mayMatch(stats, [isNull('s')], columns)).toBe(false);
    const live = parseStats(renderStats(10n, columns, new Map([['p-c', written(null, null, '10')]])));
    expect(mayMatch(live, [bound('1', '5')], columns)).toBe(false);
  });
});
