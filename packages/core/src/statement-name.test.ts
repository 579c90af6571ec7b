import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseUnloadName, unloadName } from './statement-name.ts';

const name = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const attempt = fc.record({
  tableId: fc.stringMatching(/^[a-z0-9_-]{1,30}$/),
  generation: fc.integer({ min: 1, max: 999_999_999 }),
  chunk: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  attempt: fc.integer({ min: 1, max: 65_535 }),
});

it('a name tells the attempt and the submission that it was made of', () => {
  fc.assert(
    fc.property(name, attempt, fc.integer({ min: 1, max: 9_999 }), (migration, ref, submission) => {
      expect(parseUnloadName(migration, unloadName(migration, ref, submission))).toEqual({ ...ref, submission });
    }),
  );
});

it('another migration’s name, a read and a load are none of ours', () => {
  const ref = { tableId: 't', generation: 1, chunk: 2, attempt: 3 };
  expect(parseUnloadName('demo', unloadName('other', ref, 1))).toBeNull();
  expect(parseUnloadName('demo', 'lakehaul-demo-probe-6f1c')).toBeNull();
  expect(parseUnloadName('demo', 'demo/t/g1/c2/a3/s1')).toBeNull();
});
