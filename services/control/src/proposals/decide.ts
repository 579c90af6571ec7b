/** One record decides a proposal; who proposed it and who decided are in the ledger before anything is done. */
import { LakehaulError, must } from '@lakehaul/core';
import {
  decisionRecord,
  type Ledger,
  type LedgerRecord,
  type Proposal,
  proposalPath,
  proposalRecord,
} from '@lakehaul/ledger';
import type { z } from 'zod';
import { notFound } from '../route.ts';

export interface By {
  who: string;
  reason: string;
}

export type Decision = z.infer<typeof decisionRecord>;

/** The decision that stands: of two at once the first. */
export async function decided(
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

export async function proposed(ledger: Ledger, id: string): Promise<LedgerRecord<Proposal>> {
  const found = await ledger.readRecord(proposalPath(id).proposed, proposalRecord);
  if (found === null) throw notFound('no such proposal');
  return found;
}

export async function standingDecision(ledger: Ledger, id: string): Promise<Decision | null> {
  return (await ledger.readRecord(proposalPath(id).decided, decisionRecord))?.body ?? null;
}

export function refuseDecided(id: string, decision: Decision, wanted: Decision['decision']): void {
  if (decision.decision === wanted) return;
  throw new LakehaulError('USAGE', `the proposal was ${decision.decision} by ${decision.who}`, {
    where: id,
    next: 'GET /v1/proposals tells who decided what',
  });
}

/** What the receipts say that come of it. */
export function both(proposer: By, approver: By): By {
  return {
    who: `${proposer.who} and ${approver.who}`,
    reason: `${proposer.reason}; approved: ${approver.reason}`,
  };
}
