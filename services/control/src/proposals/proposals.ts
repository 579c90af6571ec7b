/**
 * What cannot be undone takes two people: one proposes, and another one approves; both are in the ledger before anything is
 * done. The same person by two ways in (a token, the identity provider) is two names: who hands out tokens sees to that.
 */
import { LakehaulError, must } from '@lakehaul/core';
import { decisionRecord, type Ledger, PROPOSALS, type Proposal, proposalPath, proposalRecord } from '@lakehaul/ledger';
import {
  ACKNOWLEDGE_JSON,
  ACKNOWLEDGE_PLAN,
  type AcceptDeps,
  type AcknowledgePlan,
  drift,
  LIFT_JSON,
  RESUME_PLAN,
  type ResumePlan,
  said,
  utcTime,
} from '@lakehaul/operate';
import { z } from 'zod';
import { type LiftDeps, told } from '../lift-stop.ts';
import type { Change } from '../once.ts';
import { attempt, PLAN, type Plan } from '../quarantine.ts';
import { ACCEPTED_JSON, performAcceptance, previewAcceptance } from './accept-chunks.ts';
import { performDriftApproval, planDriftApproval } from './accept-drift.ts';
import { performLoss, planLoss, toldLoss } from './acknowledge-loss.ts';
import { type By, both, decided, proposed, refuseDecided, standingDecision } from './decide.ts';

export const APPROVED_JSON = ACCEPTED_JSON.extend({
  action: z.enum(['accept', 'accept-drift', 'acknowledge']),
  lifted: LIFT_JSON.nullable().describe('of accept-drift: what is done; then there are no chunks'),
  acknowledged: ACKNOWLEDGE_JSON.nullable().describe('of acknowledge: what is recorded; then there are no chunks'),
});

const listed = z.strictObject({
  proposal: said,
  action: APPROVED_JSON.shape.action,
  ...{ at: utcTime, who: said, reason: said },
  chunks: z.array(attempt).describe('of accept: taken as they are'),
  drift: z
    .strictObject({
      tableId: said,
      stopDigest: z.string(),
      // A later version may have proposed a kind that this one does not know.
      drifts: z.array(drift.extend({ kind: said })),
    })
    .nullable()
    .describe('of accept-drift: the schema that is accepted, and the stop that is lifted'),
  loss: z
    .strictObject({ tableId: said, acknowledgements: z.array(said) })
    .nullable()
    .describe('of acknowledge: what rows that come later may lose'),
  decided: z
    .strictObject({ decision: z.enum(['approved', 'withdrawn']), at: utcTime, who: said, reason: said })
    .nullable()
    .describe('null: waits for somebody else'),
});

export const PROPOSALS_JSON = z.strictObject({
  proposals: z.array(listed),
  next: z.string().nullable().describe('cursor of the next page'),
});

export const WITHDRAWN_JSON = z.strictObject({ isDryRun: z.boolean(), proposal: said });

type Approved = z.input<typeof APPROVED_JSON>;
type Listed = z.input<typeof listed>;

/** Newest first, page by page: only a page's bodies are read. */
export async function listProposals(
  ledger: Ledger,
  page: { cursor?: string | undefined; limit: number },
): Promise<z.input<typeof PROPOSALS_JSON>> {
  const all = (await ledger.listRecords(PROPOSALS))
    .map(({ path, lastModifiedMs }) => ({ lastModifiedMs, id: path.split('/')[1] ?? '', what: path.split('/')[2] }))
    .filter(({ what }) => what === 'proposed')
    .map(({ id, lastModifiedMs }) => ({ id, order: `${String(lastModifiedMs).padStart(15, '0')}-${id}` }))
    .sort((a, b) => (a.order < b.order ? 1 : -1));
  const rest = page.cursor === undefined ? all : all.filter(({ order }) => order < String(page.cursor));
  const shown = rest.slice(0, page.limit);
  const proposals = await Promise.all(shown.map(({ id }) => proposalOf(ledger, id)));
  return { proposals, next: rest.length > shown.length ? (shown.at(-1)?.order ?? null) : null };
}

async function proposalOf(ledger: Ledger, id: string): Promise<Listed> {
  const path = proposalPath(id);
  const [proposed, decided] = await Promise.all([
    ledger.readRecord(path.proposed, proposalRecord),
    ledger.readRecord(path.decided, decisionRecord),
  ]);
  const { body, lastModifiedMs } = must(proposed, path.proposed);
  const at = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ proposal: id, action: body.action, at: at(lastModifiedMs), who: body.who, reason: body.reason },
    ...subjectOf(body),
    decided:
      decided === null
        ? null
        : {
            ...{ decision: decided.body.decision, at: at(decided.lastModifiedMs) },
            ...{ who: decided.body.who, reason: decided.body.reason },
          },
  };
}

