import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ForecastTable, forecast, marginBytes, studentP90, windowsFor } from './forecast.ts';
import { LEAST_MOMENTS, measurePace } from './pace.ts';

const START = 1_700_000_000;

function table(seconds: readonly number[], leftChunks: number, more: Partial<ForecastTable> = {}): ForecastTable {
  const bytesPerChunk = 1_000_000;
  return {
    table: 's.t',
    proofs: { seconds: [Uint32Array.from(seconds)], bytesPerChunk },
    leftBytes: BigInt(leftChunks) * BigInt(bytesPerChunk),
    leftChunks,
    waitingChunks: 0,
    heldBy: null,
    ...more,
  };
}

const evenly = (count: number, every: number) => Array.from({ length: count }, (_, index) => START + index * every);
const at = (seconds: number, plannedMs: number | null = null) => ({ nowMs: seconds * 1000, plannedMs });

describe('a forecast', () => {
  it('is exact at a constant pace, whenever it is asked between two proofs', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: LEAST_MOMENTS + 1, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (proven, every, left, late) => {
          const last = START + (proven - 1) * every;
          const { p50Ms, p90Ms, bytesPerSecond } = forecast(
            [table(evenly(proven, every), left)],
            at(last + late * every),
          );
          const end = (last + left * every) * 1000;
          expect(Math.abs((p50Ms ?? 0) - end)).toBeLessThanOrEqual(1_000);
          expect(Math.abs((p90Ms ?? 0) - end)).toBeLessThanOrEqual(1_000);
          expect(bytesPerSecond).toBeCloseTo(1_000_000 / every, 3);
        },
      ),
    );
  });

  it('never ends before now, nor P90 before P50; with more done it is never later at the same pace', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 2, maxLength: 120 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: 0, max: 3_000 }),
        (offsets, left, fewer, later) => {
          const seconds = offsets.map((offset) => START + offset);
          const now = at(Math.max(...seconds) + later);
          const all = forecast([table(seconds, left)], now);
          const less = forecast([table(seconds, Math.max(1, left - fewer))], now);
          expect(less.state).toBe(all.state);
          expect(all.p50Ms === null).toBe(all.reason !== null);
          if (all.p50Ms === null || all.p90Ms === null || less.p50Ms === null || less.p90Ms === null) return;
          expect(all.p50Ms).toBeGreaterThanOrEqual(now.nowMs);
          expect(all.p90Ms).toBeGreaterThanOrEqual(all.p50Ms);
          expect(less.p50Ms).toBeLessThanOrEqual(all.p50Ms);
          expect(less.p90Ms).toBeLessThanOrEqual(all.p90Ms);
        },
      ),
    );
  });

  it('covers the true end of a noisy haul in about nine of ten by P90, in half by P50, and is no wider than a fifth', () => {
    const covered = simulated(() => 1);
    expect(covered.told).toBe(400);
    expect(covered.p90).toBeGreaterThan(0.88);
    expect(covered.p90).toBeLessThan(0.97);
    expect(covered.p50).toBeGreaterThan(0.4);
    expect(covered.p50).toBeLessThan(0.6);
    expect(covered.width).toBeLessThan(1.22);
  });

  it.each([
    ['by chance up to threefold either way', (random: () => number) => 3 ** (random() * 2 - 1)],
    ['a third or as usual', (random: () => number) => (random() < 0.5 ? 3 : 1)],
  ])(
    'covers it as often by P90 where each tenth of the haul has a pace of its own, %s, by a wider band',
    (_name, pace) => {
      const covered = simulated(pace);
      expect(covered.told).toBe(400);
      expect(covered.p90).toBeGreaterThanOrEqual(0.88);
      expect(covered.width).toBeGreaterThan(1.5);
      expect(covered.width).toBeLessThan(1.8);
    },
  );

  it('says why there is none: too little, held, waiting, silent, uneven, done', () => {
    const enough = evenly(40, 10);
    const last = enough.at(-1) ?? 0;
    const reasonOf = (tables: ForecastTable[], seconds = last) => {
      const { state, reason, p50Ms, p90Ms } = forecast(tables, at(seconds));
      expect([p50Ms, p90Ms]).toEqual([null, null]);
      return [state, reason];
    };
    expect(reasonOf([table([], 5)])).toEqual(['unknown', 'too few chunks are proven to tell a pace']);
    expect(reasonOf([table(evenly(LEAST_MOMENTS, 10), 5)])).toEqual(['unknown', expect.stringContaining('too few')]);
    expect(reasonOf([table(Array(500).fill(START), 5)], START)).toEqual([
      'unknown',
      expect.stringContaining('too few'),
    ]);
    expect(reasonOf([table(enough, 5), table([], 1, { heldBy: 's.u is paused' })])).toEqual(['held', 's.u is paused']);
    expect(reasonOf([table(enough, 5, { leftBytes: 10n ** 18n })])).toEqual([
      'unknown',
      expect.stringContaining('a hundred years'),
    ]);
    expect(reasonOf([table(enough, 0, { waitingChunks: 1 })])).toEqual(['held', 'what is left waits for a person']);
    expect(reasonOf([table(enough, 5)], last + 10 * 40)).toEqual([
      'unknown',
      expect.stringContaining('nothing has been'),
    ]);
    const bursts = [START, ...Array(30).fill(START + 10), ...Array(30).fill(START + 20)];
    expect(reasonOf([table(bursts, 5)], START + 20)).toEqual(['unknown', expect.stringContaining('too few')]);
  });

  it('tells whether P90 is beyond the planned date, and a held table that is done holds nothing', () => {
    const seconds = evenly(40, 10);
    const last = seconds.at(-1) ?? 0;
    const tables = [table(seconds, 10), table([], 0, { heldBy: 's.u is paused' })];
    expect(forecast(tables, at(last, (last + 99) * 1000)).isLate).toBe(true);
    expect(forecast(tables, at(last, (last + 101) * 1000)).isLate).toBe(false);
    expect(forecast(tables, at(last)).isLate).toBeNull();
    expect(forecast([table(seconds, 0)], at(last, 1))).toMatchObject({ state: 'done', isLate: null });
  });
});

