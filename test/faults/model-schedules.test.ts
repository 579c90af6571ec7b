import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ERRORS, type RandomFault, randomRun, type Schedule } from '../support/model/random-run.ts';
import { seedOf } from '../support/seed.ts';

/**
 * Three workers at three chunks, any order of their calls, several faults of any kind, on a clock that costs nothing: the
 * end is equal, or says which chunk is not and why (I2, I3, I5, I11).
 */
const at = fc.integer({ min: 1, max: 260 });
const choice = fc.nat(9);
const fault: fc.Arbitrary<RandomFault> = fc.oneof(
  fc.record({ at, kind: fc.constant('of the call' as const), choice }),
  {
    weight: 4,
    arbitrary: fc.record({ at: fc.integer({ min: 1, max: 50 }), kind: fc.constant('of a change' as const), choice }),
  },
  fc.record({ at, kind: fc.constant('error' as const), code: fc.constantFrom(...ERRORS) }),
  fc.record({
    at,
    kind: fc.constantFrom(
      'staged file truncated' as const,
      'staged file changed' as const,
      'staged file removed' as const,
    ),
    choice,
  }),
  fc.record({ at, kind: fc.constant('target row changed' as const) }),
  fc.record({ at, kind: fc.constant('clock jump' as const), hours: fc.integer({ min: 1, max: 30 }) }),
);
const schedule: fc.Arbitrary<Schedule> = fc.record({
  turns: fc.array(fc.nat(2), { minLength: 1, maxLength: 40 }),
  faults: fc.array(fault, { maxLength: 6 }),
  landAfter: fc.integer({ min: 1, max: 400 }),
});

it('any schedule of faults ends equal, or says which chunk is not proven and why', async () => {
  const kinds = new Set<string>();
  let proven = 0;
  await fc.assert(
    fc.asyncProperty(schedule, async (planned) => {
      const end = await randomRun(planned);
      for (const kind of end.kinds) kinds.add(kind);
      proven += end.proven;
      expect(end.broken).toBeNull();
      expect(end.stuck).toEqual([]);
      for (const reason of end.quarantined) expect(reason).toMatch(/^[A-Z_]+ \S/);
    }),
    { seed: seedOf('model schedules'), numRuns: 150, endOnFailure: true },
  );
  expect(proven).toBeGreaterThan(300);
  // Not by luck: every kind of fault has happened.
  for (const kind of [...ERRORS, 'clock jump', 'target row changed', 'staged file removed', 'staged file truncated'])
    expect(kinds).toContain(kind);
  for (const kind of [/crash/, /answer lost/, /delayed|arriving/, /running/, /cut before/])
    expect([...kinds].some((each) => kind.test(each))).toBe(true);
}, 60_000);
