/** Losses that people put their names to after a table was planned: proposed here, approved like any other proposal. */
import { ACKNOWLEDGEMENTS_JSON, acknowledgementsOf } from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { DRY_RUN, makeChange, REASON } from '../make-change.ts';
import { LOSS_PROPOSED_JSON, proposeLoss } from '../proposals/acknowledge-loss.ts';
import { type Route, route } from '../route.ts';
import { tableNamed } from './status.ts';

const TABLE = z.object({ table: z.string().min(1) });
const body = z.strictObject({
  reason: REASON,
  dryRun: DRY_RUN,
  acknowledgements: z
    .array(z.string().regex(/^[^\p{Cc}]{1,300}$/u, 'must be 1 to 300 characters without control characters'))
    .min(1)
    .max(100)
    .describe('rounding:COLUMN of VARIANT columns. Anything else is refused: it decides what is read and how.'),
});

export function acknowledgementRoutes(deps: ControlDeps): Route[] {
  const { ledger, model } = deps;
  const plansOf = (table: string) => tableNamed(model.snapshot.plans, table).plans;
  return [
    route({
      ...{ method: 'GET', url: '/v1/tables/:table/acknowledgements', permission: 'read', tag: 'tables' },
      summary: 'Losses acknowledged with the plan and later, and those that are missing, with the chunks that wait.',
      params: TABLE,
      answer: ACKNOWLEDGEMENTS_JSON,
      handle: ({ params }) => acknowledgementsOf({ ledger, plans: plansOf(params.table), scan: model.snapshot.scan }),
    }),
    route({
      ...{ method: 'POST', url: '/v1/tables/:table/acknowledge', permission: 'propose', tag: 'tables', isChange: true },
      summary: 'Propose to acknowledge a loss of rows that come later: numbers that a VARIANT column rounds.',
      description:
        'Not taken back, so nothing is recorded before somebody else approves (POST /v1/proposals/ID/approve); it counts from then on. Chunks that waited for it are replayed afterwards (toReplay of the acknowledgements).',
      params: TABLE,
      body,
      answer: LOSS_PROPOSED_JSON,
      handle: (call) => {
        const { reason, acknowledgements } = call.body;
        const by = { who: call.principal.id, reason };
        return makeChange(deps, call, proposeLoss(deps, by, { table: call.params.table, wanted: acknowledgements }));
      },
    }),
  ];
}
