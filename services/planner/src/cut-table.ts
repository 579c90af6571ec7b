/** Asks the source for histograms until the pure rules of @lakehaul/planning can cut the table. */
import type { DiscoveredTable, Source } from '@lakehaul/adapters';
import { type CutLine, type KeyPart, must, type RowPredicate, type SourceColumn } from '@lakehaul/core';
import {
  bucketCount,
  type Cell,
  type Cut,
  cutRanges,
  cutTextRanges,
  hashCuts,
  heavyCells,
  isOrdinalKey,
  type KeyChoice,
  literalOf,
  nullCut,
  ordinalOf,
  type PrefixCell,
  splitCell,
} from '@lakehaul/planning';

export interface CutRequest {
  table: DiscoveredTable;
  key: KeyChoice;
  cutLine: CutLine | null;
  /** Bounds of this generation on the first key column; null for infinity. NULL keys belong to the first one. */
  from: string | null;
  watermark: string | null;
  totalRows: bigint;
  wantedRows: bigint;
}

/** Prefixes longer than this are not asked for: what is still too big is cut by hash. */
const MAX_PREFIX_LENGTH = 64;
const PREFIX_LIMIT = 5_000;
/** Years that the boundaries of dates and timestamps may have; the outer ranges are open anyway. */
const FIRST_YEAR = '0001-01-01';
const LAST_YEAR = '9999-12-31';

export async function cutTable(source: Source, request: CutRequest): Promise<Cut[]> {
  const { key, totalRows, wantedRows } = request;
  if (key.kind === 'whole') return [{ parts: [], rows: totalRows }];
  if (key.kind === 'hash') return hashCuts([], totalRows, bucketsFor(totalRows, wantedRows));
  return cutByColumns(source, request, key.columns, [], totalRows, { start: request.from, end: request.watermark });
}

function bucketsFor(rows: bigint, wantedRows: bigint): number {
  return Math.max(1, Number((rows + wantedRows - 1n) / wantedRows));
}

/** Ranges over the first column, below the given parts; too big single values by the other columns, then by hash. */
async function cutByColumns(
  source: Source,
  request: CutRequest,
  columns: readonly SourceColumn[],
  parts: readonly KeyPart[],
  rows: bigint,
  bounds: Bounds,
): Promise<Cut[]> {
  const [column, ...rest] = columns;
  if (column === undefined) return hashCuts(parts, rows, bucketsFor(rows, request.wantedRows));
  const nulls = await countNulls(source, request, column, parts);
  const isBounded = bounds.start !== null || bounds.end !== null;
  // What lies outside of the generation must not draw boundaries into it.
  const inside: KeyPart[] = isBounded
    ? [{ kind: 'range', column: column.name, from: bounds.start, to: bounds.end }]
    : [];
  const predicate: RowPredicate = { parts: [...parts, ...inside], cutLine: request.cutLine };
  const measured = await source.measure({
    table: request.table.name,
    predicate,
    measures: [
      { id: 'min', kind: 'minText', column },
      { id: 'max', kind: 'maxText', column },
      ...(isBounded ? [{ id: 'rows', kind: 'rowCount' as const }] : []),
    ],
  });
  const min = measured.get('min') ?? null;
  const max = measured.get('max') ?? null;
  const ranged = isBounded ? BigInt(measured.get('rows') ?? '0') : rows - nulls;
  const ranges = isOrdinalKey(column.type)
    ? await ordinalRanges(source, request, column, predicate, { min, max, rows: ranged, ...bounds })
    : await textRanges(source, request, column, predicate, { rows: ranged, ...bounds });
  const cuts: Cut[] = [];
  // A top-up has no NULL keys: they are all in the first generation.
  for (const cut of bounds.start === null ? [...ranges, nullCut(column.name, nulls)] : ranges) {
    const all = [...parts, ...cut.parts];
    const isTooBig = cut.rows * 2n > request.wantedRows * 3n;
    if (isTooBig) cuts.push(...(await cutByColumns(source, request, rest, all, cut.rows, UNBOUNDED)));
    else cuts.push({ parts: all, rows: cut.rows });
  }
  return cuts;
}

async function countNulls(
  source: Source,
  request: CutRequest,
  column: SourceColumn,
  parts: readonly KeyPart[],
): Promise<bigint> {
  const measured = await source.measure({
    table: request.table.name,
    predicate: { parts, cutLine: request.cutLine },
    measures: [{ id: 'nulls', kind: 'nullCount', column }],
  });
  return BigInt(measured.get('nulls') ?? '0');
}

