import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChunkStage, chunkStateOf, isDone, JOURNEY, nextAttempt, nextStep, PLANNED } from './journey.ts';
import type { Stage } from './receipt.ts';

const stateOf = (...stages: Stage[]) =>
  chunkStateOf({ attempt: 1, stages: new Set(stages), submissions: 0, failures: 0 });
const STORY: Stage[] = ['opened', 'submit', 'unloaded', 'loaded', 'verified'];

describe('where a chunk stands', () => {
  it('is done only when it is verified or counted', () => {
    const done = JOURNEY.filter((row) => isDone(row)).map((row) => row.stage);
    expect(done.sort()).toEqual(['counted', 'verified']);
  });

  it('is told by the strongest of its receipts, in whatever order they are seen', () => {
    const cases: [Stage[], ChunkStage][] = [
      [['opened'], 'opened'],
      [['opened', 'submit', 'failed'], 'opened'],
      [['opened', 'submit', 'unloaded'], 'unloaded'],
      [['opened', 'unloaded', 'loaded'], 'loaded'],
      [['opened', 'unloaded', 'void'], 'void'],
      [STORY, 'verified'],
      [[...STORY, 'cleaned', 'reproved'], 'verified'],
      // A later proof that fails takes the earlier one back, and a person's turn is everybody's.
      [[...STORY, 'mismatched'], 'mismatched'],
      [['opened', 'unloaded', 'loaded', 'counted', 'mismatched'], 'mismatched'],
      [[...STORY, 'mismatched', 'quarantined'], 'quarantined'],
    ];
    for (const [stages, expected] of cases)
      fc.assert(
        fc.property(fc.shuffledSubarray(stages, { minLength: stages.length }), (order) => {
          expect(stateOf(...order).stage).toBe(expected);
        }),
        { numRuns: 20 },
      );
  });

  it('goes on with its next step, and with a new attempt where the last one is over', () => {
    const next = (stage: ChunkStage) => [nextStep({ stage }), nextAttempt({ stage, attempt: 3 })];
    expect(next('planned')).toEqual(['unload', 4]);
    expect(next('opened')).toEqual(['unload', 3]);
    expect(next('unloaded')).toEqual(['load', 3]);
    expect(next('loaded')).toEqual(['verify', 3]);
    expect(next('void')).toEqual(['unload', 4]);
    expect(next('mismatched')).toEqual(['unload', 4]);
    for (const stage of ['verified', 'counted', 'quarantined'] as const) expect(nextStep({ stage })).toBeNull();
  });

  it('is planned without a receipt, and repaired only when a later attempt was proven', () => {
    expect(chunkStateOf(undefined)).toEqual(PLANNED);
    const attempt = (number: number, ...stages: Stage[]) =>
      chunkStateOf({ attempt: number, stages: new Set(stages), submissions: 2, failures: 1 });
    expect(attempt(1, ...STORY)).toMatchObject({ isRepaired: false, submissions: 2, failures: 1, isCleaned: false });
    expect(attempt(2, ...STORY, 'cleaned')).toMatchObject({ isRepaired: true, isCleaned: true });
    expect(attempt(2, 'opened', 'unloaded', 'loaded')).toMatchObject({ isRepaired: false });
  });
});