const NO_SUBJECT = { chunks: [], drift: null, loss: null };

function subjectOf(body: Proposal): Pick<Listed, 'chunks' | 'drift' | 'loss'> {
  const { action } = body;
  if (action === 'accept') return { ...NO_SUBJECT, chunks: body.chunks };
  const { tableId } = body;
  if (action === 'acknowledge') return { ...NO_SUBJECT, loss: { tableId, acknowledgements: body.acknowledgements } };
  return { ...NO_SUBJECT, drift: { tableId, stopDigest: body.stop.digest, drifts: body.drifts } };
}

/** By whoever proposed it, or by an approver: nothing of it is done any more. */
export function withdrawChange(
  ledger: Ledger,
  by: By,
  id: string,
  isApprover: boolean,
): Change<{ proposal: string }, z.input<typeof WITHDRAWN_JSON>> & {
  preview: () => Promise<z.input<typeof WITHDRAWN_JSON>>;
} {
  const look = async () => {
    const { body } = await proposed(ledger, id);
    if (body.who !== by.who && !isApprover)
      throw new LakehaulError('FORBIDDEN', 'it is for whoever proposed it, or for an approver');
    const standing = await standingDecision(ledger, id);
    if (standing !== null) refuseDecided(id, standing, 'withdrawn');
    return { proposal: id };
  };
  return {
    planShape: z.strictObject({ proposal: said }),
    plan: look,
    preview: async () => ({ isDryRun: true, ...(await look()) }),
    perform: async () => {
      const { key } = await proposed(ledger, id);
      refuseDecided(id, await decided(ledger, id, 'withdrawn', by, key), 'withdrawn');
      return { isDryRun: false, proposal: id };
    },
  };
}

/** Chunks with their attempts, the table that is resumed, or the losses that are recorded. */
const APPROVAL = z.union([PLAN, RESUME_PLAN, ACKNOWLEDGE_PLAN]);
type Approval = Plan | ResumePlan | AcknowledgePlan;
const NOTHING = { total: 0, chunks: [], movedOn: [], lifted: null, acknowledged: null };

export function approveChange(
  deps: AcceptDeps & LiftDeps,
  by: By,
  id: string,
): Change<Approval, Approved> & { preview: () => Promise<Approved> } {
  const { ledger } = deps;
  const read = async () => {
    const found = await proposed(ledger, id);
    const standing = await standingDecision(ledger, id);
    if (standing !== null) refuseDecided(id, standing, 'approved');
    if (found.body.who === by.who)
      throw new LakehaulError('FORBIDDEN', 'it takes somebody else than who proposed it', {
        next: 'Ask another approver.',
      });
    return found;
  };
  return {
    planShape: APPROVAL,
    plan: async () => {
      const { body } = await read();
      if (body.action === 'accept') return body.chunks;
      if (body.action === 'acknowledge') return planLoss(deps, body.tableId, body.acknowledgements);
      return planDriftApproval(deps, body);
    },
    preview: async () => {
      const { body } = await read();
      const { action } = body;
      const nothing = { action, isDryRun: true, ...NOTHING };
      if (action === 'accept') return { ...nothing, ...(await previewAcceptance(deps, body, by)) };
      if (action === 'acknowledge') {
        const planned = await planLoss(deps, body.tableId, body.acknowledgements);
        return { ...nothing, acknowledged: toldLoss(planned) };
      }
      return { ...nothing, lifted: told(deps, await planDriftApproval(deps, body), true) };
    },
    perform: async (planned) => {
      const { body, key } = await read();
      // Of two who approve at once the first one's name stands; of one who withdraws at the same time as well.
      const first = await decided(ledger, id, 'approved', by, key);
      refuseDecided(id, first, 'approved');
      const nothing = { action: body.action, isDryRun: false, ...NOTHING };
      if (Array.isArray(planned)) return { ...nothing, ...(await performAcceptance(deps, planned, both(body, first))) };
      const people = { proposer: body, approver: first };
      if ('acknowledgements' in planned)
        return { ...nothing, acknowledged: await performLoss(deps, id, planned, people) };
      return { ...nothing, lifted: await performDriftApproval(deps, id, planned, people) };
    },
  };
}
