/** Pauses, limits and priorities: of queues, of tables, and all of them as settings. */
import { LakehaulError, limitRows, STEPS, type SteeringChange } from '@lakehaul/core';
import { CANCEL_JSON, CHANGES_JSON, changesJson, SETTINGS_JSON, steeringJson, utcTime } from '@lakehaul/operate';
import { z } from 'zod';
import { cancelChange } from '../cancel.ts';
import type { ControlDeps } from '../deps.ts';
import { DRY_RUN, makeChange, REASON } from '../make-change.ts';
import { type Call, type Route, route } from '../route.ts';
import { previewSteering, STEERED_JSON, steeringChange } from '../steer.ts';
import { tableNamed } from './status.ts';

const body = z.strictObject({ reason: REASON, dryRun: DRY_RUN });
const MAX = z.int().min(0).max(1_000_000).nullable().describe('Jobs in the queues at once; null: as configured.');
const PRIORITY = z
  .int()
  .min(1)
  .max(2 ** 20)
  .nullable()
  .describe('1 is first; null: as configured.');
const pattern = z.string().min(1).max(300);
const QUEUE = z.object({ queue: z.enum(STEPS) });
const TABLE = z.object({ table: z.string().min(1) });
const queueBody = body.extend({
  tables: pattern
    .regex(/^[^:]+$/, 'must be schema.table, * for any run of characters')
    .default('*')
    .describe('Which tables: schema.table, * for any run of characters.'),
});

const SETTINGS_LISTED = 200;
/** Each is a record that holds all that is set before and after it. */
const MOST_CHANGED = 100;

type ChangeCall = Pick<
  Call<unknown, unknown, { reason: string; dryRun: boolean }>,
  'body' | 'principal' | 'request' | 'reply'
>;

