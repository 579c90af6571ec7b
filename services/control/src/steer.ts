/** Changes of steering over the API: the same records that the command writes. */
import { asLakehaulError, type Steering, type SteeringChange, steered } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';
import { changeJson, refuseUnknownPattern, STEER_JSON, steering, steeringJson } from '@lakehaul/operate';
import { z } from 'zod';
import type { Principal } from './auth/principal.ts';
import type { Change } from './once.ts';
import { isRefusal } from './problem.ts';

const { change } = STEER_JSON.shape;

export const STEERED_JSON = z.strictObject({
  isDryRun: z.boolean(),
  isChanged: z.boolean().describe('false: it was so already'),
  changes: z.array(change).describe('those that are in force now'),
  refused: z
    .strictObject({ change, code: z.string(), message: z.string() })
    .nullable()
    .describe('of several: the one that somebody made impossible meanwhile; it and those after it were not made'),
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
    refused: null,
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
      const made: { before: Steering; after: Steering; isChanged: boolean }[] = [];
      let refused: SteeredAnswer['refused'] = null;
      for (const [index, each] of changes.entries()) {
        const requestId = `${id}-${index}`;
        try {
          const { record, state } = await ledger.steering.change({
            ...{ change: each, who: by.principal.id, reason: by.reason, requestId },
          });
          // Of a change that came again the record tells what it did the first time.
          const { before, after } = record?.body ?? { before: state, after: state };
          made.push({ before, after, isChanged: record !== null });
        } catch (thrown) {
          const error = asLakehaulError(thrown);
          // Alone it is refused; after others, which are in force, that is a part of the answer.
          if (made.length === 0 || !isRefusal(error)) throw error;
          refused = { change: changeJson(each), code: error.code, message: error.message };
          break;
        }
      }
      const state = await ledger.steering.current();
      return {
        isDryRun: false,
        isChanged: made.some((each) => each.isChanged),
        changes: planned.slice(0, made.length),
        refused,
        before: steeringJson(made[0]?.before ?? state),
        after: steeringJson(made.at(-1)?.after ?? state),
      };
    },
  };
}
