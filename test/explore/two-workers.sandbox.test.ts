import { describe, expect, it } from 'vitest';
import { exploreTwoWorkers, printed, report, SCENARIOS, type TwoWorkers } from '../support/explore/one-chunk.ts';
import { mayBeginLate } from '../support/explore/planted-bugs.ts';

/**
 * Every schedule of two workers on one chunk within the bounds: I2, I3, I5, I11 at every moment, and at the end the chunk
 * is verified and equal, or quarantined with a reason. `npm run explore -- --switches 3 --faults 1` goes deeper.
 */
async function explored(name: string, request: TwoWorkers): Promise<Awaited<ReturnType<typeof exploreTwoWorkers>>> {
  const startMs = performance.now();
  const result = await exploreTwoWorkers(request);
  process.stdout.write(`${report({ result, name, ms: performance.now() - startMs })}\n`);
  if (result.counterexample !== null) throw new Error(printed(result.counterexample));
  expect(result.isComplete).toBe(true);
  return result;
}

describe.each(SCENARIOS)('%s', (scenario) => {
  it('two switches, no fault', async () => {
    const { moments } = await explored(`${scenario}, 2 switches`, { scenario, switches: 2, faults: 0 });
    expect(moments).toBeGreaterThan(2_000);
  });

  it('no switch, one fault at every call', async () => {
    const { faultBranches, faultPoints } = await explored(`${scenario}, 1 fault`, { scenario, switches: 0, faults: 1 });
    expect(faultBranches).toBeGreaterThan(90);
    for (const point of ['s3.PutObject', 's3.ListObjectsV2', 'databricks.write', 'databricks.version'] as const)
      expect(faultPoints.get(point)).toBeGreaterThan(0);
  });

  it('late rows reopen it while two workers are at it, one switch', async () => {
    const { moments } = await explored(`${scenario}, late rows`, {
      scenario,
      switches: 1,
      faults: 0,
      hasLateRows: true,
      workerSteps: 8,
    });
    expect(moments).toBeGreaterThan(400);
  });
});

it('three switches, on a chunk that nobody has touched', async () => {
  const { moments } = await explored('fresh, 3 switches', { scenario: 'fresh', switches: 3, faults: 0 });
  expect(moments).toBeGreaterThan(10_000);
});

it.each(['fresh', 'target differs'] as const)('%s: one switch and one fault', async (scenario) => {
  const { moments } = await explored(`${scenario}, 1 switch, 1 fault`, { scenario, switches: 1, faults: 1 });
  expect(moments).toBeGreaterThan(12_000);
});

describe('on an engine that never kills a statement, against what the fence assumes', () => {
  const neverKilled = {
    scenario: 'fresh',
    switches: 0,
    faults: 1,
    hasLateRows: true,
    workerSteps: 8,
    options: { isNeverKilled: true },
  } as const;

  it('nothing gets past the fence: what still runs is seen running, and nothing begins late', async () => {
    const { foundBySeal } = await explored('late rows, no time-outs', neverKilled);
    expect(foundBySeal).toBe(0);
  });

  it('its twin: where loads may also begin late, rows get through, and the seal finds every one of them', async () => {
    const { foundBySeal } = await explored('late rows, no time-outs, late starts', {
      ...neverKilled,
      options: { isNeverKilled: true, change: ({ target }) => mayBeginLate(target) },
    });
    expect(foundBySeal).toBeGreaterThan(0);
  });
});
