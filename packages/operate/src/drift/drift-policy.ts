/**
 * What is done about a change of the source's schema while we haul: data, printed as docs/schema-drift.md. Nothing here
 * ever changes the target; a stopped table keeps what stands in it, and other tables go on.
 *
 * The catalogue is read every few minutes, so a change is seen late. The last line is the UNLOAD's own: it hashes oid, names
 * and types of the table inside its transaction, and a hash that is neither planned nor accepted proves nothing.
 */
import { must } from '@lakehaul/core';

export const DRIFT_KINDS = [
  'table-dropped',
  'table-renamed',
  'table-swapped',
  'not-a-table',
  'hidden-rows',
  'column-dropped',
  'column-renamed',
  'column-recreated',
  'type-changed',
  'type-widened',
  'length-narrowed',
  'length-widened',
  'column-added',
  'null-allowed',
  'null-refused',
  'columns-reordered',
] as const;

export type DriftKind = (typeof DRIFT_KINDS)[number];

export const DRIFT_ACCEPTANCES = ['on', 'reopening', 'no'] as const;
export type DriftAcceptance = (typeof DRIFT_ACCEPTANCES)[number];

export interface DriftPolicy {
  kind: DriftKind;
  what: string;
  /** `accept`: recorded, and the haul goes on. `stop`: no attempt of the table is opened any more. */
  action: 'accept' | 'stop';
  /**
   * What a person may do about a stop with `lakehaul tables resume --accept-drift`: go `on`, go on after `reopening` every
   * chunk, or nothing but undo the change (`no`). Over the API it takes two people.
   */
  acceptance: DriftAcceptance;
  why: string;
  next: string;
}

const UNDO = 'undo the change at the source and resume, or haul the table anew as another migration';

