/** A stopped table: its stop lifted by one person, or with the changed schema accepted by two. */
import { LakehaulError } from '@lakehaul/core';
import { LIFT_JSON } from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { liftChange } from '../lift-stop.ts';
import { DRY_RUN, makeChange, REASON } from '../make-change.ts';
import { DRIFT_PROPOSED_JSON, proposeDrift } from '../proposals/accept-drift.ts';
import { type Route, route } from '../route.ts';

const TABLE = z.object({ table: z.string().min(1) });
const body = z.strictObject({
  reason: REASON,
  dryRun: DRY_RUN,
  digest: z
    .string()
    .max(1_000)
    .optional()
    .describe('Of the stop that you have looked at (stop.digest of the table): another one is refused.'),
});

export function stopRoutes(deps: ControlDeps): Route[] {
  const common = { method: 'POST', tag: 'tables', params: TABLE, body, isChange: true } as const;
  return [
    route({
      ...{ ...common, url: '/v1/tables/:table/lift-stop', permission: 'replay' },
      summary: 'Lift the table’s stop, and reopen what may be wrong because of what it was stopped for.',
      description:
        'Looks at the source first: what would stop the table again at once is refused. A table of very many chunks takes minutes to reopen; the same request with the same key goes on where it was.',
      answer: LIFT_JSON,
      handle: (call) => {
        const { reason, digest } = call.body;
        const by = { who: call.principal.id, reason };
        return makeChange(deps, call, liftChange(deps, by, { table: call.params.table, digest }));
      },
    }),
    route({
      ...{ ...common, url: '/v1/tables/:table/accept-drift', permission: 'propose' },
      summary: 'Propose to accept the schema that the table has now at the source, and to lift its stop.',
      description:
        'Cannot be undone: digest has to be told, and nothing is done before somebody else approves (POST /v1/proposals/ID/approve). Stopped anew or changed again by then, it is refused.',
      answer: DRIFT_PROPOSED_JSON,
      handle: (call) => {
        const { reason, dryRun, digest } = call.body;
        if (!dryRun && digest === undefined)
          throw new LakehaulError('REQUEST_INVALID', 'body/digest: is missing', {
            next: 'Send the stop.digest of a dry run as digest.',
          });
        const by = { who: call.principal.id, reason };
        return makeChange(deps, call, proposeDrift(deps, by, { table: call.params.table, digest }));
      },
    }),
  ];
}
