import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addMs, sourceMicros, sourceTime } from './source-time.ts';

it('keeps every microsecond, and texts compare as times do', () => {
  const micros = fc.bigInt({ min: 0n, max: 4_102_444_800_000_000n });
  fc.assert(
    fc.property(micros, micros, (a, b) => {
      expect(sourceMicros(sourceTime(a))).toBe(a);
      expect(sourceTime(a) < sourceTime(b)).toBe(a < b);
    }),
  );
  expect(addMs('2026-03-01 00:00:00.000001', -1)).toBe('2026-02-28 23:59:59.999001');
});
