import type { DiscoveredTable, HistogramQuestion, Source } from '@lakehaul/adapters';
import type { KeyPart, SourceColumn } from '@lakehaul/core';
import { ordinalOf } from '@lakehaul/planning';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plannedColumn } from '../../../test/support/planned-table.ts';
import { cutTable } from './cut-table.ts';

const KEY: SourceColumn = plannedColumn('k', { kind: 'integer' }, 1).source;

/** Answers from the keys themselves, NULL ones included. */
function sourceOf(keys: readonly (number | null)[]): Source {
  const known = keys.filter((key) => key !== null).sort((a, b) => a - b);
  const text = (key: number | undefined) => (key === undefined ? null : String(key));
  const source: Pick<Source, 'measure' | 'histogram'> = {
    measure: async () =>
      new Map([
        ['min', text(known[0])],
        ['max', text(known.at(-1))],
        ['nulls', String(keys.length - known.length)],
      ]),
    histogram: async (_name, question: HistogramQuestion) => {
      const from = ordinalOf(KEY.type, question.from);
      const width =
        (ordinalOf(KEY.type, question.to) - from + BigInt(question.buckets) - 1n) / BigInt(question.buckets);
      const counts = Array.from({ length: question.buckets }, () => 0n);
      for (const key of known) {
        const bucket = Number((BigInt(key) - from) / width);
        if (BigInt(key) >= from && bucket < counts.length) counts[bucket] = (counts[bucket] ?? 0n) + 1n;
      }
      return counts;
    },
  };
  return source as Source;
}

function owns(parts: readonly KeyPart[], key: number | null): boolean {
  return parts.every((part) => {
    if (part.kind === 'null') return key === null;
    if (part.kind === 'hash') return true;
    return (
      key !== null && (part.from === null || key >= Number(part.from)) && (part.to === null || key < Number(part.to))
    );
  });
}

it('I1: whatever was there when it was cut, every key that ever comes has one chunk, NULL too', async () => {
  const key = fc.option(fc.integer({ min: -1000, max: 1000 }), { nil: null });
  await fc.assert(
    fc.asyncProperty(fc.array(key, { maxLength: 60 }), fc.array(key, { maxLength: 20 }), async (then, later) => {
      const cuts = await cutTable(sourceOf(then), {
        table: { name: { database: 'dev', schema: 's', table: 't' } } as DiscoveredTable,
        key: { kind: 'ranges', columns: [KEY], isZoneMapped: true, reason: '' },
        cutLine: null,
        from: null,
        watermark: null,
        totalRows: BigInt(then.length),
        wantedRows: 10n,
      });
      for (const each of [...then, ...later, null, -5000, 5000]) {
        // A value too big for one chunk is cut by hash buckets; together they are one owner.
        const owners = new Set(
          cuts
            .filter((cut) => owns(cut.parts, each))
            .map((cut) => JSON.stringify(cut.parts.filter((part) => part.kind !== 'hash'))),
        );
        expect(owners.size).toBe(1);
      }
    }),
  );
});