it('late is what P90 says, not P50', () => {
  let now = START;
  const uneven = Array.from({ length: 60 }, (_, index) => (now += index % 7 === 0 ? 90 : 5));
  const { p50Ms, p90Ms } = forecast([table(uneven, 60)], at(now));
  const between = ((p50Ms ?? 0) + (p90Ms ?? 0)) / 2;
  expect((p90Ms ?? 0) - (p50Ms ?? 0)).toBeGreaterThan(60_000);
  expect(forecast([table(uneven, 60)], at(now, between)).isLate).toBe(true);
});

it('a proof that is overdue makes it later, by what it is overdue and by a slower pace', () => {
  const seconds = evenly(41, 10);
  const last = seconds.at(-1) ?? 0;
  const leftMs = (late: number) => {
    const { nowMs, p50Ms } = forecast([table(seconds, 40)], at(last + late));
    return (p50Ms ?? 0) - nowMs;
  };
  expect(Math.abs(leftMs(0) - 400_000)).toBeLessThanOrEqual(1_000);
  // Forty chunks in 400 s and 190 more: what is left takes longer than what was done did.
  expect(leftMs(200)).toBeGreaterThan(540_000);
});

it('a margin that eats the mean has no end', () => {
  expect(windowsFor({ meanBytes: 1, windows: 5 }, 100n, 5 * studentP90(4))).toBeNull();
  expect(windowsFor({ meanBytes: 1, windows: 5 }, 100n, 0)).toBe(100);
});

it('windows that depend on each other spread more when they are longer, and the most counts', () => {
  const half = Array.from({ length: 60 }, (_, index) => START + index * 10);
  const last = half.at(-1) ?? 0;
  const slower = [...half, ...Array.from({ length: 60 }, (_, index) => last + (index + 1) * 30)];
  const pace = measurePace([{ seconds: [Uint32Array.from(slower)], bytesPerChunk: 1 }], slower.at(-1) ?? 0);
  if (typeof pace === 'string') throw new Error(pace);
  const [first, second, third] = pace.deviations;
  expect(pace.deviations.map(({ windows }) => windows)).toEqual([20, 10, 5]);
  expect((second?.bytes ?? 0) / (first?.bytes ?? 0)).toBeGreaterThan(1.3);
  expect(marginBytes(pace.deviations)).toBeCloseTo(studentP90(4) * (third?.bytes ?? 0), 6);
});

it('Student’s quantile is that of the tables', () => {
  expect([4, 9, 19].map((degrees) => Math.round(studentP90(degrees) * 100) / 100)).toEqual([1.53, 1.38, 1.33]);
});

