/** I1 over generations: every key is in exactly one chunk of exactly one generation, the NULL keys included. */
import type { DiscoveredTable, Source } from '@lakehaul/adapters';
import type { KeyPart, RowPredicate, SourceColumn } from '@lakehaul/core';
import { must } from '@lakehaul/core';
import { chooseKey } from '@lakehaul/planning';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutTable } from './cut-table.ts';

const KEY: SourceColumn = {
  name: 'id',
  ordinal: 1,
  type: { kind: 'bigint' },
  nullable: true,
  sortKeyPosition: 1,
  isDistKey: false,
  isCaseInsensitive: false,
};
const table = { name: { database: 'd', schema: 's', table: 't' }, columns: [KEY] } as unknown as DiscoveredTable;

function isIn(parts: readonly KeyPart[], key: bigint | null): boolean {
  return parts.every((part) => {
    if (part.kind === 'null') return key === null;
    if (part.kind !== 'range') throw new Error('no hash is expected');
    if (key === null) return false;
    return (part.from === null || key >= BigInt(part.from)) && (part.to === null || key < BigInt(part.to));
  });
}

/** A source that holds these keys and answers as the real one does. */
function sourceOf(keys: readonly (bigint | null)[]): Source {
  const select = (predicate: RowPredicate) => keys.filter((key) => isIn(predicate.parts, key));
  const source: Partial<Source> = {
    measure: async ({ predicate, measures }) => {
      const found = select(predicate);
      const numbers = found.filter((key) => key !== null).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const answers = {
        rowCount: found.length,
        nullCount: found.length - numbers.length,
        minText: numbers[0],
        maxText: numbers.at(-1),
      };
      return new Map(measures.map((each) => [each.id, answers[each.kind as keyof typeof answers]?.toString() ?? null]));
    },
    histogram: async (_table, { predicate, from, to, buckets }) => {
      const [low, high] = [BigInt(from), BigInt(to)];
      const width = (high - low + BigInt(buckets) - 1n) / BigInt(buckets);
      const counts = new Array<bigint>(buckets).fill(0n);
      for (const key of select(predicate))
        if (key !== null && key >= low && key < high) {
          const bucket = Number((key - low) / width);
          counts[bucket] = (counts[bucket] ?? 0n) + 1n;
        }
      return counts;
    },
  };
  return source as Source;
}

describe('generations', () => {
  it('cover every key once, whatever the watermarks and whatever is written between them', async () => {
    const key = fc.bigInt({ min: -50n, max: 150n });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 4 }),
        fc.array(fc.array(fc.option(key, { nil: null }), { maxLength: 60 }), { minLength: 5, maxLength: 5 }),
        fc.bigInt({ min: 1n, max: 20n }),
        async (marks, held, wantedRows) => {
          const watermarks = marks.sort((a, b) => (a < b ? -1 : 1)).map(String);
          const chunks: KeyPart[][] = [];
          for (let generation = 0; generation <= watermarks.length; generation++) {
            // The table has grown since the generation before.
            const keys = held.slice(0, generation + 1).flat();
            const cuts = await cutTable(sourceOf(keys), {
              table,
              key: { kind: 'ranges', columns: [KEY], isZoneMapped: true, reason: '' },
              cutLine: null,
              from: watermarks[generation - 1] ?? null,
              watermark: watermarks[generation] ?? null,
              totalRows: BigInt(keys.length),
              wantedRows,
            });
            chunks.push(...cuts.map((cut) => cut.parts.filter((part) => part.kind !== 'hash')));
          }
          const unique = new Map(chunks.map((parts) => [JSON.stringify(parts), parts]));
          const probes: (bigint | null)[] = [null, -1_000_000_000_000n, 1_000_000_000_000n, ...held.flat()];
          for (const mark of marks) probes.push(mark - 1n, mark, mark + 1n);
          for (const probe of probes)
            expect([...unique.values()].filter((parts) => isIn(parts, probe))).toHaveLength(1);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('need a key that has an exact order and ranges, also where the table is small today', () => {
    const question = { sortKeyStyle: 'compound' as const, key: null, estimatedBytes: 1n, chunkBytes: 1_000n };
    expect(chooseKey({ ...question, columns: [KEY], hasWatermark: true })).toMatchObject({ kind: 'ranges' });
    const text: SourceColumn = { ...KEY, type: { kind: 'varchar', maxBytes: 10 } };
    expect(() => chooseKey({ ...question, columns: [text], hasWatermark: true })).toThrow(/watermark/);
    expect(() => chooseKey({ ...question, columns: [{ ...KEY, sortKeyPosition: 0 }], hasWatermark: true })).toThrow(
      /watermark/,
    );
    expect(must(chooseKey({ ...question, columns: [KEY] }), 'choice').kind).toBe('whole');
  });
});
