/** A loss of rows that come after the plan: proposed by one, acknowledged when another one approves. */
import { LakehaulError } from '@lakehaul/core';
import { type Proposal, proposalPath } from '@lakehaul/ledger';
import {
  ACKNOWLEDGE_JSON,
  ACKNOWLEDGE_PLAN,
  type AcknowledgeAnswer,
  type AcknowledgePlan,
  acknowledge,
  planAcknowledge,
} from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import type { Change } from '../once.ts';
import { tableNamed } from '../routes/status.ts';
import { type By, both } from './decide.ts';

export const LOSS_PROPOSED_JSON = ACKNOWLEDGE_JSON.extend({
  proposal: z
    .string()
    .nullable()
    .describe('what somebody else approves; null in a dry run. Until then nothing is acknowledged'),
});

type Proposed = z.input<typeof LOSS_PROPOSED_JSON>;
export type LossProposal = Extract<Proposal, { action: 'acknowledge' }>;
type LossDeps = Pick<ControlDeps, 'ledger' | 'model'>;

/** By the ledger of now: what is known by then is not recorded again. */
export function planLoss({ ledger, model }: LossDeps, table: string, wanted: readonly string[]) {
  return planAcknowledge({ ledger, plans: tableNamed(model.snapshot.plans, table).plans }, wanted);
}

export function toldLoss({ acknowledgements, ...told }: AcknowledgePlan): AcknowledgeAnswer {
  return { ...told, isDryRun: true, acknowledged: acknowledgements };
}

export function proposeLoss(
  deps: LossDeps,
  by: By,
  request: { table: string; wanted: readonly string[] },
): Change<AcknowledgePlan, Proposed> & { preview: () => Promise<Proposed> } {
  const plan = async () => {
    const planned = await planLoss(deps, request.table, request.wanted);
    if (planned.acknowledgements.length > 0) return planned;
    throw new LakehaulError('USAGE', `${planned.known.join(', ')}: acknowledged already, nobody has to approve it`, {
      where: planned.table,
      next: `GET /v1/tables/${planned.tableId}/acknowledgements tells by whom, and what is missing`,
    });
  };
  return {
    plan,
    planShape: ACKNOWLEDGE_PLAN,
    preview: async () => ({ ...toldLoss(await plan()), proposal: null }),
    perform: async (planned, id) => {
      const { tableId, acknowledgements } = planned;
      await deps.ledger.writeRecord<LossProposal>(proposalPath(id).proposed, {
        ...{ schemaVersion: 1, action: 'acknowledge', ...by, tableId, acknowledgements },
      });
      return { ...toldLoss(planned), isDryRun: false, proposal: id };
    },
  };
}

/** Named after the proposal, not after the request: of two approvers at once one record is made. */
export function performLoss(
  { ledger }: Pick<LossDeps, 'ledger'>,
  id: string,
  plan: AcknowledgePlan,
  people: { proposer: By; approver: By },
): Promise<AcknowledgeAnswer> {
  return acknowledge(ledger, plan, { ...both(people.proposer, people.approver), request: id });
}
