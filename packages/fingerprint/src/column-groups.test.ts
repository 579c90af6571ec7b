import type { SourceType } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnGroups, type GroupColumn } from './index.ts';

const type = fc.constantFrom<SourceType>(
  { kind: 'integer' },
  { kind: 'timestamp' },
  { kind: 'double' },
  { kind: 'varchar', maxBytes: 100 },
);
const columns = fc
  .array(fc.record({ type, nameBytes: fc.integer({ min: 5, max: 130 }) }), { minLength: 1, maxLength: 300 })
  .map((all) => all.map((each, index): GroupColumn => ({ ...each, position: index + 1, wireBytes: 40 })));

describe('column groups', () => {
  it('hash every column at least once, and the key in every group', () => {
    fc.assert(
      fc.property(columns, fc.integer({ min: 45_000, max: 90_000 }), (all, budgetBytes) => {
        const keyPositions = [all.length];
        const { groups, travelling } = columnGroups({ columns: all, keyPositions, budgetBytes });
        expect(new Set(groups.flat().map((column) => column.position)).size).toBe(all.length);
        for (const group of groups) {
          const positions = group.map((column) => column.position);
          expect(positions).toContain(all.length);
          expect(positions).toEqual([...positions].sort((a, b) => a - b));
        }
        expect(travelling).toBe(1);
      }),
      { numRuns: 50 },
    );
  });

  it('are one group as long as it fits', () => {
    const all: GroupColumn[] = Array.from({ length: 200 }, (_, i) => ({
      position: i + 1,
      type: { kind: 'integer' },
      nameBytes: 20,
      wireBytes: 6,
    }));
    expect(columnGroups({ columns: all, keyPositions: [1] }).groups).toHaveLength(1);
  });

  it('keep VARIANT columns in the group that travels, however wide the table', () => {
    const wide = (variants: (position: number) => boolean, length = 400) =>
      Array.from({ length }, (_, index): GroupColumn => {
        const position = index + 1;
        return variants(position)
          ? { position, type: { kind: 'super' }, nameBytes: 20, wireBytes: 70, isVariant: true }
          : { position, type: { kind: 'double' }, nameBytes: 20, wireBytes: 6 };
      });
    const { groups } = columnGroups({ columns: wide((position) => position > 396), keyPositions: [1] });
    expect(groups.length).toBeGreaterThan(1);
    const withVariant = groups.map((group) => group.filter((column) => column.isVariant).length);
    expect(withVariant).toEqual([4, ...groups.slice(1).map(() => 0)]);
    expect(() => columnGroups({ columns: wide((position) => position > 1, 700), keyPositions: [1] })).toThrow(
      /VARIANT columns of a wide table do not fit/,
    );
  });

  it('refuse a table whose wire columns alone fill the statement', () => {
    const all: GroupColumn[] = Array.from({ length: 1600 }, (_, i) => ({
      position: i + 1,
      type: { kind: 'timestamp' },
      nameBytes: 60,
      wireBytes: 60,
    }));
    expect(() => columnGroups({ columns: all, keyPositions: [1] })).toThrow(/no room for a row hash/);
  });
});
