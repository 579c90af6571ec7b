import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repairNumber } from './attempt-budget.ts';
import type { OpenCause } from './receipt.ts';

const numbers = (causes: readonly (OpenCause | null)[]) => {
  const known = new Map(causes.flatMap((cause, index) => (cause === null ? [] : [[index + 1, cause] as const])));
  return causes.map((_, index) => repairNumber(known, index + 1));
};

describe('the budget of attempts', () => {
  it.each<[string, (OpenCause | null)[], number[]]>([
    ['counts a difference that stays', ['planned', 'mismatched', 'void', 'mismatched'], [1, 2, 3, 4]],
    ['begins anew with late rows', ['planned', 'mismatched', 'late-rows', 'mismatched'], [1, 2, 1, 2]],
    ['begins anew with a person', ['planned', 'mismatched', 'operator'], [1, 2, 1]],
    ['takes an attempt that was never opened for a repair', ['planned', 'late-rows', null, 'mismatched'], [1, 1, 2, 3]],
    ['of a first attempt that was never opened is one', [null, 'mismatched'], [1, 2]],
  ])('%s', (_name, causes, expected) => {
    expect(numbers(causes)).toEqual(expected);
  });

  it('never grows by what is no repair, and grows by one with each repair', () => {
    const causes = fc.array(fc.constantFrom<OpenCause>('mismatched', 'void', 'late-rows', 'operator'), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(causes, (later) => {
        const all: OpenCause[] = ['planned', ...later];
        const counted = numbers(all);
        all.forEach((cause, index) => {
          const isRepair = cause === 'mismatched' || cause === 'void';
          expect(counted[index]).toBe(isRepair ? (counted[index - 1] ?? 0) + 1 : 1);
        });
      }),
    );
  });
});
