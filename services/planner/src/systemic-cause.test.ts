import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemicCause, type Trouble } from './systemic-cause.ts';

const LIMITS = { chunks: 5, share: 0.2, window: 50 };
const trouble = (chunk: number, cause = 'time-shift at', atMs = chunk * 1000): Trouble => ({
  chunk: `t/g1/${chunk}`,
  atMs,
  cause,
  detail: `column at: ${cause}`,
  evidence: `${chunk}.mismatched`,
});
const proven = (chunk: number, atMs = chunk * 1000) => ({ chunk: `t/g1/${chunk}`, atMs });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('the systemic guard', () => {
  it('lets one chance mismatch be, and two', () => {
    expect(systemicCause([trouble(1)], [], LIMITS)).toBeNull();
    expect(systemicCause([trouble(1), trouble(2)], [], LIMITS)).toBeNull();
  });

  it('stops at five chunks of one cause, or at a fifth of those that ended lately', () => {
    const found = systemicCause(
      range(0, 5).map((chunk) => trouble(chunk)),
      range(5, 60).map((chunk) => proven(chunk)),
      {
        ...LIMITS,
        window: 100,
      },
    );
    expect(found).toMatchObject({ cause: 'time-shift at', chunks: 5, outOf: 60 });
    expect(found?.evidence).toHaveLength(5);
    expect(
      systemicCause(
        range(0, 3).map((chunk) => trouble(chunk)),
        [proven(9)],
        LIMITS,
      ),
    ).toMatchObject({ chunks: 3, outOf: 4 });
    expect(
      systemicCause(
        range(0, 3).map((chunk) => trouble(chunk)),
        range(10, 30).map((chunk) => proven(chunk)),
        LIMITS,
      ),
    ).toBeNull();
  });

  it('counts chunks, not the attempts of one chunk that differs again and again', () => {
    const again = range(0, 20).map((attempt) => trouble(1, 'column name', attempt * 1000));
    expect(systemicCause(again, [proven(2)], LIMITS)).toBeNull();
  });

  it('does not add up different causes', () => {
    const different = range(0, 12).map((chunk) => trouble(chunk, `column c${chunk % 6}`));
    expect(
      systemicCause(
        different,
        range(20, 40).map((chunk) => proven(chunk)),
        LIMITS,
      ),
    ).toBeNull();
  });

  it('forgets what is older than the window', () => {
    const old = range(0, 5).map((chunk) => trouble(chunk));
    expect(
      systemicCause(
        old,
        range(100, 150).map((chunk) => proven(chunk)),
        LIMITS,
      ),
    ).toBeNull();
  });

  it('never stops below three chunks, and always at the limit, whatever else happened', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 40 }), (bad, good) => {
        const found = systemicCause(
          range(0, bad).map((chunk) => trouble(chunk)),
          range(100, 100 + good).map((chunk) => proven(chunk)),
          { ...LIMITS, window: 1000 },
        );
        expect(found !== null).toBe(bad >= 5 || (bad >= 3 && bad >= (bad + good) * 0.2));
      }),
    );
  });
});
