/** Differing rows of both sides, paired by key, so that a person reads "this row, these columns". Pure. */
import type { TablePlan } from '@lakehaul/core';
import type { DifferenceReport, RowDifference } from '../ports.ts';
import { type MovedColumn, movedWithPosition } from '../redshift/wire.ts';

export type DifferenceRow = Readonly<Record<string, string | null>>;

interface Side {
  row: DifferenceRow;
  key: string;
}

/** `counts` is the row of differenceCountSelect, `rows` those of differenceRowsSelect with the same limit. */
export function pairDifferences(request: {
  plan: TablePlan;
  counts: DifferenceRow;
  rows: readonly DifferenceRow[];
  limit: number;
}): DifferenceReport {
  const { plan, counts, rows, limit } = request;
  const columns = movedWithPosition(plan);
  const keys = keyColumnsOf(plan);
  const sides = (name: string): Side[] =>
    rows.filter((row) => row['side'] === name).map((row) => ({ row, key: keyText(keys, row) }));
  const missing = sides('source').filter(({ row }) => numberOf(row, 'n_staged') > numberOf(row, 'n_target'));
  const extra = sides('target').filter(({ row }) => numberOf(row, 'n_target') > numberOf(row, 'n_staged'));
  const pairs = pairByKey(columns, once(missing), once(extra));
  const found: RowDifference[] = [
    ...pairs.changed.map(([source, target]) => difference('changed', columns, keys, source.row, target.row)),
    ...pairs.missing.map(({ row }) => difference('missing', columns, keys, row, null)),
    ...pairs.extra.map(({ row }) =>
      difference(numberOf(row, 'n_staged') > 0n ? 'doubled' : 'extra', columns, keys, null, row),
    ),
  ];
  const changed = BigInt(pairs.changed.length);
  const missingRows = BigInt(counts['missing_rows'] ?? '0');
  const extraRows = BigInt(counts['extra_rows'] ?? '0');
  return {
    missingRows: (missingRows - changed).toString(),
    extraRows: (extraRows - changed).toString(),
    changedRows: changed.toString(),
    rows: found.slice(0, limit),
    isTruncated: found.length > limit || missingRows > BigInt(missing.length) || extraRows > BigInt(extra.length),
  };
}

/** The planned key; without one, the sort key; without that, every column: a row is found by what it holds. */
export function keyColumnsOf(plan: TablePlan): MovedColumn[] {
  const columns = movedWithPosition(plan);
  const planned = columns.filter((column) => plan.keyColumns.includes(column.plan.source.name));
  if (planned.length > 0) return planned;
  const sorted = columns.filter((column) => column.plan.source.sortKeyPosition !== 0);
  return sorted.length > 0 ? sorted : columns;
}

function keyText(keys: readonly MovedColumn[], row: DifferenceRow): string {
  return JSON.stringify(keys.map((column) => row[`v${column.position}`] ?? null));
}

/** A hash that differs by n comes with all its rows; n of them are the difference. */
function once(sides: readonly Side[]): Side[] {
  const seen = new Map<string, bigint>();
  return sides.filter(({ row }) => {
    const hash = row['row_hash'] ?? '';
    const before = seen.get(hash) ?? 0n;
    seen.set(hash, before + 1n);
    const difference = numberOf(row, 'n_staged') - numberOf(row, 'n_target');
    return before < (difference < 0n ? -difference : difference);
  });
}

/** Within one key the closest rows first; a row that is only doubled is nobody's changed version. */
function pairByKey(
  columns: readonly MovedColumn[],
  missing: readonly Side[],
  extra: readonly Side[],
): { changed: [Side, Side][]; missing: Side[]; extra: Side[] } {
  const changed: [Side, Side][] = [];
  const open = new Set(extra.filter(({ row }) => numberOf(row, 'n_staged') === 0n));
  const unpaired: Side[] = [];
  for (const source of missing) {
    const candidates = [...open].filter((target) => target.key === source.key);
    const [closest] = candidates
      .map((target) => ({ target, distance: distance(columns, source.row, target.row) }))
      .sort((a, b) => a.distance - b.distance);
    if (closest === undefined) unpaired.push(source);
    else {
      open.delete(closest.target);
      changed.push([source, closest.target]);
    }
  }
  return {
    changed,
    missing: unpaired,
    extra: extra.filter((each) => open.has(each) || numberOf(each.row, 'n_staged') > 0n),
  };
}

function distance(columns: readonly MovedColumn[], a: DifferenceRow, b: DifferenceRow): number {
  return columns.filter(({ position }) => a[`v${position}`] !== b[`v${position}`]).length;
}

function difference(
  kind: RowDifference['kind'],
  columns: readonly MovedColumn[],
  keys: readonly MovedColumn[],
  source: DifferenceRow | null,
  target: DifferenceRow | null,
): RowDifference {
  const known = source ?? target ?? {};
  return {
    kind,
    key: Object.fromEntries(keys.map((column) => [column.plan.source.name, known[`v${column.position}`] ?? null])),
    columns: columns
      .map(({ position, plan }) => ({
        name: plan.source.name,
        source: source?.[`v${position}`] ?? null,
        target: target?.[`v${position}`] ?? null,
      }))
      // A row that one side lacks is shown whole.
      .filter((column) => source === null || target === null || column.source !== column.target),
  };
}

function numberOf(row: DifferenceRow, field: string): bigint {
  return BigInt(row[field] ?? '0');
}
