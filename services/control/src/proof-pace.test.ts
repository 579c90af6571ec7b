import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tablePlan } from '../../../test/support/ledger-world.ts';
import { proofPace } from './proof-pace.ts';
import type { Snapshot } from './read-model.ts';

const START = Date.parse('2026-01-01T00:00:00Z') / 1_000;

function paceOf(seconds: readonly number[], spanSeconds: number) {
  const plan = tablePlan(1_000, { estimatedBytes: '1000000' });
  const scan = { provenSeconds: () => Uint32Array.from(seconds, (second) => START + second) };
  const asOf = new Date((START + spanSeconds) * 1_000).toISOString();
  return proofPace({ plans: [plan], scan: scan as unknown as Snapshot['scan'], asOf });
}

it('every proven chunk is in one interval, and an interval is where the chart says', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(60 * 86_400), { minLength: 1, maxLength: 200 }),
      fc.nat(90 * 86_400),
      (seconds, spanSeconds) => {
        const pace = paceOf(seconds, spanSeconds);
        expect(pace.chunks.reduce((sum, each) => sum + each, 0)).toBe(seconds.length);
        expect(pace.chunks.length).toBeLessThanOrEqual(240);
        expect(pace.bytes.reduce((sum, each) => sum + BigInt(each), 0n)).toBe(BigInt(pace.provenBytes));
        const from = Date.parse(pace.from ?? '') / 1_000 - START;
        pace.chunks.forEach((count, interval) => {
          const [low, high] = [from + interval * pace.intervalSeconds, from + (interval + 1) * pace.intervalSeconds];
          expect(count).toBe(seconds.filter((second) => second >= low && second < high).length);
        });
      },
    ),
  );
});

it('nothing proven has no beginning; what is planned is told all the same', () => {
  expect(paceOf([], 10)).toEqual({
    ...{ from: null, intervalSeconds: 5, chunks: [], bytes: [] },
    ...{ provenBytes: '0', plannedBytes: '1000000' },
  });
});

it('silence until now is silence, not the end of the chart', () => {
  expect(paceOf([0, 1, 7], 24)).toMatchObject({
    intervalSeconds: 5,
    chunks: [2, 1, 0, 0, 0],
    bytes: ['2000', '1000', '0', '0', '0'],
  });
});
