/** Lifting a table's stop as a change that is made once: what the command does, over the API. */
import { asLakehaulError, chunkName, LakehaulError } from '@lakehaul/core';
import { askedKey, joinedPlans } from '@lakehaul/ledger';
import {
  type LIFT_JSON,
  planResume,
  RESUME_PLAN,
  type ResumedBy,
  type ResumePlan,
  reopenedCount,
  resumeSteps,
  resumeTable,
} from '@lakehaul/operate';
import type { z } from 'zod';
import type { ControlDeps } from './deps.ts';
import type { Change } from './once.ts';
import { tableNamed } from './routes/status.ts';

export type LiftDeps = Pick<ControlDeps, 'ledger' | 'source' | 'model'>;
export type Lifted = z.input<typeof LIFT_JSON>;

interface LiftRequest {
  /** Id or schema.table. */
  table: string;
  acceptDrift: boolean;
  digest?: string | undefined;
}

/** What lifting would do, by ledger and source of now: the read model's look may be older than the last attempt. */
export async function planLift({ ledger, source, model }: LiftDeps, request: LiftRequest): Promise<ResumePlan> {
  const { scan, plans: known } = model.snapshot;
  const { tableId, path, plans } = tableNamed(await joinedPlans(ledger, [...known]), request.table);
  // A pass that runs already may have begun before the request; the one after it has not.
  await scan.refresh();
  await scan.refresh();
  try {
    return await planResume({ ledger, source, scan, plans, ...request });
  } catch (thrown) {
    throw forApi(asLakehaulError(thrown), { tableId, path }, request.acceptDrift);
  }
}

/** The next step in words of the API, where the command's own would not do. */
function forApi(error: LakehaulError, table: { tableId: string; path: string }, acceptDrift: boolean): LakehaulError {
  if (error.code !== 'SCHEMA_DRIFT' || acceptDrift || !error.next.includes('--accept-drift')) return error;
  return new LakehaulError('SCHEMA_DRIFT', error.message, {
    where: table.path,
    next: `${error.next}. Over the API it takes two people: POST /v1/tables/${table.tableId}/accept-drift proposes it, and somebody else approves`,
    disposition: 'refuse',
    cause: error,
  });
}

/** Does what was planned; `by.request` done again changes nothing more. */
export async function performLift(deps: LiftDeps, plan: ResumePlan, by: ResumedBy): Promise<Lifted> {
  const { reopened, movedOn } = await resumeTable(deps.ledger, plan, by);
  return { ...told(deps, plan, false), reopened, movedOn: movedOn.map(({ ref }) => chunkName(ref)) };
}

export function told({ model }: Pick<LiftDeps, 'model'>, plan: ResumePlan, isDryRun: boolean): Lifted {
  const { tableId, stop, accepts } = plan;
  return {
    isDryRun,
    table: tableNamed(model.snapshot.plans, tableId).path,
    tableId,
    stop: { code: stop.code, reason: stop.reason, digest: stop.digest },
    accepts: accepts?.drifts ?? [],
    steps: resumeSteps(plan),
    reopened: reopenedCount(plan),
    movedOn: [],
  };
}

export function liftChange(
  deps: LiftDeps,
  by: { who: string; reason: string },
  request: Omit<LiftRequest, 'acceptDrift'>,
): Change<ResumePlan, Lifted> & { preview: () => Promise<Lifted> } {
  const plan = () => planLift(deps, { ...request, acceptDrift: false });
  return {
    plan,
    planShape: RESUME_PLAN,
    preview: async () => told(deps, await plan(), true),
    perform: (planned, id) =>
      performLift(deps, planned, { ...by, request: id, causedBy: askedKey(deps.ledger.keys, id) }),
  };
}
