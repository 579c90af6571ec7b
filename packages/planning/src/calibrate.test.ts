import fc from 'fast-check';
import { expect, it } from 'vitest';
import { calibrateUnloads, calibrationSlots, judgeChunkSize, type UnloadSample } from './calibrate.ts';

const sample = (startMs: number, durationMs: number, mib: number): UnloadSample => ({
  ...{ startMs, durationMs },
  ...{ sourceBytes: BigInt(mib) * 1_048_576n, stagedBytes: BigInt(mib) * 524_288n },
});
const MIB = 1_048_576;

const samples = fc.array(
  fc.record({
    startMs: fc.integer({ min: 0, max: 1_000_000 }),
    durationMs: fc.integer({ min: 1, max: 500_000 }),
    sourceBytes: fc.bigInt({ min: 1n, max: 2n ** 50n }),
    stagedBytes: fc.bigInt({ min: 0n, max: 2n ** 50n }),
  }),
  { minLength: 1, maxLength: 20 },
);

it('one alone and two together: the whole rate counts what ran side by side once', () => {
  const rates = calibrateUnloads([
    sample(0, 10_000, 1_000),
    sample(10_000, 20_000, 1_000),
    sample(10_000, 20_000, 1_000),
  ]);
  expect(rates).toEqual({
    ...{ chunks: 3, atOnce: 2, bytesPerSecond: 100 * MIB, stagedBytesPerSecond: 50 * MIB },
    ...{ fastestBytesPerSecond: 100 * MIB, slowestBytesPerSecond: 50 * MIB },
  });
});

it('the whole is never slower than its slowest statement, nor faster than all of them side by side', () => {
  fc.assert(
    fc.property(samples, (list) => {
      const rates = calibrateUnloads(list);
      if (rates === null) throw new Error('there are samples');
      const slack = 1 + 1e-9;
      expect(rates.bytesPerSecond * slack).toBeGreaterThanOrEqual(rates.slowestBytesPerSecond);
      expect(rates.bytesPerSecond).toBeLessThanOrEqual(rates.fastestBytesPerSecond * rates.atOnce * slack);
      expect(rates.atOnce).toBeGreaterThanOrEqual(1);
      expect(rates.atOnce).toBeLessThanOrEqual(list.length);
      // Neither the order in which receipts are read nor where the source's clock stands matters.
      const later = list.map((each) => ({ ...each, startMs: each.startMs + 86_400_000 })).reverse();
      expect(calibrateUnloads(later)).toEqual(rates);
    }),
  );
});

it('twice the bytes in the same time are twice the rate; idle time between two statements is not counted', () => {
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 10_000_000 }), (list, idleMs) => {
      const rates = calibrateUnloads(list);
      const twice = calibrateUnloads(list.map((each) => ({ ...each, sourceBytes: each.sourceBytes * 2n })));
      expect((twice?.bytesPerSecond ?? 0) / (rates?.bytesPerSecond ?? 1)).toBeCloseTo(2, 6);
      const endMs = Math.max(...list.map((each) => each.startMs + each.durationMs));
      const copies = list.map((each) => ({ ...each, startMs: each.startMs + endMs + idleMs }));
      const both = calibrateUnloads([...list, ...copies]);
      expect((both?.bytesPerSecond ?? 0) / (rates?.bytesPerSecond ?? 1)).toBeCloseTo(1, 6);
    }),
  );
});

it('what took no time or moved nothing says nothing', () => {
  expect(calibrateUnloads([])).toBeNull();
  expect(calibrateUnloads([sample(0, 0, 1), sample(0, 10, 0)])).toBeNull();
  expect(calibrateUnloads([sample(0, 0, 1), sample(0, 1_000, 3)])).toMatchObject({
    chunks: 1,
    bytesPerSecond: 3 * MIB,
  });
});

it('one runs alone first; then as many as the throttle begins with, and never none while some are missing', () => {
  const slots = (unloaded: number, startSlots = 8) => calibrationSlots({ wanted: 4, unloaded, startSlots });
  expect([slots(0), slots(1), slots(2), slots(3), slots(9)]).toEqual([1, 3, 2, 1, 1]);
  expect([slots(0, 0), slots(1, 0), slots(1, 2)]).toEqual([1, 1, 2]);
});

it('a chunk is too long when even the fastest statement would run into the time-out, and long from half of it on', () => {
  const rates = { fastestBytesPerSecond: 100, slowestBytesPerSecond: 50 };
  const verdict = (bytes: bigint) => judgeChunkSize(rates, bytes, 10_000).verdict;
  expect([250n, 251n, 1_000n, 1_001n].map(verdict)).toEqual(['ok', 'long', 'long', 'too-long']);
  expect(judgeChunkSize(rates, 500n, 10_000)).toEqual({ verdict: 'long', fromMs: 5_000, toMs: 10_000 });
});