/** Most serious first: the first one that a table shows names its stop. */
export const DRIFT_POLICY: readonly DriftPolicy[] = [
  {
    kind: 'hidden-rows',
    what: 'row-level security or masking is attached',
    action: 'stop',
    acceptance: 'no',
    why: 'both engines would agree on the rows and values that we are still let to see, so no proof would ever find it',
    next: 'exempt the hauling user from the policy, or detach it; then lakehaul tables resume TABLE reopens what was unloaded since the last look without it',
  },
  {
    kind: 'table-dropped',
    what: 'the table is gone',
    action: 'stop',
    acceptance: 'no',
    why: 'what is proven was proven while the table stood; the rest can never be',
    next: 'restore it from a snapshot, or take what stands in the target as all there is',
  },
  {
    kind: 'table-renamed',
    what: 'the table has another name now, and nothing has the old one',
    action: 'stop',
    acceptance: 'no',
    why: 'plans name their table; whoever renamed it may be about to put another in its place',
    next: 'rename it back and resume, or haul it under its new name as another migration',
  },
  {
    kind: 'not-a-table',
    what: 'a view has the table’s name now',
    action: 'stop',
    acceptance: 'no',
    why: 'a view may answer differently at every look, and has no oid or sort key that the plan was made for',
    next: UNDO,
  },
  {
    kind: 'table-swapped',
    what: 'another table (another oid) has the name now, as after a deep copy',
    action: 'stop',
    acceptance: 'reopening',
    why: 'its rows need not be those of the table that the proofs were made of',
    next: 'if the new table is the one to haul: lakehaul tables resume TABLE --accept-drift reopens every chunk',
  },
  {
    kind: 'column-dropped',
    what: 'a planned column is gone',
    action: 'stop',
    acceptance: 'no',
    why: 'UNLOAD and row hash name the column; the target keeps it with what was hauled so far',
    next: UNDO,
  },
  {
    kind: 'column-renamed',
    what: 'a planned column has another name now',
    action: 'stop',
    acceptance: 'no',
    why: 'guessing that it is the same one would be a guess; UNLOAD and row hash name the old one',
    next: 'rename it back and resume, or haul the table anew as another migration',
  },
  {
    kind: 'type-changed',
    what: 'a column of the same name has another type',
    action: 'stop',
    acceptance: 'no',
    why: 'wire form, canonical text and target type all follow from the planned type',
    next: UNDO,
  },
  {
    kind: 'type-widened',
    what: 'a column of the same name holds more than planned (INTEGER to BIGINT, more DECIMAL digits)',
    action: 'stop',
    acceptance: 'no',
    why: 'Redshift changes no type but VARCHAR lengths in place (ALTER TABLE), so this is a new column with copied values: its proofs would be another column’s, and the target’s type may not hold the new values',
    next: UNDO,
  },
  {
    kind: 'column-recreated',
    what: 'a column was dropped and added again under its old name and type',
    action: 'stop',
    acceptance: 'reopening',
    why: 'it is another column, and its values need not be those that were hauled',
    next: 'lakehaul tables resume TABLE --accept-drift reopens every chunk',
  },
  {
    kind: 'length-narrowed',
    what: 'a VARCHAR or VARBYTE is shorter than planned',
    action: 'stop',
    acceptance: 'on',
    why: 'Redshift allows it only where every value fits, but somebody expects other data from now on',
    next: 'find out why; then lakehaul tables resume TABLE --accept-drift',
  },
  {
    kind: 'column-added',
    what: 'a column that is not in the plan',
    action: 'stop',
    acceptance: 'on',
    why: 'going on would leave its values behind without anybody having decided so',
    next: 'lakehaul tables resume TABLE --accept-drift goes on without the column and lists it as not moved; to move it, haul the table anew as another migration',
  },
  {
    kind: 'null-allowed',
    what: 'a column that was NOT NULL allows NULL now',
    action: 'stop',
    acceptance: 'on',
    why: 'the target’s column is NOT NULL: a load with a NULL would fail there',
    next: 'drop NOT NULL at the target, then lakehaul tables resume TABLE --accept-drift',
  },
  {
    kind: 'length-widened',
    what: 'a VARCHAR or VARBYTE is longer than planned',
    action: 'accept',
    acceptance: 'on',
    why: 'wire form and target type (STRING, BINARY) know no length, and the batch measures its rows itself',
    next: 'nothing',
  },
  {
    kind: 'null-refused',
    what: 'a column that allowed NULL is NOT NULL now',
    action: 'accept',
    acceptance: 'on',
    why: 'the target’s column holds every value that the source’s can',
    next: 'nothing',
  },
  {
    kind: 'columns-reordered',
    what: 'the same columns in another order',
    action: 'accept',
    acceptance: 'on',
    why: 'every statement names its columns; only together with another change of the table does it happen at all',
    next: 'nothing',
  },
];

const BY_KIND = new Map(DRIFT_POLICY.map((policy, rank) => [policy.kind, { policy, rank }]));

export function driftPolicy(kind: DriftKind): DriftPolicy {
  return must(BY_KIND.get(kind), `policy for ${kind}`).policy;
}

/** Most serious first. */
export function byGravity(a: { kind: DriftKind }, b: { kind: DriftKind }): number {
  return (BY_KIND.get(a.kind)?.rank ?? 0) - (BY_KIND.get(b.kind)?.rank ?? 0);
}

/**
 * What the drifts that stopped a table have in common, by the lines that the stop's record keeps of them (`kind: detail`): the
 * hardest of their acceptances. Null when it was stopped for something else. What the table shows now may be less, or more.
 */
export function acceptanceOf(evidence: readonly string[]): DriftAcceptance | null {
  const kinds = evidence.map((line) => line.split(': ')[0]);
  const acceptances = DRIFT_POLICY.filter(({ kind }) => kinds.includes(kind)).map(({ acceptance }) => acceptance);
  return DRIFT_ACCEPTANCES.findLast((each) => acceptances.includes(each)) ?? null;
}