interface Bounds {
  start: string | null;
  end: string | null;
}

const UNBOUNDED: Bounds = { start: null, end: null };

interface Extent extends Bounds {
  rows: bigint;
}

async function ordinalRanges(
  source: Source,
  request: CutRequest,
  column: SourceColumn,
  predicate: RowPredicate,
  extent: Extent & { min: string | null; max: string | null },
): Promise<Cut[]> {
  const toRanges = (cells: readonly Cell[]) =>
    cutRanges({
      column: column.name,
      type: column.type,
      cells,
      wantedRows: request.wantedRows,
      start: extent.start,
      end: extent.end,
    });
  if (extent.min === null || extent.max === null) return toRanges([]);
  const last = clampedOrdinal(column, extent.max);
  let cells: Cell[] = [{ from: clampedOrdinal(column, extent.min), to: last + 1n, rows: extent.rows }];
  for (
    let heavy = heavyCells(cells, request.wantedRows);
    heavy.length > 0;
    heavy = heavyCells(cells, request.wantedRows)
  ) {
    const split: Cell[] = [];
    for (const cell of cells)
      split.push(...(heavy.includes(cell) ? await askCell(source, request, column, predicate, cell) : [cell]));
    cells = split;
  }
  return toRanges(cells);
}

async function askCell(
  source: Source,
  request: CutRequest,
  column: SourceColumn,
  predicate: RowPredicate,
  cell: Cell,
): Promise<Cell[]> {
  const counts = await source.histogram(request.table.name, {
    column,
    predicate,
    from: literalOf(column.type, cell.from),
    to: literalOf(column.type, cell.to),
    buckets: bucketCount(cell, request.wantedRows),
  });
  return splitCell(cell, counts);
}

function clampedOrdinal(column: SourceColumn, literal: string): bigint {
  if (!['date', 'timestamp', 'timestamptz'].includes(column.type.kind)) return ordinalOf(column.type, literal);
  const time = column.type.kind === 'date' ? '' : ' 00:00:00.000000';
  const bounds = {
    low: ordinalOf(column.type, `${FIRST_YEAR}${time}`),
    high: ordinalOf(column.type, `${LAST_YEAR}${time}`),
  };
  const year = /^(-?\d+)-/.exec(literal)?.[1] ?? '0001';
  if (literal.startsWith('-') || literal.includes('BC') || Number(year) < 1) return bounds.low;
  return Number(year) > 9999 ? bounds.high : ordinalOf(column.type, literal);
}

async function textRanges(
  source: Source,
  request: CutRequest,
  column: SourceColumn,
  predicate: RowPredicate,
  extent: Extent,
): Promise<Cut[]> {
  const cells = await prefixCells(source, request, column, predicate, 1);
  return cutTextRanges({ column: column.name, cells, wantedRows: request.wantedRows, end: extent.end });
}

/** Prefix counts in source order; a prefix with too many rows is asked for again with longer ones. */
async function prefixCells(
  source: Source,
  request: CutRequest,
  column: SourceColumn,
  predicate: RowPredicate,
  length: number,
): Promise<PrefixCell[]> {
  const answer = await source.textPrefixes({
    table: request.table.name,
    column,
    predicate,
    length,
    limit: PREFIX_LIMIT,
  });
  const cells: PrefixCell[] = [];
  for (const [index, entry] of answer.entries()) {
    const isHeavy = entry.rowCount * 2n > request.wantedRows && length < MAX_PREFIX_LENGTH;
    if (!isHeavy) {
      cells.push({ prefix: entry.prefix, rows: entry.rowCount });
      continue;
    }
    const next = answer[index + 1]?.prefix ?? null;
    const narrower: RowPredicate = {
      ...predicate,
      parts: [...predicate.parts, { kind: 'range', column: column.name, from: entry.prefix, to: next }],
    };
    const longer = await prefixCells(source, request, column, narrower, length + 4);
    cells.push(...(longer.length > 1 ? longer : [{ prefix: entry.prefix, rows: entry.rowCount }]));
  }
  return cells;
}

/** Columns named by the ranges, for the plan. */
export function keyColumnNames(key: KeyChoice): string[] {
  return key.kind === 'ranges' ? key.columns.map((column) => must(column.name, 'column name')) : [];
}
