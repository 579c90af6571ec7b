import fc from 'fast-check';
import { expect, it } from 'vitest';
import { traceIdOf } from './trace-id.ts';

const attemptRef = fc.record({
  tableId: fc.stringMatching(/^[a-z0-9_][a-z0-9_-]{0,20}$/),
  generation: fc.integer({ min: 1, max: 9 }),
  chunk: fc.nat(),
  attempt: fc.integer({ min: 1, max: 65_535 }),
});
const migration = fc.stringMatching(/^[a-z0-9-]{1,10}$/);

it('is the same wherever it is asked for, and another for any other attempt', () => {
  fc.assert(
    fc.property(migration, attemptRef, migration, attemptRef, (a, refA, b, refB) => {
      const id = traceIdOf(a, refA);
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      expect(traceIdOf(a, { ...refA })).toBe(id);
      const isSame = JSON.stringify([a, refA]) === JSON.stringify([b, refB]);
      expect(traceIdOf(b, refB) === id).toBe(isSame);
    }),
  );
});

it('never changes: traces of earlier days are found by it', () => {
  expect(traceIdOf('m', { tableId: 't', generation: 1, chunk: 2, attempt: 3 })).toBe(
    'dcc65f9c95d58089fcfc8ab946c47117',
  );
});
