import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketCount, type Cell, cutRanges, heavyCells, splitCell } from './cut-ranges.ts';
import { literalOf, ordinalOf } from './key-space.ts';

const bigint = { kind: 'bigint' } as const;

/** A whole histogram run over known keys, as the planner does it against the source. */
function plan(keys: readonly bigint[], wantedRows: bigint) {
  const min = keys.reduce((a, b) => (b < a ? b : a));
  const max = keys.reduce((a, b) => (b > a ? b : a));
  const rowsIn = (from: bigint, to: bigint) => BigInt(keys.filter((key) => key >= from && key < to).length);
  let cells: Cell[] = [{ from: min, to: max + 1n, rows: BigInt(keys.length) }];
  for (let heavy = heavyCells(cells, wantedRows); heavy.length > 0; heavy = heavyCells(cells, wantedRows)) {
    cells = cells.flatMap((cell) => {
      if (!heavy.includes(cell)) return [cell];
      const buckets = bucketCount(cell, wantedRows);
      const width = (cell.to - cell.from + BigInt(buckets) - 1n) / BigInt(buckets);
      return splitCell(
        cell,
        Array.from({ length: buckets }, (_, i) =>
          rowsIn(
            cell.from + BigInt(i) * width,
            cell.from + BigInt(i + 1) * width < cell.to ? cell.from + BigInt(i + 1) * width : cell.to,
          ),
        ),
      );
    });
  }
  return cutRanges({ column: 'k', type: bigint, cells, wantedRows, end: null });
}

const holds = (part: { from: string | null; to: string | null }, key: bigint) =>
  (part.from === null || key >= BigInt(part.from)) && (part.to === null || key < BigInt(part.to));

describe('ranges from a histogram', () => {
  it('I1: cover every key, seen or not, exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -1000n, max: 1000n }), { minLength: 1, maxLength: 200 }),
        fc.bigInt({ min: 1n, max: 50n }),
        fc.bigInt(),
        (keys, wanted, other) => {
          const cuts = plan(keys, wanted);
          for (const key of [...keys, other, -(2n ** 63n), 2n ** 63n - 1n]) {
            const owners = cuts.filter((cut) => cut.parts[0]?.kind === 'range' && holds(cut.parts[0], key));
            expect(owners).toHaveLength(1);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('no range holds more than 1.5 chunks unless one key value does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 300n }), { minLength: 1, maxLength: 300 }),
        fc.bigInt({ min: 2n, max: 60n }),
        (keys, wanted) => {
          for (const cut of plan(keys, wanted)) {
            const part = cut.parts[0];
            if (part?.kind !== 'range') throw new Error('not a range');
            const inside = keys.filter((key) => holds(part, key));
            expect(BigInt(inside.length)).toBe(cut.rows);
            if (cut.rows * 2n > wanted * 3n) {
              expect(new Set(inside).size).toBe(1);
              expect(cut).toHaveProperty('isBigValue', true);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a skewed day is cut by the hour, not left whole', () => {
    const day = Array.from({ length: 1000 }, (_, i) => BigInt(i));
    const cuts = plan([...day, 10_000_000n], 100n);
    expect(cuts.length).toBeGreaterThan(9);
  });

  it('the watermark ends the last range', () => {
    const cuts = cutRanges({
      column: 'k',
      type: bigint,
      cells: [{ from: 0n, to: 10n, rows: 5n }],
      wantedRows: 2n,
      end: '10',
    });
    expect(cuts.at(-1)?.parts[0]).toMatchObject({ to: '10' });
  });
});

describe('key space', () => {
  it.each([
    [{ kind: 'date' } as const, '0001-01-01'],
    [{ kind: 'date' } as const, '9999-12-31'],
    [{ kind: 'timestamp' } as const, '0001-01-01 00:00:00.000001'],
    [{ kind: 'timestamp' } as const, '1969-12-31 23:59:59.999999'],
    [{ kind: 'timestamptz' } as const, '2024-03-10 02:30:00.000000'],
    [{ kind: 'decimal', precision: 10, scale: 3 } as const, '-0.001'],
    [{ kind: 'decimal', precision: 38, scale: 38 } as const, '0.00000000000000000000000000000000000001'],
    [{ kind: 'bigint' } as const, '-9223372036854775808'],
  ])('%o %s comes back as it went in', (type, literal) => {
    expect(literalOf(type, ordinalOf(type, literal))).toBe(literal);
  });

  it('neighbouring microseconds stay apart', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }), (micros) => {
        expect(ordinalOf({ kind: 'timestamp' }, literalOf({ kind: 'timestamp' }, micros))).toBe(micros);
      }),
    );
  });
});
