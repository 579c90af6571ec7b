/**
 * What cannot be undone takes two people: one proposes, and another one approves; both are in the ledger before anything is
 * done. The same person by two ways in (a token, the identity provider) is two names: who hands out tokens sees to that.
 */
import { asLakehaulError, type ChunkRef, LakehaulError, must } from '@lakehaul/core';
import { approvalRecord, conflict, type Ledger, PROPOSALS, proposalPath, proposalRecord } from '@lakehaul/ledger';
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
      approved: z.strictObject({ at: utcTime, who: said, reason: said }).nullable(),
    }),
  ),
});

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

/** Newest first. */
export async function listProposals(ledger: Ledger): Promise<z.input<typeof PROPOSALS_JSON>> {
  const found = new Map<string, z.input<typeof PROPOSALS_JSON>['proposals'][number]>();
  // `approved` comes before `proposed` in the order of keys.
  const records = await ledger.readRecords(PROPOSALS, z.union([proposalRecord, approvalRecord]));
  for (const { key, body, lastModifiedMs } of records.reverse()) {
    const id = key.split('/').at(-2) ?? '';
    const at = new Date(lastModifiedMs).toISOString();
    const { who, reason } = body;
    if ('chunks' in body) found.set(id, { proposal: id, at, who, reason, chunks: body.chunks, approved: null });
    else {
      const proposal = found.get(id);
      if (proposal === undefined) throw conflict(key, 'approves what nobody proposed');
      proposal.approved = { at, who, reason };
    }
  }
  return { proposals: [...found.values()].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)) };
}

export function approveChange(
  deps: AcceptDeps,
  by: By,
  id: string,
): Change<Plan, Approved> & { preview: () => Promise<Approved> } {
  const { ledger } = deps;
  const read = async () => {
    const found = await ledger.readRecord(proposalPath(id).proposed, proposalRecord);
    if (found === null) throw notFound('no such proposal');
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
      const path = proposalPath(id).approved;
      const body = { schemaVersion: 1, ...by } as const;
      await ledger.writeRecord<z.infer<typeof approvalRecord>>(path, body, proposal.key);
      // Of two who approve at once the first one's name stands.
      const first = must(await ledger.readRecord(path, approvalRecord), path).body;
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
