/** A table's schema as the catalogue tells it now, against what was planned and what was accepted since. */
import type { SourceCatalogue } from '@lakehaul/adapters';
import { LakehaulError, type TablePlan } from '@lakehaul/core';
import { type AcceptedSchema, validSchemas } from '@lakehaul/ledger';
import { compareSchema, type Drift, type SeenSchema } from './compare-schema.ts';
import { byGravity, driftPolicy } from './drift-policy.ts';

/** Against all generations of the table and all that was ever accepted of it; empty when it is as either says. Pure. */
export function newDrifts(
  accepted: readonly AcceptedSchema[],
  plans: readonly TablePlan[],
  catalogue: SourceCatalogue,
): SeenSchema {
  const all = plans.map((plan) => compareSchema(plan, catalogue));
  const seen = all.reduce((worst, each) => (isGraver(each.drifts, worst.drifts) ? each : worst));
  const valid = validSchemas(accepted);
  if (valid.some((schema) => schema.digest === seen.digest)) return { ...seen, drifts: [] };
  if (seen.drifts.length > 0 || valid[0]?.replaces !== true) return seen;
  const back = 'the table that was replaced has its name again';
  return { ...seen, drifts: [{ kind: 'table-swapped', column: null, detail: back }] };
}

function isGraver(a: readonly Drift[], b: readonly Drift[]): boolean {
  if (a[0] === undefined || b[0] === undefined) return a[0] !== undefined;
  return byGravity(a[0], b[0]) < 0;
}

export function acceptedBy(who: string, reason: string, seen: SeenSchema) {
  const { digest, columnListHash, oid, drifts } = seen;
  if (columnListHash === null) throw new LakehaulError('INTERNAL', 'a table that is gone cannot be accepted');
  const replaces = drifts.some((drift) => driftPolicy(drift.kind).acceptance === 'reopening');
  const named = oid === null ? {} : { oid };
  return { schemaVersion: 1 as const, digest, columnListHash, ...named, replaces, drifts, who, reason };
}
