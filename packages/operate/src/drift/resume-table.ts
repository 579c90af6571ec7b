/** Lifting a table's stop: a person's act. The steps are planned first, so that a dry run prints what the run does. */
import type { Source } from '@lakehaul/adapters';
import { type AttemptRef, LakehaulError, must, type TablePlan } from '@lakehaul/core';
import {
  isLiftedBy,
  type Ledger,
  type LedgerScan,
  type PlannedReopening,
  reopenPlanned,
  type TableStop,
} from '@lakehaul/ledger';
import type { SeenSchema } from './compare-schema.ts';
import { driftPolicy } from './drift-policy.ts';
import { mayHideRows, UNREADABLE_NEXT, unreadableDetail, unreadablePolicies } from './hidden-rows.ts';
import { type ResumePlan, reopeningsOf, runsOf } from './resume-plan.ts';
import { acceptedBy, newDrifts } from './seen-schema.ts';

export interface ResumeRequest {
  ledger: Ledger;
  source: Pick<Source, 'discover'>;
  /** Read after the request came: an attempt that it does not know of would not be reopened. */
  scan: LedgerScan;
  /** All generations of the table. */
  plans: readonly TablePlan[];
  /** Accept the schema as it is now, where the policy lets a person do that. */
  acceptDrift: boolean;
  /** The digest of the stop that the person has looked at; another one is refused. */
  digest?: string | undefined;
}

/** Changes nothing. Throws when the stop cannot be lifted like that. */
export async function planResume(request: ResumeRequest): Promise<ResumePlan> {
  const { ledger, plans } = request;
  const first = must(plans[0], 'plan of the table');
  const { tableId } = first;
  const name = `${first.source.schema}.${first.source.table}`;
  const halt = await ledger.stops.current(tableId);
  if (halt === null || halt.stop === null)
    throw new LakehaulError('USAGE', `${name} is not stopped`, { next: 'lakehaul tables lists what is stopped' });
  refuseOther(name, halt.stop, request.digest);
  const catalogue = await request.source.discover();
  // Whatever it was stopped for: nobody can say that nothing is hidden while nobody may look.
  const unreadable = mayHideRows(plans) ? unreadablePolicies(catalogue.notMoved) : [];
  if (unreadable.length > 0)
    throw new LakehaulError('ROW_SECURITY', `${name} ${unreadableDetail(unreadable)}`, {
      where: name,
      next: UNREADABLE_NEXT,
    });
  const accepted = await ledger.schemas.of(tableId);
  const seen = newDrifts(accepted, plans, catalogue);
  refuseDrift(name, seen, request.acceptDrift);
  const { number, key, stop } = halt;
  return {
    tableId,
    stop: { number, key, code: stop.code, reason: stop.reason, digest: stop.digest },
    accepts: seen.drifts.length > 0 ? seen : null,
    acceptedBefore: accepted.length,
    reopens: runsOf(await reopenings(request, halt.stop, seen)),
  };
}

function refuseOther(name: string, stop: TableStop, digest: string | undefined): void {
  if (digest === undefined || digest === stop.digest) return;
  throw new LakehaulError('USAGE', `${name} is stopped for something else by now: ${stop.code}: ${stop.reason}`, {
    where: name,
    next: 'look at why it is stopped now, and repeat with the digest of that stop',
  });
}

function refuseDrift(name: string, seen: SeenSchema, acceptDrift: boolean): void {
  const blocking = seen.drifts.find(({ kind }) => driftPolicy(kind).acceptance === 'no');
  const unaccepted = seen.drifts.find(({ kind }) => driftPolicy(kind).action === 'stop');
  const refused = blocking ?? (acceptDrift ? undefined : unaccepted);
  if (refused === undefined) return;
  const policy = driftPolicy(refused.kind);
  throw new LakehaulError(
    refused.kind === 'hidden-rows' ? 'ROW_SECURITY' : 'SCHEMA_DRIFT',
    `${name} would be stopped again at once: ${refused.detail}: ${policy.why}`,
    // Of a chunk it would be a quarantine; here nothing was changed.
    { where: name, next: policy.next.replaceAll('TABLE', name), disposition: 'refuse' },
  );
}

