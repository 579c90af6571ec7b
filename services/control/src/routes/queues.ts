/** What waits and runs, and how many slots could be used: the second is a plain number for an autoscaler. */
import { LakehaulError, limitRows, matchesLimit, STEPS } from '@lakehaul/core';
import { count, said, utcTime } from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { desiredSlots } from '../desired-slots.ts';
import { type Route, route } from '../route.ts';

const queue = z.strictObject({
  queue: z.enum(STEPS),
  waiting: count,
  active: count,
  delayed: count,
  isPaused: z.boolean().describe('for every table'),
  limits: z.array(z.strictObject({ pattern: said, max: count })).describe('in force, that name the queue; pauses as 0'),
});

export const QUEUES_JSON = z.strictObject({ asOf: utcTime, queues: z.array(queue) });

const slots = z.strictObject({ unload: count, load: count, verify: count });

export function queueRoutes({ model, limits }: ControlDeps): Route[] {
  const inForce = () => limitRows(limits, model.snapshot.steering);
  const counts = () => {
    const { queues } = model.snapshot;
    if (queues === null) throw new LakehaulError('NOT_READY', 'the queue store does not answer');
    return queues;
  };
  const paths = () => [...new Set(model.snapshot.plans.map(({ source }) => `${source.schema}.${source.table}`))];
  const concurrency = () => model.snapshot.concurrency ?? { unload: null, load: null, verify: null };
  const wanted = () =>
    desiredSlots({ counts: counts(), concurrency: concurrency(), limits: inForce(), paths: paths() });
  return [
    route({
      ...{ method: 'GET', url: '/v1/queues', permission: 'read', tag: 'queues' },
      summary: 'What waits and runs in each queue, and what holds it.',
      answer: QUEUES_JSON,
      handle: () => {
        const now = counts();
        const all = paths();
        return {
          asOf: model.snapshot.asOf,
          queues: STEPS.map((step) => {
            const rows = inForce().filter(({ pattern }) => all.some((path) => matchesLimit(pattern, path, step)));
            const isPaused = rows.some(
              ({ pattern, max }) => max === 0 && all.every((path) => matchesLimit(pattern, path, step)),
            );
            return { queue: step, ...now[step], isPaused, limits: rows };
          }),
        };
      },
    }),
    route({
      ...{ method: 'GET', url: '/v1/desired-slots', permission: 'read', tag: 'queues' },
      summary: 'Slots that each step could use now.',
      description: 'What runs, and what waits and may start. 0 lets an autoscaler take the last worker away.',
      answer: slots.extend({ asOf: utcTime }),
      handle: () => ({ asOf: model.snapshot.asOf, ...wanted() }),
    }),
    route({
      ...{ method: 'GET', url: '/v1/desired-slots/:queue', permission: 'read', tag: 'queues' },
      summary: 'The same of one step, for KEDA’s metrics-api scaler: valueLocation slots.',
      params: z.object({ queue: z.enum(STEPS) }),
      answer: z.strictObject({ slots: count }),
      handle: ({ params }) => ({ slots: wanted()[params.queue] }),
    }),
  ];
}