it('a table alone, whose proofs are sorted, has the pace of the same proofs in places', () => {
  const moments = fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 20, maxLength: 200 });
  fc.assert(
    fc.property(moments, (offsets) => {
      const seconds = [Uint32Array.from(offsets, (offset) => START + offset)];
      const nowSeconds = START + Math.max(...offsets);
      const nothing = { seconds: [], bytesPerChunk: 5 };
      const alone = { seconds, bytesPerChunk: 5 };
      expect(measurePace([alone], nowSeconds)).toEqual(measurePace([alone, nothing], nowSeconds));
    }),
  );
});

it('a pace of a million proofs is measured in one pass', () => {
  const seconds = Uint32Array.from({ length: 1_000_000 }, (_, index) => START + (index >> 1));
  const pace = measurePace([{ seconds: [seconds], bytesPerChunk: 10 }], START + 500_000);
  expect(pace).toMatchObject({ windows: 20 });
  if (typeof pace !== 'string') expect(pace.meanBytes / pace.windowSeconds).toBeCloseTo(20, 1);
});

/** Half-way of 400 hauls of 300 chunks, each after a wait that is now short, now long; a tenth of them shares a pace. */
function simulated(paceOf: (random: () => number) => number) {
  const covered = { p50: 0, p90: 0, told: 0, width: 0 };
  const widths: number[] = [];
  for (let seed = 1; seed <= 400; seed++) {
    const random = generator(seed);
    let now = START;
    let pace = 1;
    const ends = Array.from({ length: 300 }, (_, chunk) => {
      if (chunk % 30 === 0) pace = paceOf(random);
      now += Math.round(-30 * pace * Math.log(1 - random()));
      return now;
    });
    const known = ends.slice(0, 150);
    const { nowMs, p50Ms, p90Ms } = forecast([table(known, 150)], at(known.at(-1) ?? 0));
    if (p50Ms === null || p90Ms === null) continue;
    const trueMs = (ends.at(-1) ?? 0) * 1000;
    covered.told++;
    if (trueMs <= p50Ms) covered.p50++;
    if (trueMs <= p90Ms) covered.p90++;
    widths.push((p90Ms - nowMs) / (p50Ms - nowMs));
  }
  const width = widths.sort((a, b) => a - b)[widths.length >> 1] ?? 0;
  return { told: covered.told, p50: covered.p50 / covered.told, p90: covered.p90 / covered.told, width };
}

/** Mulberry32: the same numbers on every machine. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('before there are proofs', () => {
  const rate = (calibratedBytesPerSecond: number | null, plannedMs: number | null = null) => ({
    ...at(START, plannedMs),
    calibratedBytesPerSecond,
  });

  it('the rate of the first UNLOADs tells a P50, no P90, and what it rests on', () => {
    const told = forecast([table([], 5)], rate(500_000));
    expect(told).toMatchObject({ state: 'forecast', basis: 'calibration', reason: null, p90Ms: null, isLate: null });
    expect(told.p50Ms).toBe((START + 10) * 1000);
    expect(told.bytesPerSecond).toBeNull();
  });

  it('it is late when even that is; in time it never claims to be', () => {
    expect(forecast([table([], 5)], rate(500_000, (START + 9) * 1000)).isLate).toBe(true);
    expect(forecast([table([], 5)], rate(500_000, (START + 11) * 1000)).isLate).toBeNull();
  });

  it('proofs take its place, and what is held, silent or done is not told by it', () => {
    const enough = evenly(40, 10);
    const last = enough.at(-1) ?? 0;
    const calibrated = { calibratedBytesPerSecond: 500_000 };
    expect(forecast([table(enough, 5)], { ...at(last), ...calibrated })).toMatchObject({ basis: 'proofs' });
    expect(forecast([table(enough, 5)], { ...at(last + 400), ...calibrated })).toMatchObject({
      state: 'unknown',
      basis: null,
    });
    expect(forecast([table([], 5, { heldBy: 's.t is paused' })], rate(500_000)).state).toBe('held');
    expect(forecast([table([], 0)], rate(500_000)).state).toBe('done');
    expect(forecast([table([], 5)], rate(null)).state).toBe('unknown');
    expect(forecast([table([], 5, { leftBytes: 10n ** 18n })], rate(1)).state).toBe('unknown');
  });
});
