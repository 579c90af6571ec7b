import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareEnds } from '../support/explore/compare.ts';
import { explore } from '../support/explore/explore.ts';
import { explorationOf, type LittlePrograms, littlePrograms } from '../support/explore/little-programs.ts';
import { perform } from '../support/model/calls.ts';
import { newClouds, StateKeys } from '../support/model/state.ts';

/**
 * The real workers make their calls in few orders; what the explorer leaves out has to be sound for any. Two little programs
 * of any calls, with something on its way from the start or not: the same ends as with nothing left out.
 */
async function sameEnds(little: LittlePrograms): Promise<void> {
  const { lost, invented } = await compareEnds((search) => explore({ ...explorationOf(little), ...search }));
  expect({ lost, invented }).toEqual({ lost: [], invented: [] });
}

it('any two little programs', () => fc.assert(fc.asyncProperty(littlePrograms, sameEnds), { numRuns: 30 }));

it('one worker reads before a delayed effect, and one that was preempted reads after it', () =>
  sameEnds({
    programs: [['commits', 'put a/1'], ['commits']],
    underway: 'copy running',
    switches: 1,
    faults: 0,
  }));

it('another worker sleeps between a look at the ledger and one at the time', () =>
  sameEnds({
    programs: [
      ['list a/', 'time'],
      ['put a/1', 'sleep'],
    ],
    underway: 'nothing',
    switches: 1,
    faults: 0,
  }));

it('another worker sleeps before a reading after which the code looks at its own clock', () =>
  sameEnds({
    programs: [
      ['put a/1', 'list a/', 'get a/1', 'look'],
      ['put a/2', 'sleep'],
    ],
    underway: 'nothing',
    switches: 1,
    faults: 0,
  }));

it('which of two COPYs of the same files made the commit is part of a moment', () => {
  const clouds = { ...newClouds([1]), versions: [[], []] };
  const madeBy = (tag: string) => ({ ...clouds, commits: [{ operation: 'COPY INTO', predicate: '', tag }] });
  const keys = new StateKeys();
  expect(keys.of(madeBy('s2'))).not.toBe(keys.of(madeBy('s3')));
  expect(keys.of(madeBy('s2'))).toBe(keys.of(madeBy('s2')));
});

it('two moments that differ in nothing have the same key, whatever list holds it', () => {
  const slept = perform(newClouds([1]), { on: 'clock.sleep', ms: 1_000 }).clouds;
  const keys = new StateKeys();
  expect(keys.of({ ...slept, loads: [], objects: new Map() })).toBe(keys.of(slept));
});
