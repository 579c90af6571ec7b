/**
 * What cannot be undone takes two people: one proposes, and another one approves; both are in the ledger before anything is
 * done. The same person by two ways in (a token, the identity provider) is two names: who hands out tokens sees to that.
 */
import { asLakehaulError, type ChunkRef, LakehaulError, must } from '@lakehaul/core';
import { decisionRecord, type Ledger, PROPOSALS, proposalPath, proposalRecord } from '@lakehaul/ledger';
import {
  ACCEPT_JSON,
  type Acceptance,
  type AcceptDeps,
  acceptChunk,
  planAcceptance,
  said,
  utcTime,
} from '@lakehaul/operate';
import { z } from 'zod';
import type { Change } from './once.ts';
import { attempt, movedOn, PLAN, type Plan, plainRef } from './quarantine.ts';
import { notFound } from './route.ts';

const accepted = z.array(attempt.extend({ accepted: ACCEPT_JSON.shape.accepted }));

export const PROPOSED_JSON = z.strictObject({
  isDryRun: z.boolean(),
  proposal: z.string().nullable().describe('what somebody else approves; null in a dry run'),
  total: z.int().min(0),
  chunks: z.array(attempt),
});

export const APPROVED_JSON = z.strictObject({
  isDryRun: z.boolean(),
  total: z.int().min(0),
  chunks: accepted,
  movedOn,
});

export const PROPOSALS_JSON = z.strictObject({
  proposals: z.array(
    z.strictObject({
      proposal: said,
      ...{ at: utcTime, who: said, reason: said, chunks: z.array(attempt) },
      decided: z
        .strictObject({ decision: z.enum(['approved', 'withdrawn']), at: utcTime, who: said, reason: said })
        .nullable()
        .describe('null: waits for somebody else'),
    }),
  ),
  next: z.string().nullable().describe('cursor of the next page'),
});

export const WITHDRAWN_JSON = z.strictObject({ isDryRun: z.boolean(), proposal: said });

type Proposed = z.input<typeof PROPOSED_JSON>;
type Approved = z.input<typeof APPROVED_JSON>;
interface By {
  who: string;
  reason: string;
}

export function proposeChange(
  ledger: Ledger,
  by: By,
  choose: () => Promise<Plan>,
): Change<Plan, Proposed> & { preview: () => Promise<Proposed> } {
  const told = (proposal: string | null, chunks: Plan): Proposed => ({
    ...{ isDryRun: proposal === null, proposal, total: chunks.length, chunks },
  });
  return {
    plan: choose,
    planShape: PLAN,
    preview: async () => told(null, await choose()),
    perform: async (chunks, id) => {
      const body = { schemaVersion: 1, action: 'accept', ...by, chunks } as const;
      await ledger.writeRecord<z.infer<typeof proposalRecord>>(proposalPath(id).proposed, body);
      return told(id, chunks);
    },
  };
}

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

async function proposalOf(ledger: Ledger, id: string): Promise<z.input<typeof PROPOSALS_JSON>['proposals'][number]> {
  const path = proposalPath(id);
  const [proposed, decided] = await Promise.all([
    ledger.readRecord(path.proposed, proposalRecord),
    ledger.readRecord(path.decided, decisionRecord),
  ]);
  const { body, lastModifiedMs } = must(proposed, path.proposed);
  const at = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ proposal: id, at: at(lastModifiedMs), who: body.who, reason: body.reason, chunks: body.chunks },
    decided:
      decided === null
        ? null
        : {
            ...{ decision: decided.body.decision, at: at(decided.lastModifiedMs) },
            ...{ who: decided.body.who, reason: decided.body.reason },
          },
  };
}

type Decision = z.infer<typeof decisionRecord>;

/** The decision that stands: of two at once the first. */
async function decided(
  ledger: Ledger,
  id: string,
  decision: Decision['decision'],
  by: By,
  cause: string,
): Promise<Decision> {
  const path = proposalPath(id).decided;
  await ledger.writeRecord<Decision>(path, { schemaVersion: 1, decision, ...by }, cause);
  return must(await ledger.readRecord(path, decisionRecord), path).body;
}

