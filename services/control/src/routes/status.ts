/** Where everything stands, as the read model has it ready. */
import { LakehaulError } from '@lakehaul/core';
import { GATE_JSON, GATES_JSON, gateCode, gateEvidence, STATUS_JSON, tableStatus, utcTime } from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { notFound, type Route, route, sendPrepared } from '../route.ts';

const asOf = utcTime.describe('S3’s clock when the ledger was looked at');
const { tables } = STATUS_JSON.shape;
/** Of a page of a gate's evidence: each costs a look into the ledger. */
const MOST_FINDINGS = 50;

export function statusRoutes({ model, ledger }: ControlDeps): Route[] {
  return [
    route({
      ...{ method: 'GET', url: '/v1/status', permission: 'read', tag: 'status' },
      summary: 'Every table, the totals, and what the evidence says: what lakehaul status --json prints.',
      answer: STATUS_JSON.extend({ asOf }),
      handle: (call) => sendPrepared(call, model.snapshot.status),
    }),
    route({
      ...{ method: 'GET', url: '/v1/tables', permission: 'read', tag: 'tables' },
      summary: 'Every table.',
      answer: z.strictObject({ asOf, tables }),
      handle: (call) => sendPrepared(call, model.snapshot.tables),
    }),
    route({
      ...{ method: 'GET', url: '/v1/tables/:table', permission: 'read', tag: 'tables' },
      summary: 'One table, by its id or as schema.table.',
      params: z.object({ table: z.string().min(1) }),
      answer: tableStatus.extend({ asOf }),
      handle: (call) => {
        const { plans, tableOf } = model.snapshot;
        const found = tableOf.get(tableNamed(plans, call.params.table).tableId);
        if (found === undefined) throw notFound('no such table');
        return sendPrepared(call, found);
      },
    }),
    route({
      ...{ method: 'GET', url: '/v1/gates', permission: 'read', tag: 'status' },
      summary: 'May we switch? The evidence, every reason against, and every gate with its number and limit.',
      answer: GATES_JSON.extend({ asOf }),
      handle: (call) => sendPrepared(call, model.snapshot.gates),
    }),
    route({
      ...{ method: 'GET', url: '/v1/gates/:code', permission: 'read', tag: 'status' },
      summary: 'How do you know? What one gate rests on: tables, chunks and records of the ledger.',
      description: 'The code is that of a reason. Findings come in the order of table ids, page by page.',
      params: z.object({ code: gateCode }),
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(MOST_FINDINGS).default(20).describe('On one page.'),
        cursor: z.string().max(300).optional().describe('`next` of the page before.'),
      }),
      answer: GATE_JSON.extend({ asOf }),
      handle: async ({ params, query }) => {
        const { snapshot } = model;
        const page = { after: query.cursor ?? null, limit: query.limit };
        return { asOf: snapshot.asOf, ...(await gateEvidence({ ...snapshot, ledger }, params.code, page)) };
      },
    }),
  ];
}

interface NamedPlan {
  tableId: string;
  source: { schema: string; table: string };
}

/** By id, else as `schema.table`, when one table alone has that name. */
export function tableNamed<P extends NamedPlan>(
  plans: readonly P[],
  name: string,
): { tableId: string; path: string; plans: P[] } {
  const pathOf = ({ source }: P) => `${source.schema}.${source.table}`;
  const byId = plans.filter((plan) => plan.tableId === name);
  const found = byId.length > 0 ? byId : plans.filter((plan) => pathOf(plan) === name);
  const [first] = found;
  if (first === undefined || new Set(found.map((plan) => plan.tableId)).size > 1)
    throw new LakehaulError('NOT_FOUND', 'no table of that id or name is planned');
  return { tableId: first.tableId, path: pathOf(first), plans: found };
}
