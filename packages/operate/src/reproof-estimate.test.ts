import { expect, it } from 'vitest';
import { estimateReproof, sumOfReproofs } from './reproof-estimate.ts';

it('is a range round what a probe took, longer for a table that grew', () => {
  const probe = { how: 'probe' as const, bytes: '1000', durationMs: 60_000 };
  expect(estimateReproof(probe, 1000n)).toEqual({ fromMs: 30_000, toMs: 120_000, basis: 'probe' });
  expect(estimateReproof(probe, 2000n)?.toMs).toBe(240_000);
  expect(estimateReproof({ ...probe, bytes: '0' }, 2000n)?.toMs).toBe(120_000);
});

it('says nothing before anything was measured, and of a sum nothing unless all of it was', () => {
  expect(estimateReproof(null, 1000n)).toBeNull();
  const unloads = estimateReproof({ how: 'unloads', bytes: '10', durationMs: 1_000 }, 10n);
  expect(unloads).toEqual({ fromMs: 100, toMs: 1_000, basis: 'unloads' });
  expect(sumOfReproofs([unloads, null])).toBeNull();
  expect(sumOfReproofs([unloads, unloads])).toEqual({ fromMs: 200, toMs: 2_000, basis: 'unloads' });
});