async function reopenings(request: ResumeRequest, stop: TableStop, seen: SeenSchema): Promise<PlannedReopening[]> {
  const mustReopen = seen.drifts.some(({ kind }) => driftPolicy(kind).acceptance === 'reopening');
  if (!mustReopen && stop.code !== 'ROW_SECURITY') return [];
  const soundMs = mustReopen || stop.soundUntil === undefined ? Number.NEGATIVE_INFINITY : Date.parse(stop.soundUntil);
  const doubtful: AttemptRef[] = [];
  for (const { tableId, generation } of request.plans)
    request.scan.forEach({ tableId, generation }, (chunk, { attempt, proofMs }) => {
      if (attempt > 0 && (mustReopen || proofMs >= soundMs)) doubtful.push({ tableId, generation, chunk, attempt });
    });
  const unsound = mustReopen ? doubtful : await unloadedUnseen(request.ledger, doubtful, soundMs);
  return unsound.map(({ attempt, ...ref }) => ({ ref, attempt: attempt + 1 }));
}

const PARALLEL_READS = 16;

/**
 * Chunks that were, or may yet be, unloaded while a policy hid rows or values: their proofs agree on what could be seen, and
 * no seal ever finds it. Only an `unloaded` receipt older than the last look without a policy clears a chunk.
 */
async function unloadedUnseen(ledger: Ledger, doubtful: readonly AttemptRef[], soundMs: number): Promise<AttemptRef[]> {
  const unseen: AttemptRef[] = [];
  for (let start = 0; start < doubtful.length; start += PARALLEL_READS) {
    const batch = doubtful.slice(start, start + PARALLEL_READS);
    const receipts = await Promise.all(batch.map((ref) => ledger.read(ref, 'unloaded')));
    unseen.push(...batch.filter((_, at) => (receipts[at]?.lastModifiedMs ?? Number.POSITIVE_INFINITY) >= soundMs));
  }
  return unseen;
}

export interface ResumedBy {
  who: string;
  reason: string;
  /** The caller's own name of the act: done again with the same plan, it changes nothing more. */
  request: string;
  /** Key of the record that led to it. */
  causedBy: string;
}

/**
 * Reopens, then accepts, then lifts the stop. In this order: whoever crashes in between leaves a stopped table, and
 * running it again goes on where it ended.
 */
export async function resumeTable(
  ledger: Ledger,
  plan: ResumePlan,
  { who, reason, request, causedBy }: ResumedBy,
): Promise<{ reopened: number; movedOn: PlannedReopening[] }> {
  const { tableId, stop, accepts } = plan;
  const later = await ledger.stops.after(tableId, stop.number);
  const isLifted = later !== null && isLiftedBy(later, request);
  if (later !== null && !isLifted) throw superseded(tableId);
  const reopening = { reason, causedBy, reopensAccepted: true } as const;
  const { opened, movedOn } = await reopenPlanned(ledger, reopeningsOf(plan), reopening);
  if (isLifted) return { reopened: opened.length, movedOn };
  if (accepts !== null) {
    const body = { ...acceptedBy(who, reason, accepts), request };
    const isOurs = await ledger.schemas.appendAfter(tableId, plan.acceptedBefore, body, stop.key);
    if (!isOurs) throw superseded(tableId);
  }
  const lift = { schemaVersion: 1, action: 'resume', who, reason, digest: stop.digest, request } as const;
  if (!(await ledger.stops.lift(tableId, stop, lift))) throw superseded(tableId);
  return { reopened: opened.length, movedOn };
}

function superseded(tableId: string): LakehaulError {
  return new LakehaulError('SUPERSEDED', `${tableId} was resumed or stopped by somebody else meanwhile`, {
    where: tableId,
    next: 'look at the table again: lakehaul tables',
    disposition: 'refuse',
  });
}
