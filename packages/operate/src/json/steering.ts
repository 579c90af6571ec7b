/** `pause`, `resume`, `limit`, `priority`, `throttle set` and `settings`: what people set while the fleet runs. */
import type { Steering, SteeringChange } from '@lakehaul/core';
import type { LedgerRecord, SteeringRecord } from '@lakehaul/ledger';
import { z } from 'zod';
import { count, said, utcTime } from './common.ts';

export const steering = z
  .strictObject({
    pauses: z.array(said.describe('schema.table::step, * for any run of characters')),
    limits: z.array(z.strictObject({ pattern: said, max: count })),
    priorities: z.array(z.strictObject({ pattern: said, priority: count })),
    throttle: z.array(z.strictObject({ name: said, value: count })),
  })
  .describe('set by people; what it does not name is as configured');

const change = z.strictObject({
  action: z.enum(['pause', 'resume', 'limit', 'priority', 'throttle']),
  pattern: said.describe('of a throttle change: the name of the setting'),
  value: count.nullable().describe('of a limit, priority or setting; null takes it back, and is all that a pause has'),
});

export const STEER_JSON = z.strictObject({
  isDryRun: z.boolean(),
  isChanged: z.boolean().describe('false: it was so already, or the request came again'),
  change,
  before: steering,
  after: steering,
});

const made = z.strictObject({ at: utcTime, who: said, reason: said, change });

export const CHANGES_JSON = z.strictObject({
  changes: z.array(made).describe('newest first'),
  next: said.nullable().describe('cursor of the next page; null on the last one'),
});

export const SETTINGS_JSON = z.strictObject({
  steering,
  limitsInForce: z
    .array(z.strictObject({ pattern: said, max: count }))
    .describe('the configuration’s and those above, pauses as 0'),
  changes: z.array(made).describe('oldest first'),
});

export function steeringJson({ pauses, limits, priorities, throttle }: Steering): z.input<typeof steering> {
  return { pauses: [...pauses], limits: [...limits], priorities: [...priorities], throttle: [...throttle] };
}

export function changeJson(asked: SteeringChange): z.input<typeof change> {
  if (asked.action === 'throttle') return { action: asked.action, pattern: asked.name, value: asked.value };
  const { action, pattern } = asked;
  const value = action === 'limit' ? asked.max : action === 'priority' ? asked.priority : null;
  return { action, pattern, value };
}

export function changesJson(records: readonly LedgerRecord<SteeringRecord>[]) {
  return records.map(({ body, lastModifiedMs }) => ({
    at: new Date(lastModifiedMs).toISOString(),
    who: body.who,
    reason: body.reason,
    change: changeJson(body.change),
  }));
}
