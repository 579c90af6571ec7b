import { LakehaulError } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { comparePlain } from '../support/explore/compare.ts';
import type { TwoWorkers } from '../support/explore/one-chunk.ts';
import { Numbers, OWN_MARK, type Program, WorkerTree } from '../support/explore/worker-tree.ts';

/**
 * What the explorer leaves out must not lose an end. On bounds that are small enough to leave nothing out, the search with
 * every reduction and the one with none come to the same set of ends, to the last receipt, row and second. There a
 * worker is one process from first to last, every call may be preempted, and a delayed effect lands at any moment.
 */
async function compare(request: TwoWorkers): Promise<void> {
  const { plain, reduced, ends, lost, invented } = await comparePlain(request);
  const number = (value: number) => value.toLocaleString('en-US');
  process.stdout.write(
    `${request.scenario}, ${request.switches} switches, ${request.faults} faults: ${number(ends)} ends · ${number(plain.moments)} moments with nothing left out, ${number(reduced.moments)} as explored\n`,
  );
  expect([plain.counterexample, reduced.counterexample]).toEqual([null, null]);
  expect(plain.isComplete && reduced.isComplete).toBe(true);
  expect({ lost, invented }).toEqual({ lost: [], invented: [] });
  expect(reduced.moments).toBeLessThan(plain.moments);
}

describe('the same ends as with nothing left out', () => {
  it('fresh, one fault', () => compare({ scenario: 'fresh', switches: 0, faults: 1, workerSteps: 4 }));

  it('target differs, one fault', () =>
    compare({ scenario: 'target differs', switches: 0, faults: 1, workerSteps: 4 }));

  it.each(['stage differs while the COPY runs', 'target differs while a REPLACE runs'] as const)(
    '%s, one fault',
    (scenario) => compare({ scenario, switches: 0, faults: 1, workerSteps: 2 }),
  );

  it.each(['stage differs while the COPY runs', 'target differs while a REPLACE runs'] as const)(
    '%s, one switch',
    (scenario) => compare({ scenario, switches: 1, faults: 0, workerSteps: 3 }),
  );

  it('target differs, one switch', () =>
    compare({ scenario: 'target differs', switches: 1, faults: 0, workerSteps: 4 }));

  it('fresh, two switches', () => compare({ scenario: 'fresh', switches: 2, faults: 0, workerSteps: 3 }));

  it('fresh, one switch, late rows', () =>
    compare({ scenario: 'fresh', switches: 1, faults: 0, workerSteps: 4, hasLateRows: true }));

  it('fresh, one switch and one fault', () => compare({ scenario: 'fresh', switches: 1, faults: 1, workerSteps: 2 }));
});

describe('a promise that does not hold is seen', () => {
  it('a worker that remembers something from one turn to the next', async () => {
    const { lost, reduced } = await comparePlain({
      scenario: 'fresh',
      switches: 0,
      faults: 0,
      change: (worker) => {
        const { verify } = worker;
        let calls = 0;
        worker.verify = async (attempt) => {
          calls += 1;
          if (calls === 1) throw new LakehaulError('THROTTLED', 'the first proof of a process fails');
          return verify(attempt);
        };
      },
    });
    // One that lives on proves the chunk at its second try; one that forgets never does.
    expect(lost.length).toBe(1);
    expect(reduced.counterexample?.what).toMatch(/^stuck/);
  });

  it('code that says it has forgotten what it then goes by', async () => {
    const program: Program = {
      first: '',
      async turn(caller) {
        const found = await caller.call({ on: 's3.GetObject', key: 'a' });
        caller.knowsOnly?.('nothing');
        await caller.call({ on: 's3.GetObject', key: found === null ? 'b' : 'c' });
        return { end: OWN_MARK };
      },
    };
    const tree = new WorkerTree(program, new Numbers());
    const head = await tree.head('', 0);
    await tree.go(head, 1, { answer: { value: null }, nowMs: 0 });
    await expect(tree.go(head, 2, { answer: { value: 'found' }, nowMs: 0 })).rejects.toThrow(
      /nothing is not all that the code knows/,
    );
  });
});