async function proposed(ledger: Ledger, id: string) {
  const found = await ledger.readRecord(proposalPath(id).proposed, proposalRecord);
  if (found === null) throw notFound('no such proposal');
  return found;
}

function refuseDecided(id: string, decision: Decision, wanted: Decision['decision']): void {
  if (decision.decision === wanted) return;
  throw new LakehaulError('USAGE', `the proposal was ${decision.decision} by ${decision.who}`, {
    where: id,
    next: 'GET /v1/proposals tells who decided what',
  });
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
    const standing = await ledger.readRecord(proposalPath(id).decided, decisionRecord);
    if (standing !== null) refuseDecided(id, standing.body, 'withdrawn');
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

export function approveChange(
  deps: AcceptDeps,
  by: By,
  id: string,
): Change<Plan, Approved> & { preview: () => Promise<Approved> } {
  const { ledger } = deps;
  const read = async () => {
    const found = await proposed(ledger, id);
    const standing = await ledger.readRecord(proposalPath(id).decided, decisionRecord);
    if (standing !== null) refuseDecided(id, standing.body, 'approved');
    if (found.body.who === by.who)
      throw new LakehaulError('FORBIDDEN', 'it takes somebody else than who proposed it', {
        next: 'Ask another approver.',
      });
    return found;
  };
  return {
    planShape: PLAN,
    plan: async () => (await read()).body.chunks,
    preview: async () => {
      const { body } = await read();
      const chunks: Approved['chunks'] = [];
      const movedOn: string[] = [];
      for (const { chunk, attempt } of body.chunks) {
        const found = await acceptanceOf(deps, { ...plainRef(chunk), attempt }, both(body, by));
        if (found === null) movedOn.push(chunk);
        else chunks.push({ chunk, attempt, accepted: found.body });
      }
      return { isDryRun: true, total: chunks.length, chunks, movedOn };
    },
    perform: async (planned) => {
      const proposal = await read();
      // Of two who approve at once the first one's name stands; of one who withdraws at the same time as well.
      const first = await decided(ledger, id, 'approved', by, proposal.key);
      refuseDecided(id, first, 'approved');
      const chunks: Approved['chunks'] = [];
      const movedOn: string[] = [];
      for (const { chunk, attempt } of planned) {
        const done = await acceptedOnce(deps, { ...plainRef(chunk), attempt }, both(proposal.body, first));
        if (done === null) movedOn.push(chunk);
        else chunks.push({ chunk, attempt, accepted: done });
      }
      return { isDryRun: false, total: chunks.length, chunks, movedOn };
    },
  };
}

function both(proposer: By, approver: By): By {
  return {
    who: `${proposer.who} and ${approver.who}`,
    reason: `${proposer.reason}; approved: ${approver.reason}`,
  };
}

/** Null when the chunk is not as it was proposed, or somebody else's word stands. */
async function acceptedOnce(deps: AcceptDeps, ref: ChunkRef & { attempt: number }, by: By) {
  const isOurs = (body: By) => body.who === by.who && body.reason === by.reason;
  const before = await deps.ledger.read(ref, 'accepted');
  if (before !== null) return isOurs(before.body) ? before.body : null;
  const acceptance = await acceptanceOf(deps, ref, by);
  if (acceptance === null) return null;
  const { accepted } = await acceptChunk(deps.ledger, acceptance);
  return isOurs(accepted) ? accepted : null;
}

/** Of exactly the attempt that was proposed: null when the chunk has gone on since, whatever it is now. */
async function acceptanceOf(deps: AcceptDeps, ref: ChunkRef & { attempt: number }, by: By): Promise<Acceptance | null> {
  try {
    const acceptance = await planAcceptance(deps, ref, by);
    return acceptance.ref.attempt === ref.attempt ? acceptance : null;
  } catch (thrown) {
    if (asLakehaulError(thrown).code === 'CHUNK_NOT_QUARANTINED') return null;
    throw thrown;
  }
}
