/** Where everything stands, as the read model has it ready. */
import { LakehaulError } from '@lakehaul/core';
import { STATUS_JSON, tableStatus, utcTime } from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { notFound, type Route, route, sendPrepared } from '../route.ts';

const asOf = utcTime.describe('S3’s clock when the ledger was looked at');
const { tables, evidence, decision, writesKnownUntil } = STATUS_JSON.shape;

export function statusRoutes({ model }: ControlDeps): Route[] {
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
      summary: 'May we switch? The evidence and every reason against.',
      answer: z.strictObject({ asOf, evidence, decision, writesKnownUntil }),
      handle: (call) => sendPrepared(call, model.snapshot.gates),
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
