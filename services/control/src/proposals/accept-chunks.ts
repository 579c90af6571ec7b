/** Quarantined chunks taken as they are: proposed by one, done when another one approves. */
import { asLakehaulError, type ChunkRef } from '@lakehaul/core';
import { type Ledger, type Proposal, proposalPath } from '@lakehaul/ledger';
import { ACCEPT_JSON, type Acceptance, type AcceptDeps, acceptChunk, planAcceptance } from '@lakehaul/operate';
import { z } from 'zod';
import type { Change } from '../once.ts';
import { attempt, movedOn, PLAN, type Plan, plainRef } from '../quarantine.ts';
import { type By, both } from './decide.ts';

export const PROPOSED_JSON = z.strictObject({
  isDryRun: z.boolean(),
  proposal: z.string().nullable().describe('what somebody else approves; null in a dry run'),
  total: z.int().min(0),
  chunks: z.array(attempt),
});

export const ACCEPTED_JSON = z.strictObject({
  isDryRun: z.boolean(),
  total: z.int().min(0),
  chunks: z.array(attempt.extend({ accepted: ACCEPT_JSON.shape.accepted })),
  movedOn,
});

type Proposed = z.input<typeof PROPOSED_JSON>;
type Accepted = z.input<typeof ACCEPTED_JSON>;
type ChunkProposal = Extract<Proposal, { action: 'accept' }>;

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
      await ledger.writeRecord<Proposal>(proposalPath(id).proposed, body);
      return told(id, chunks);
    },
  };
}

export async function previewAcceptance(deps: AcceptDeps, proposal: ChunkProposal, by: By): Promise<Accepted> {
  const chunks: Accepted['chunks'] = [];
  const movedOn: string[] = [];
  for (const { chunk, attempt } of proposal.chunks) {
    const found = await acceptanceOf(deps, { ...plainRef(chunk), attempt }, both(proposal, by));
    if (found === null) movedOn.push(chunk);
    else chunks.push({ chunk, attempt, accepted: found.body });
  }
  return { isDryRun: true, total: chunks.length, chunks, movedOn };
}

export async function performAcceptance(deps: AcceptDeps, planned: Plan, by: By): Promise<Accepted> {
  const chunks: Accepted['chunks'] = [];
  const movedOn: string[] = [];
  for (const { chunk, attempt } of planned) {
    const done = await acceptedOnce(deps, { ...plainRef(chunk), attempt }, by);
    if (done === null) movedOn.push(chunk);
    else chunks.push({ chunk, attempt, accepted: done });
  }
  return { isDryRun: false, total: chunks.length, chunks, movedOn };
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
