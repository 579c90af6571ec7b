/** What waits for a person: listed with why, opened anew, or taken as it is. */
import { chunkName, LakehaulError } from '@lakehaul/core';
import { CHUNKS_JSON, cursorText, listChunks } from '@lakehaul/operate';
import { z } from 'zod';
import { mayDo } from '../auth/permissions.ts';
import type { ControlDeps } from '../deps.ts';
import { DRY_RUN, makeChange, REASON } from '../make-change.ts';
import { PROPOSED_JSON, proposeChange } from '../proposals/accept-chunks.ts';
import {
  APPROVED_JSON,
  approveChange,
  listProposals,
  PROPOSALS_JSON,
  WITHDRAWN_JSON,
  withdrawChange,
} from '../proposals/proposals.ts';
import { QUARANTINE_FILTER, quarantined, REPLAYED_JSON, replayChange } from '../quarantine.ts';
import { type Route, route } from '../route.ts';
import { CURSOR, cursorOf } from './chunks.ts';
import { tableNamed } from './status.ts';

const MOST_REPLAYED = 10_000;
/** Receipts of a chunk are read to find its code: a rare one must not read them all in one request. */
const MOST_EXAMINED = 500;
/** Each asks the target what it holds. */
const MOST_ACCEPTED = 100;
const expected = z
  .int()
  .min(0)
  .max(MOST_REPLAYED)
  .describe('Chunks that the filter must take: the total of a dry run. Another number is refused.');
const body = z.strictObject({ reason: REASON, dryRun: DRY_RUN, filter: QUARANTINE_FILTER });
const PROPOSAL = z.object({ proposal: z.string().regex(/^[0-9a-f]{64}$/, 'must be the proposal’s 64 digits') });

export function quarantineRoutes(deps: ControlDeps): Route[] {
  const { ledger, model } = deps;
  const chosen =
    (asked: { filter: z.output<typeof QUARANTINE_FILTER>; expected?: number | undefined }, most: number) => () =>
      quarantined({ ledger, snapshot: model.snapshot }, asked.filter, { most, expected: asked.expected });
  return [
    route({
      ...{ method: 'GET', url: '/v1/quarantine', permission: 'read', tag: 'quarantine' },
      summary: 'Chunks that wait for a person, each with why and what to do.',
      description: 'By code a page may be short, even empty, and have a next one.',
      query: z.strictObject({
        table: z.string().optional().describe('Id or schema.table.'),
        code: z.string().max(64).optional().describe('Of the quarantine, or of what led to it.'),
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(200)
          .default(50)
          .describe('On one page; each costs a look into the ledger.'),
        cursor: CURSOR,
      }),
      answer: CHUNKS_JSON,
      handle: async ({ query }) => {
        const { plans, scan } = model.snapshot;
        const ofTable = query.table === undefined ? plans : tableNamed(plans, query.table).plans;
        const after = cursorOf(query.cursor);
        const page = await listChunks(
          { ledger, plans: ofTable, scan },
          { stage: 'quarantined', code: query.code ?? null },
          { after: after === null ? null : chunkName(after), limit: query.limit, examine: MOST_EXAMINED },
        );
        return {
          chunks: page.chunks.map(({ ref: _ref, ...each }) => each),
          next: page.next === null ? null : cursorText(page.next),
        };
      },
    }),
    route({
      ...{ method: 'POST', url: '/v1/quarantine/replay', permission: 'replay', tag: 'quarantine', isChange: true },
      summary: 'Open a new attempt of quarantined chunks; it starts from the source with a whole budget of repairs.',
      body: body.extend({ expected: expected.optional() }),
      answer: REPLAYED_JSON,
      handle: (call) => {
        const by = { who: call.principal.id, reason: call.body.reason };
        return makeChange(deps, call, replayChange(ledger, by, chosen(call.body, MOST_REPLAYED)));
      },
    }),
    route({
      ...{ method: 'POST', url: '/v1/quarantine/accept', permission: 'propose', tag: 'quarantine', isChange: true },
      summary: 'Propose to take quarantined chunks as they are: never called verified, and named by the gate.',
      description:
        'Cannot be undone, only replayed: the number of chunks has to be told, and nothing is done before somebody else approves.',
      body: body.extend({ expected: expected.optional() }),
      answer: PROPOSED_JSON,
      handle: (call) => {
        const { reason, dryRun, filter, expected } = call.body;
        if (!dryRun && expected === undefined)
          throw new LakehaulError('REQUEST_INVALID', 'body/expected: is missing', {
            next: 'Send the total of a dry run as expected.',
          });
        const by = { who: call.principal.id, reason };
        return makeChange(deps, call, proposeChange(ledger, by, chosen({ filter, expected }, MOST_ACCEPTED)));
      },
    }),
    route({
      ...{ method: 'GET', url: '/v1/proposals', permission: 'read', tag: 'quarantine' },
      summary: 'What people proposed, and who approved or withdrew it; newest first.',
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(200).default(50).describe('On one page.'),
        cursor: z
          .string()
          .regex(/^\d{15}-[0-9a-f]{64}$/, 'must be the next of a page')
          .optional()
          .describe('`next` of the page before.'),
      }),
      answer: PROPOSALS_JSON,
      handle: ({ query }) => listProposals(ledger, query),
    }),
    route({
      ...{
        method: 'POST',
        url: '/v1/proposals/:proposal/approve',
        permission: 'approve',
        tag: 'quarantine',
        isChange: true,
      },
      summary: 'Approve what somebody else proposed; it is done at once.',
      params: PROPOSAL,
      body: z.strictObject({ reason: REASON, dryRun: DRY_RUN }),
      answer: APPROVED_JSON,
      handle: (call) => {
        const by = { who: call.principal.id, reason: call.body.reason };
        return makeChange(deps, call, approveChange(deps, by, call.params.proposal));
      },
    }),
    route({
      ...{
        method: 'POST',
        url: '/v1/proposals/:proposal/withdraw',
        permission: 'propose',
        tag: 'quarantine',
        isChange: true,
      },
      summary: 'Take a proposal back before somebody approves it: one’s own, or as an approver.',
      params: PROPOSAL,
      body: z.strictObject({ reason: REASON, dryRun: DRY_RUN }),
      answer: WITHDRAWN_JSON,
      handle: (call) => {
        const { principal, params, body } = call;
        const by = { who: principal.id, reason: body.reason };
        return makeChange(deps, call, withdrawChange(ledger, by, params.proposal, mayDo(principal, 'approve')));
      },
    }),
  ];
}
