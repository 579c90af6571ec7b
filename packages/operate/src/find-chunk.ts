/** Chunks and tables as people name them. */
import { type ChunkRef, counted, LakehaulError, type TablePlan } from '@lakehaul/core';

/** `flights`, `public.flights` or the table id. */
export function findPlans(plans: readonly TablePlan[], name: string): TablePlan[] {
  const found = plans.filter((plan) =>
    [plan.tableId, plan.source.table, `${plan.source.schema}.${plan.source.table}`].includes(name),
  );
  const ids = new Set(found.map((plan) => plan.tableId));
  if (ids.size === 1) return found;
  const known = [...new Set(plans.map((plan) => `${plan.source.schema}.${plan.source.table}`))];
  if (ids.size > 1)
    throw new LakehaulError('USAGE', `${name} names ${counted(ids.size, 'table')}`, {
      next: `say which: ${[...ids].join(', ')}`,
    });
  throw new LakehaulError('USAGE', `${name} is not planned`, {
    next: known.length === 0 ? 'lakehaul plan' : `one of ${known.slice(0, 20).join(', ')}`,
  });
}

/** `flights/3`, `public.flights/3` (newest generation that has it) or the full `tableId/g1/3`. */
export function findChunk(plans: readonly TablePlan[], name: string): ChunkRef {
  const full = /^(.*)\/g(\d+)\/(\d+)$/s.exec(name);
  const short = /^(.*)\/(\d+)$/s.exec(name);
  const parts = full ?? short;
  if (parts === null)
    throw new LakehaulError('USAGE', `${name} is no chunk`, {
      next: `TABLE/NUMBER, for example ${firstName(plans)}/0`,
    });
  const chunk = Number(parts.at(-1));
  const generation = full === null ? null : Number(full[2]);
  const ofTable = findPlans(plans, parts[1] ?? '');
  const plan = ofTable.find(
    (candidate) =>
      (generation === null || candidate.generation === generation) &&
      chunk >= candidate.firstChunk &&
      chunk < candidate.firstChunk + candidate.chunkCount,
  );
  if (plan === undefined)
    throw new LakehaulError('USAGE', `${name} does not exist`, {
      next: `chunks of ${parts[1]}: ${ofTable.map(rangeText).join(', ')}`,
    });
  return { tableId: plan.tableId, generation: plan.generation, chunk };
}

function firstName(plans: readonly TablePlan[]): string {
  const [first] = plans;
  return first === undefined ? 'public.flights' : `${first.source.schema}.${first.source.table}`;
}

function rangeText(plan: TablePlan): string {
  return `${plan.firstChunk} to ${plan.firstChunk + plan.chunkCount - 1} in generation ${plan.generation}`;
}
