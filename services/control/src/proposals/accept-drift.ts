/** A changed schema taken as it is, and the table's stop lifted with it: proposed by one, done when another one approves. */
import { LakehaulError } from '@lakehaul/core';
import { type Proposal, proposalPath, proposedKey } from '@lakehaul/ledger';
import { LIFT_JSON, RESUME_PLAN, type ResumePlan } from '@lakehaul/operate';
import { z } from 'zod';
import { type LiftDeps, type Lifted, performLift, planLift, told } from '../lift-stop.ts';
import type { Change } from '../once.ts';
import { type By, both } from './decide.ts';

export const DRIFT_PROPOSED_JSON = LIFT_JSON.extend({
  proposal: z
    .string()
    .nullable()
    .describe('what somebody else approves; null in a dry run. Until then nothing is done'),
});

type Proposed = z.input<typeof DRIFT_PROPOSED_JSON>;
export type DriftProposal = Extract<Proposal, { action: 'accept-drift' }>;

export function proposeDrift(
  deps: LiftDeps,
  by: By,
  request: { table: string; digest?: string | undefined },
): Change<ResumePlan, Proposed> & { preview: () => Promise<Proposed> } {
  const plan = async () => {
    const planned = await planLift(deps, { ...request, acceptDrift: true });
    if (planned.accepts === null) throw nothingToAccept(planned.tableId);
    return planned;
  };
  return {
    plan,
    planShape: RESUME_PLAN,
    preview: async () => ({ ...told(deps, await plan(), true), proposal: null }),
    perform: async (planned, id) => {
      const { tableId, stop, accepts } = planned;
      if (accepts === null) throw nothingToAccept(tableId);
      await deps.ledger.writeRecord<DriftProposal>(proposalPath(id).proposed, {
        ...{ schemaVersion: 1, action: 'accept-drift', ...by, tableId },
        stop: { number: stop.number, digest: stop.digest },
        schemaDigest: accepts.digest,
        drifts: accepts.drifts,
      });
      return { ...told(deps, planned, false), proposal: id };
    },
  };
}

function nothingToAccept(tableId: string): LakehaulError {
  return new LakehaulError('USAGE', 'the schema is as it was planned or accepted before: there is nothing to accept', {
    where: tableId,
    next: `POST /v1/tables/${tableId}/lift-stop lifts the stop, and takes one person`,
  });
}

/** By ledger and source of now, and only when both are what was proposed: the same stop, the same schema. */
export async function planDriftApproval(deps: LiftDeps, proposal: DriftProposal): Promise<ResumePlan> {
  const { tableId, stop, schemaDigest } = proposal;
  const plan = await planLift(deps, { table: tableId, acceptDrift: true });
  if (plan.stop.number !== stop.number) throw movedOn(tableId, 'the table was resumed and stopped again');
  if (plan.accepts?.digest !== schemaDigest) throw movedOn(tableId, 'the schema at the source is another one by now');
  return plan;
}

function movedOn(tableId: string, what: string): LakehaulError {
  return new LakehaulError('SUPERSEDED', `${what}: it is not what was proposed any more`, {
    where: tableId,
    next: 'withdraw the proposal, look at the table, and propose what is true now',
    disposition: 'refuse',
  });
}

/** Named after the proposal, not after the request: of two approvers at once one lift is made. */
export function performDriftApproval(
  deps: LiftDeps,
  id: string,
  plan: ResumePlan,
  people: { proposer: By; approver: By },
): Promise<Lifted> {
  const by = both(people.proposer, people.approver);
  return performLift(deps, plan, { ...by, request: id, causedBy: proposedKey(deps.ledger.keys, id) });
}
