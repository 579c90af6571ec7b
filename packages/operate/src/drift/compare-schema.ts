/** One table's plan against the catalogue of now: what changed, in words and by kind. Pure. */
import { createHash } from 'node:crypto';
import type { DiscoveredTable, SourceCatalogue } from '@lakehaul/adapters';
import { type SourceColumn, type SourceType, sourceTypeText, type TablePlan } from '@lakehaul/core';
import { byGravity, type DriftKind } from './drift-policy.ts';

export interface Drift {
  kind: DriftKind;
  column: string | null;
  detail: string;
}

export interface SeenSchema {
  /** Of everything that is compared: the same text for the same schema. */
  digest: string;
  columnListHash: string | null;
  oid: string | null;
  drifts: Drift[];
}

type Planned = Pick<TablePlan, 'source' | 'columns' | 'acknowledgements'>;

/** Most serious first; empty while the table is the one that was planned. */
export function compareSchema(plan: Planned, catalogue: SourceCatalogue): SeenSchema {
  const { schema, table, oid } = plan.source;
  const named = catalogue.tables.find((each) => each.name.schema === schema && each.name.table === table);
  if (named === undefined) {
    const drift = goneAs(plan, catalogue);
    return { digest: digestOf(['gone', drift.kind, drift.detail]), columnListHash: null, oid: null, drifts: [drift] };
  }
  const drifts: Drift[] = [];
  if (!plan.acknowledgements.includes('row-security')) drifts.push(...hiddenRows(named));
  const isSwapped = named.oid !== oid;
  if (isSwapped)
    drifts.push({ kind: 'table-swapped', column: null, detail: `the oid was ${oid} and is ${named.oid} now` });
  drifts.push(...columnDrifts(plan, named, isSwapped));
  return {
    digest: digestOf([named.oid, named.hasRowSecurity, named.hasMasking, named.columns.map(factsOf)]),
    columnListHash: named.columnListHash,
    oid: named.oid,
    drifts: drifts.sort(byGravity),
  };
}

function goneAs(plan: Planned, catalogue: SourceCatalogue): Drift {
  const { schema, table, oid } = plan.source;
  const moved = catalogue.tables.find((each) => each.oid === oid);
  if (moved !== undefined)
    return { kind: 'table-renamed', column: null, detail: `it is ${moved.name.schema}.${moved.name.table} now` };
  const other = catalogue.notMoved.find((each) => each.name === `${schema}.${table}` && RELATIONS.has(each.kind));
  if (other !== undefined)
    return { kind: 'not-a-table', column: null, detail: `${schema}.${table} is a ${other.kind} now` };
  return { kind: 'table-dropped', column: null, detail: `${schema}.${table} does not exist any more` };
}

const RELATIONS = new Set(['view', 'materialized-view', 'external-table']);

function hiddenRows(table: DiscoveredTable): Drift[] {
  const what = [
    ...(table.hasRowSecurity ? ['a row-level security policy'] : []),
    ...(table.hasMasking ? ['a masking policy'] : []),
  ];
  return what.length === 0
    ? []
    : [{ kind: 'hidden-rows', column: null, detail: `${what.join(' and ')} is attached to the table` }];
}

function columnDrifts(plan: Planned, table: DiscoveredTable, isSwapped: boolean): Drift[] {
  const now = new Map(table.columns.map((column) => [column.name, column]));
  const planned = new Map(plan.columns.map((column) => [column.source.name, column]));
  const drifts: Drift[] = [];
  const added = new Set(table.columns.filter((column) => !planned.has(column.name)));
  for (const { source: was, excluded } of plan.columns) {
    const is = now.get(was.name);
    if (is !== undefined) {
      drifts.push(...changesOf(was, is, { isSwapped, excluded }));
      continue;
    }
    const renamed = [...added].find((column) => isRenamed(was, column, isSwapped));
    if (renamed !== undefined) added.delete(renamed);
    // A column that is left out of the move may go and come as it likes.
    if (excluded) continue;
    drifts.push(
      renamed === undefined
        ? { kind: 'column-dropped', column: was.name, detail: `column ${was.name} is gone` }
        : { kind: 'column-renamed', column: was.name, detail: `column ${was.name} is ${renamed.name} now` },
    );
  }
  for (const { name, type } of added)
    drifts.push({ kind: 'column-added', column: name, detail: `column ${name} ${sourceTypeText(type)} is new` });
  return drifts.some((drift) => drift.kind !== 'columns-reordered') || !isReordered(plan, table)
    ? drifts
    : [...drifts, { kind: 'columns-reordered', column: null, detail: 'the columns are in another order' }];
}

/** Redshift never uses a column's number again, so within one table the number is the column. */
function isRenamed(was: SourceColumn, is: SourceColumn, isSwapped: boolean): boolean {
  return !isSwapped && was.ordinal === is.ordinal;
}

function isReordered(plan: Planned, table: DiscoveredTable): boolean {
  const then = plan.columns.map((column) => column.source.name);
  return then.length === table.columns.length && table.columns.some((column, index) => column.name !== then[index]);
}

function changesOf(
  was: SourceColumn,
  is: SourceColumn,
  { isSwapped, excluded }: { isSwapped: boolean; excluded: boolean },
): Drift[] {
  if (excluded) return [];
  const types = `${sourceTypeText(was.type)} and is ${sourceTypeText(is.type)} now`;
  const type = typeDrift(was.type, is.type);
  const drifts: Drift[] = [];
  if (type !== null) drifts.push({ kind: type, column: was.name, detail: `column ${was.name} was ${types}` });
  else if (was.isCaseInsensitive !== is.isCaseInsensitive)
    drifts.push({ kind: 'type-changed', column: was.name, detail: `column ${was.name} has another collation` });
  // In another table all columns are others; the swap says so once.
  else if (!isSwapped && was.ordinal !== is.ordinal)
    drifts.push({
      kind: 'column-recreated',
      column: was.name,
      detail: `column ${was.name} was number ${was.ordinal} and is number ${is.ordinal} now`,
    });
  if (was.nullable !== is.nullable)
    drifts.push({
      kind: is.nullable ? 'null-allowed' : 'null-refused',
      column: was.name,
      detail: `column ${was.name} ${is.nullable ? 'allows NULL' : 'is NOT NULL'} now`,
    });
  return drifts;
}

/** INTEGER types from narrow to wide. */
const INTEGERS = ['smallint', 'integer', 'bigint'];

function typeDrift(was: SourceType, is: SourceType): DriftKind | null {
  if (sourceTypeText(was) === sourceTypeText(is)) return null;
  if (was.kind === is.kind && 'maxBytes' in was && 'maxBytes' in is) {
    // CHAR is padded, and its canonical text is cut to the planned length.
    if (was.kind === 'char') return 'type-changed';
    return is.maxBytes > was.maxBytes ? 'length-widened' : 'length-narrowed';
  }
  if (was.kind === 'decimal' && is.kind === 'decimal')
    return is.scale >= was.scale && is.precision - is.scale >= was.precision - was.scale
      ? 'type-widened'
      : 'type-changed';
  const from = INTEGERS.indexOf(was.kind);
  if (from >= 0 && INTEGERS.indexOf(is.kind) > from) return 'type-widened';
  return was.kind === 'real' && is.kind === 'double' ? 'type-widened' : 'type-changed';
}

function factsOf(column: SourceColumn): unknown[] {
  return [column.name, column.ordinal, sourceTypeText(column.type), column.nullable, column.isCaseInsensitive];
}

function digestOf(facts: unknown): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}
