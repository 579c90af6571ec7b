/** Chunks: pages out of the read model, stories out of the ledger. */
import { type ChunkRef, chunkName, LakehaulError, type TablePlan } from '@lakehaul/core';
import {
  CHUNK_JSON,
  CHUNK_PAGE_JSON,
  chunkPage,
  chunkStage,
  chunkStory,
  chunkStoryJson,
  DIFF_JSON,
  level,
  mismatchJson,
  parseCursor,
  readMismatches,
  utcTime,
} from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { prepare, type Snapshot } from '../read-model.ts';
import { notFound, type Route, route, sendPrepared } from '../route.ts';
import { tableNamed } from './status.ts';

export const LIMIT = z.coerce.number().int().min(1).max(1_000).default(50).describe('On one page.');
export const CURSOR = z.string().max(500).optional().describe('`next` of the page before.');
const yesOrNo = z.enum(['true', 'false']).transform((text) => text === 'true');

const CHUNK_QUERY = z.strictObject({
  table: z.string().optional().describe('Id or schema.table.'),
  stage: chunkStage.optional(),
  quarantined: yesOrNo.optional().describe('true: the same as stage=quarantined.'),
  level: level.optional().describe('Of the table’s plan.'),
  attempt: z.coerce.number().int().min(0).max(65_535).optional(),
  limit: LIMIT,
  cursor: CURSOR,
});

const CHUNK_PARAMS = z.object({
  table: z.string().min(1),
  generation: z.string().regex(/^g\d{1,9}$/, 'must be g and a number'),
  chunk: z.coerce.number().int().min(0).max(2_147_483_647),
});

function plannedRef({ plans }: Snapshot, params: z.output<typeof CHUNK_PARAMS>): ChunkRef {
  const { tableId, plans: ofTable } = tableNamed(plans, params.table);
  const ref = { tableId, generation: Number(params.generation.slice(1)), chunk: params.chunk };
  refuseUnplanned(ofTable, ref);
  return ref;
}

export function chunkRoutes({ model, ledger, diffMs, log }: ControlDeps): Route[] {
  return [
    route({
      ...{ method: 'GET', url: '/v1/chunks', permission: 'read', tag: 'chunks' },
      summary: 'Chunks in the order of tables, generations and numbers, page by page.',
      description: 'A cursor stays right while chunks move.',
      query: CHUNK_QUERY,
      answer: CHUNK_PAGE_JSON.extend({ asOf: utcTime }),
      handle: (call) => {
        const { snapshot } = model;
        const asked = JSON.stringify(call.query);
        return sendPrepared(
          call,
          snapshot.pages.get(asked, () => prepare(snapshot.asOf, pageOf(snapshot, call.query))),
        );
      },
    }),
    route({
      ...{ method: 'GET', url: '/v1/chunks/:table/:generation/:chunk', permission: 'read', tag: 'chunks' },
      summary: 'One chunk: its rows, its state and every receipt, as lakehaul chunk --json prints it.',
      description: 'The chunk’s name is its address: flights-1a2b3c4d/g1/42.',
      params: CHUNK_PARAMS,
      answer: CHUNK_JSON,
      handle: async ({ params }) => {
        return chunkStoryJson(await chunkStory(ledger, plannedRef(model.snapshot, params)));
      },
    }),
    route({
      ...{ method: 'GET', url: '/v1/chunks/:table/:generation/:chunk/diff', permission: 'rows', tag: 'chunks' },
      summary: 'The rows in which a chunk differed, newest mismatch first, as lakehaul diff --json prints them.',
      description:
        'Values of your tables, as long as they are kept (ledger.diffDays) and this service may read them. Each look is in the log.',
      params: CHUNK_PARAMS,
      query: z.strictObject({ redact: yesOrNo.default(false).describe('true: keys and values are hashed.') }),
      answer: DIFF_JSON,
      handle: async ({ params, query, principal, reply, request }) => {
        const ref = plannedRef(model.snapshot, params);
        log.info('rows of a diff read', { who: principal.id, chunk: chunkName(ref), requestId: request.id });
        reply.header('cache-control', 'no-store');
        const seen = await readMismatches(ledger, ref, { isRedacted: query.redact });
        return { chunk: chunkName(ref), mismatches: seen.map((each) => mismatchJson(each, diffMs)) };
      },
    }),
  ];
}

function pageOf({ plans, scan }: Snapshot, query: z.output<typeof CHUNK_QUERY>): z.input<typeof CHUNK_PAGE_JSON> {
  const { table, quarantined, limit, cursor, ...filter } = query;
  if (quarantined === true && filter.stage !== undefined && filter.stage !== 'quarantined')
    return { chunks: [], next: null };
  const chosen = table === undefined ? plans : tableNamed(plans, table).plans;
  return chunkPage({ plans: chosen, scan }, quarantined === true ? { ...filter, stage: 'quarantined' } : filter, {
    after: cursorOf(cursor),
    limit,
  });
}

export function refuseUnplanned(plans: readonly TablePlan[], ref: ChunkRef): void {
  const plan = plans.find((each) => each.tableId === ref.tableId && each.generation === ref.generation);
  if (plan === undefined || ref.chunk < plan.firstChunk || ref.chunk >= plan.firstChunk + plan.chunkCount)
    throw notFound('no such chunk is planned');
}

export function cursorOf(text: string | undefined): ChunkRef | null {
  if (text === undefined) return null;
  const cursor = parseCursor(text);
  if (cursor === null)
    throw new LakehaulError('REQUEST_INVALID', 'querystring/cursor: is none that a page gave', {
      next: 'Send the next of the page before as it was, or none for the first page.',
    });
  return cursor;
}