export function steeringRoutes(deps: ControlDeps): Route[] {
  const { ledger } = deps;
  const steer = (call: ChangeCall, changes: readonly SteeringChange[]) =>
    makeChange(deps, call, {
      ...steeringChange(ledger, { principal: call.principal, reason: call.body.reason }, changes),
      preview: () => previewSteering(ledger, changes),
    });
  const common = { method: 'POST', permission: 'steer', isChange: true, answer: STEERED_JSON } as const;
  const queue = { ...common, tag: 'queues', params: QUEUE } as const;
  const table = { ...common, tag: 'tables', params: TABLE } as const;
  const pathOf = (name: string) => tableNamed(deps.model.snapshot.plans, name).path;
  return [
    ...(['pause', 'resume'] as const).flatMap((action) => [
      route({
        ...{ ...queue, url: `/v1/queues/:queue/${action}`, body: queueBody },
        summary:
          action === 'pause'
            ? 'Let no more of the step start; what runs goes on.'
            : 'Lift a pause, by the words that it was set with.',
        handle: (call) => steer(call, [{ action, pattern: `${call.body.tables}::${call.params.queue}` }]),
      }),
      route({
        ...{ ...table, url: `/v1/tables/:table/${action}`, body },
        summary:
          action === 'pause' ? 'Let no more of the table start; what runs goes on.' : 'Lift the pause of the table.',
        handle: (call) => steer(call, [{ action, pattern: `${pathOf(call.params.table)}::*` }]),
      }),
    ]),
    route({
      ...{ ...queue, url: '/v1/queues/:queue/limit', body: queueBody.extend({ max: MAX }) },
      summary: 'Jobs of the step that may be in the queues at once.',
      handle: (call) =>
        steer(call, [{ action: 'limit', pattern: `${call.body.tables}::${call.params.queue}`, max: call.body.max }]),
    }),
    route({
      ...{ ...table, url: '/v1/tables/:table/priority', body: body.extend({ priority: PRIORITY }) },
      summary: 'Which tables go first.',
      handle: (call) =>
        steer(call, [{ action: 'priority', pattern: pathOf(call.params.table), priority: call.body.priority }]),
    }),
    route({
      ...{ method: 'POST', url: '/v1/queues/unload/cancel', permission: 'steer', tag: 'queues', isChange: true },
      summary: 'Cancel the UNLOADs that run now, of what is paused; each is submitted anew once the pause is lifted.',
      description: 'From any process. A cancelled UNLOAD counts as a failure of its attempt. Loads are not cancelled.',
      body: body.extend({ tables: queueBody.shape.tables }),
      answer: CANCEL_JSON,
      handle: (call) =>
        makeChange(
          deps,
          call,
          cancelChange(async () => {
            const { plans } = deps.model.snapshot;
            // Not the snapshot's: the pause may be a second old.
            const limits = limitRows(deps.limits, await ledger.steering.current());
            return { source: deps.source, migration: ledger.migration, plans, limits };
          }, `${call.body.tables}::unload`),
        ),
    }),
    route({
      ...{ method: 'GET', url: '/v1/settings', permission: 'read', tag: 'settings' },
      summary: 'What people have set, what is in force, and the last changes: who, when and why.',
      answer: SETTINGS_JSON.extend({ asOf: utcTime }),
      handle: () => {
        const { asOf, steering, changes } = deps.model.snapshot;
        return {
          asOf,
          steering: steeringJson(steering),
          limitsInForce: limitRows(deps.limits, steering),
          changes: changesJson(changes.slice(-SETTINGS_LISTED)),
        };
      },
    }),
    route({
      ...{ method: 'GET', url: '/v1/settings/changes', permission: 'read', tag: 'settings' },
      summary: 'Every change of settings that was ever made, newest first, page by page: who, when and why.',
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(SETTINGS_LISTED).default(50).describe('On one page.'),
        cursor: z
          .string()
          .regex(/^[1-9]\d{0,8}$/, 'must be the next of a page')
          .optional()
          .describe('`next` of the page before.'),
      }),
      answer: CHANGES_JSON.extend({ asOf: utcTime }),
      handle: ({ query }) => {
        const { asOf, changes } = deps.model.snapshot;
        // Changes are numbered as they come, so a cursor stays right while more are made.
        const end = Math.min(query.cursor === undefined ? changes.length : Number(query.cursor), changes.length);
        const start = Math.max(0, end - query.limit);
        return {
          asOf,
          changes: changesJson(changes.slice(start, end)).reverse(),
          next: start === 0 ? null : String(start),
        };
      },
    }),
    route({
      ...{ ...common, method: 'PATCH', url: '/v1/settings', tag: 'settings' },
      summary: 'Several settings at once. What is not named stays; null takes a row back.',
      description: 'One record a setting, made one after the other; all are checked before the first.',
      body: body.extend({
        pauses: z
          .record(pattern, z.boolean())
          .default({})
          .describe('By schema.table::step: true pauses, false resumes.'),
        limits: z.record(pattern, MAX).default({}).describe('By schema.table::step.'),
        priorities: z.record(pattern, PRIORITY).default({}).describe('By schema.table.'),
        throttle: z
          .record(z.string().min(1).max(60), z.int().min(0).max(86_400_000).nullable())
          .default({})
          .describe('By name of the setting, as GET /v1/throttle lists them; null: as configured.'),
      }),
      handle: (call) => {
        const changes = changesOf(call.body);
        if (changes.length > MOST_CHANGED)
          throw new LakehaulError(
            'REQUEST_INVALID',
            `body: ${changes.length} settings at once, at most ${MOST_CHANGED}`,
          );
        return steer(call, changes);
      },
    }),
  ];
}

function changesOf(settings: {
  pauses: Record<string, boolean>;
  limits: Record<string, number | null>;
  priorities: Record<string, number | null>;
  throttle: Record<string, number | null>;
}): SteeringChange[] {
  return [
    ...Object.entries(settings.pauses).map(([pattern, isPaused]) => ({
      action: isPaused ? ('pause' as const) : ('resume' as const),
      pattern,
    })),
    ...Object.entries(settings.limits).map(([pattern, max]) => ({ action: 'limit' as const, pattern, max })),
    ...Object.entries(settings.priorities).map(([pattern, priority]) => ({
      action: 'priority' as const,
      pattern,
      priority,
    })),
    ...Object.entries(settings.throttle).map(([name, value]) => ({ action: 'throttle' as const, name, value })),
  ];
}
