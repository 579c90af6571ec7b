/** Changes of steering over the API: the same records that the command writes. */
import { type Steering, type SteeringChange, steered } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';
import { changeJson, refuseUnknownPattern, STEER_JSON, steering, steeringJson } from '@lakehaul/operate';
import { z } from 'zod';
import type { Principal } from './auth/principal.ts';
import type { Change } from './once.ts';

const { change } = STEER_JSON.shape;

export const STEERED_JSON = z.strictObject({
  isDryRun: z.boolean(),
  isChanged: z.boolean().describe('false: it was so already'),
  changes: z.array(change),
  before: steering,
  after: steering,
});

export type SteeredAnswer = z.input<typeof STEERED_JSON>;

const PLAN = z.array(change);

/** What the changes would make of what stands now, one after the other; refuses what the log would refuse. */
export async function previewSteering(ledger: Ledger, changes: readonly SteeringChange[]): Promise<SteeredAnswer> {
  const plans = await ledger.readPlans();
  const before = await ledger.steering.current();
  let after: Steering = before;
  for (const each of changes) {
    refuseUnknownPattern(each, plans);
    after = steered(after, each);
  }
  return {
    isDryRun: true,
    isChanged: after !== before,
    changes: changes.map(changeJson),
    before: steeringJson(before),
    after: steeringJson(after),
  };
}

export function steeringChange(
  ledger: Ledger,
  by: { principal: Principal; reason: string },
  changes: readonly SteeringChange[],
): Change<z.infer<typeof PLAN>, SteeredAnswer> {
  return {
    planShape: PLAN,
    plan: async () => (await previewSteering(ledger, changes)).changes,
    perform: async (planned, id) => {
      let before: Steering | null = null;
      let after: Steering | null = null;
      let isChanged = false;
      for (const [index, each] of changes.entries()) {
        const requestId = `${id}-${index}`;
        const { record, state } = await ledger.steering.change({
          ...{ change: each, who: by.principal.id, reason: by.reason, requestId },
        });
        // Of a change that came again the record tells what it did the first time.
        isChanged ||= record !== null;
        before ??= record?.body.before ?? state;
        after = record?.body.after ?? state;
      }
      const state = await ledger.steering.current();
      return {
        isDryRun: false,
        isChanged,
        changes: planned,
        before: steeringJson(before ?? state),
        after: steeringJson(after ?? state),
      };
    },
  };
}
