/** Lifting a table's stop: a person's act. The steps are planned first, so that a dry run prints what the run does. */
import type { Source } from '@lakehaul/adapters';
import { type AttemptRef, type ChunkRef, LakehaulError, must, type TablePlan } from '@lakehaul/core';
import { type Ledger, type LedgerScan, reopenChunks, type TableHalt, type TableStop } from '@lakehaul/ledger';
import type { SeenSchema } from './compare-schema.ts';
import { driftPolicy } from './drift-policy.ts';
import { mayHideRows, UNREADABLE_NEXT, unreadableDetail, unreadablePolicies } from './hidden-rows.ts';
import { acceptedBy, newDrifts } from './watch-schema.ts';

export interface ResumeRequest {
  ledger: Ledger;
  source: Source;
  scan: LedgerScan;
  /** All generations of the table. */
  plans: readonly TablePlan[];
  /** Accept the schema as it is now, where the policy lets a person do that. */
  acceptDrift: boolean;
}

export interface ResumePlan {
  tableId: string;
  halt: TableHalt;
  stop: TableStop;
  /** Accepted with the resume; null when the schema is as planned or accepted before. */
  accepts: SeenSchema | null;
  /** Chunks that must be hauled again: their rows are another table's or column's, or some may have been hidden. */
  reopens: ChunkRef[];
}

/** Changes nothing. Throws when the stop cannot be lifted like that. */
export async function planResume(request: ResumeRequest): Promise<ResumePlan> {
  const { ledger, scan, plans } = request;
  const first = must(plans[0], 'plan of the table');
  const { tableId } = first;
  const name = `${first.source.schema}.${first.source.table}`;
  const halt = await ledger.stops.current(tableId);
  if (halt === null || halt.stop === null)
    throw new LakehaulError('USAGE', `${name} is not stopped`, { next: 'lakehaul tables lists what is stopped' });
  const catalogue = await request.source.discover();
  // Whatever it was stopped for: nobody can say that nothing is hidden while nobody may look.
  const unreadable = mayHideRows(plans) ? unreadablePolicies(catalogue.notMoved) : [];
  if (unreadable.length > 0)
    throw new LakehaulError('ROW_SECURITY', `${name} ${unreadableDetail(unreadable)}`, {
      where: name,
      next: UNREADABLE_NEXT,
    });
  const seen = await newDrifts(ledger, tableId, plans, catalogue);
  const blocking = seen.drifts.find(({ kind }) => driftPolicy(kind).acceptance === 'no');
  const unaccepted = seen.drifts.find(({ kind }) => driftPolicy(kind).action === 'stop');
  const refused = blocking ?? (request.acceptDrift ? undefined : unaccepted);
  if (refused !== undefined) {
    const policy = driftPolicy(refused.kind);
    throw new LakehaulError(
      refused.kind === 'hidden-rows' ? 'ROW_SECURITY' : 'SCHEMA_DRIFT',
      `${name} would be stopped again at once: ${refused.detail}: ${policy.why}`,
      { where: name, next: policy.next.replaceAll('TABLE', name) },
    );
  }
  const mustReopen = seen.drifts.some(({ kind }) => driftPolicy(kind).acceptance === 'reopening');
  const reopens: ChunkRef[] = [];
  if (mustReopen) {
    for (const { generation } of plans)
      scan.forEach({ tableId, generation }, (chunk, state) => {
        if (state.attempt > 0) reopens.push({ tableId, generation, chunk });
      });
  } else if (halt.stop.code === 'ROW_SECURITY') reopens.push(...(await unloadedUnseen(request, tableId, halt.stop)));
  return { tableId, halt, stop: halt.stop, accepts: seen.drifts.length > 0 ? seen : null, reopens };
}

/**
 * Chunks that were, or may yet be, unloaded while a policy hid rows or values: their proofs agree on what could be seen, and
 * no seal ever finds it. Only an `unloaded` receipt older than the last look without a policy clears a chunk.
 */
async function unloadedUnseen(
  { ledger, scan, plans }: ResumeRequest,
  tableId: string,
  { soundUntil }: TableStop,
): Promise<ChunkRef[]> {
  const soundMs = soundUntil === undefined ? Number.NEGATIVE_INFINITY : Date.parse(soundUntil);
  const doubtful: AttemptRef[] = [];
  for (const { generation } of plans)
    scan.forEach({ tableId, generation }, (chunk, { attempt, proofMs }) => {
      if (attempt > 0 && proofMs >= soundMs) doubtful.push({ tableId, generation, chunk, attempt });
    });
  const unseen: ChunkRef[] = [];
  for (const { attempt, ...ref } of doubtful) {
    const unloaded = await ledger.read({ ...ref, attempt }, 'unloaded');
    if (unloaded === null || unloaded.lastModifiedMs >= soundMs) unseen.push(ref);
  }
  return unseen;
}

/**
 * Reopens, then accepts, then lifts the stop. In this order: whoever crashes in between leaves a stopped table, and
 * running it again reopens once more rather than never.
 */
export async function resumeTable(
  ledger: Ledger,
  plan: ResumePlan,
  by: { who: string; reason: string },
): Promise<{ reopened: number }> {
  const { tableId, halt, accepts } = plan;
  const reopened = await reopenChunks(ledger, plan.reopens, { reason: by.reason, causedBy: halt.key });
  if (accepts !== null) await ledger.schemas.append(tableId, acceptedBy(by.who, by.reason, accepts), halt.key);
  const isMine = await ledger.stops.append(tableId, halt, {
    schemaVersion: 1,
    action: 'resume',
    ...by,
    digest: plan.stop.digest,
  });
  if (!isMine) throw new LakehaulError('SUPERSEDED', `${tableId} was resumed or stopped by somebody else meanwhile`);
  return { reopened: reopened.length };
}
