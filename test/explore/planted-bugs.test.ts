import { describe, expect, it } from 'vitest';
import { exploreTwoWorkers } from '../support/explore/one-chunk.ts';
import { PLANTED_BUGS, SUSPENDED_AFTER_THE_LOOK } from '../support/explore/planted-bugs.ts';

/** An explorer that finds nothing proves nothing: each bug is planted, found, and told as a trace. */
describe('the explorer finds', () => {
  it.each(Object.entries(PLANTED_BUGS))('%s', async (_name, { found, ...bug }) => {
    const { counterexample } = await exploreTwoWorkers(bug);
    expect(counterexample?.what).toMatch(found);
    // A person can follow it: who did what, from the first call to the one that broke it.
    expect(counterexample?.trace.length).toBeGreaterThan(2);
    for (const line of counterexample?.trace ?? []) expect(line).toMatch(/^([ABCR]: \S| {3}~ \S)/);
  });
});

it('the engine’s own deadline holds where no look at a clock of ours can', async () => {
  const { counterexample } = await exploreTwoWorkers(SUSPENDED_AFTER_THE_LOOK);
  expect(counterexample).toBeNull();
});
