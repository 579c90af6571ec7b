import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseDrills, SHORT_DRILLS } from '../../packages/cli/src/drill/choose-drills.ts';
import { type DrillStage, findRedis, openDrillStage } from '../../packages/cli/src/drill/drill-stage.ts';
import { runDrill } from '../../packages/cli/src/drill/run-drill.ts';

/** Each drill once, with fixed seeds. `npm run drills` runs more of them; a seed that fails is a named test here. */
const PATH = process.env['PATH'] ?? '';
const SEEDED = chooseDrills({ name: undefined, seed: 20_000, count: SHORT_DRILLS.length, hasRedis: true });
const options = { limitMs: 90_000, signal: new AbortController().signal };
let stage: DrillStage;

beforeAll(async () => {
  // Loud, not skipped: a machine without it has drilled nothing.
  expect(await findRedis(PATH), 'redis-server on the PATH').not.toBeNull();
  stage = await openDrillStage(PATH);
});
afterAll(() => stage[Symbol.asyncDispose]());

describe('whole-fleet drills', () => {
  it('meet every drill of the catalogue', () => {
    expect(new Set(SEEDED.map((plan) => plan.drill)).size).toBe(20);
  });

  it.each(SEEDED.map((plan) => [plan.drill, plan.seed, plan] as const))(
    '%s (seed %i): nothing lost, doubled, falsely verified or touched',
    async (_drill, _seed, plan) => {
      const result = await runDrill(stage, plan, options);
      expect(result.failure, result.log.join('\n')).toBeNull();
      expect(result).toMatchObject({ lost: '0', doubled: '0', falselyVerified: 0, foreignTouched: '0' });
      expect(result.verified).toBe(result.chunks);
      // No fault that the drills know costs an UNLOAD that had a receipt.
      expect(result.unloadsRepeated).toBe(0);
    },
  );
});
