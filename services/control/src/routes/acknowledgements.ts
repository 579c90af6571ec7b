/** Losses that a person puts a name to after a table was planned. */
import {
  ACKNOWLEDGE_JSON,
  ACKNOWLEDGE_PLAN,
  ACKNOWLEDGEMENTS_JSON,
  type AcknowledgeAnswer,
  type AcknowledgePlan,
  acknowledge,
  acknowledgementsOf,
  planAcknowledge,
} from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { DRY_RUN, makeChange, REASON } from '../make-change.ts';
import type { Change } from '../once.ts';
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
  const changing = (
    by: { who: string; reason: string },
    { table, wanted }: { table: string; wanted: readonly string[] },
  ): Change<AcknowledgePlan, AcknowledgeAnswer> & { preview: () => Promise<AcknowledgeAnswer> } => {
    const plan = () => planAcknowledge({ ledger, plans: plansOf(table) }, wanted);
    return {
      plan,
      planShape: ACKNOWLEDGE_PLAN,
      preview: async () => {
        const { acknowledgements, ...told } = await plan();
        return { ...told, isDryRun: true, acknowledged: acknowledgements };
      },
      perform: (planned, id) => acknowledge(ledger, planned, { ...by, request: id }),
    };
  };
  return [
    route({
      ...{ method: 'GET', url: '/v1/tables/:table/acknowledgements', permission: 'read', tag: 'tables' },
      summary: 'Losses acknowledged with the plan and later, and those that are missing, with the chunks that wait.',
      params: TABLE,
      answer: ACKNOWLEDGEMENTS_JSON,
      handle: ({ params }) => acknowledgementsOf({ ledger, plans: plansOf(params.table), scan: model.snapshot.scan }),
    }),
    route({
      ...{ method: 'POST', url: '/v1/tables/:table/acknowledge', permission: 'approve', tag: 'tables', isChange: true },
      summary: 'Put your name to a loss of rows that come later: numbers that a VARIANT column rounds.',
      description:
        'It counts from now on and is not taken back. Chunks that waited for it are replayed afterwards (toReplay of the acknowledgements).',
      params: TABLE,
      body,
      answer: ACKNOWLEDGE_JSON,
      handle: (call) => {
        const { reason, acknowledgements } = call.body;
        const by = { who: call.principal.id, reason };
        return makeChange(deps, call, changing(by, { table: call.params.table, wanted: acknowledgements }));
      },
    }),
  ];
}
