import { z } from 'zod';
import { mayDo } from '../auth/permissions.ts';
import type { ControlDeps } from '../deps.ts';
import { type Route, route } from '../route.ts';

/** Changes of steering are counted from 1; what is no number of that kind is a listener that heard nothing yet. */
function eventNumber(header: unknown): number | null {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : null;
}

export function eventRoutes({ events, model, authenticate }: ControlDeps): Route[] {
  return [
    route({
      ...{ method: 'GET', url: '/v1/events', permission: 'read', tag: 'status' },
      summary: 'Progress and changes of settings as they happen.',
      description:
        'Server-sent events: progress (totals by stage, queues, verdict) and steering (who changed what and why). With Last-Event-ID what was set meanwhile is told first, the last 500 changes at most: ids that are left out say that there were more.',
      answer: z.string().describe('text/event-stream'),
      contentType: 'text/event-stream',
      handle: ({ request, reply, principal }) => {
        events.refuseFull(principal.id);
        // Refuses (NOT_READY) before the headers are gone.
        void model.snapshot;
        // A HEAD hears nothing, and would wait for it.
        if (request.method === 'HEAD') return reply.type('text/event-stream; charset=utf-8').send();
        reply.hijack();
        reply.raw.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          // nginx and its like would collect the events.
          'x-accel-buffering': 'no',
        });
        events.connect(reply.raw, principal.id, eventNumber(request.headers['last-event-id']), async () => {
          const now = await authenticate(request);
          return now !== null && now.id === principal.id && mayDo(now, 'read');
        });
        return reply;
      },
    }),
  ];
}
