/**
 * From a histogram to half-open ranges, purely. A cell is [from, to) in the key's integer space with its row count; heavy
 * cells are asked for again with narrower buckets until each is light or holds one key value only.
 */
import type { KeyPart, SourceType } from '@lakehaul/core';
import { literalOf } from './key-space.ts';

export interface Cell {
  from: bigint;
  to: bigint;
  rows: bigint;
}

/** Buckets of one histogram answer: enough to get below the limit in one or two rounds, few enough for one result page. */
const MAX_BUCKETS = 4_096;

/** A cell may hold half a chunk, so that whole cells fill chunks without passing them. */
export function heavyCells(cells: readonly Cell[], wantedRows: bigint): Cell[] {
  return cells.filter((cell) => cell.rows * 2n > wantedRows && cell.to - cell.from > 1n);
}

export function bucketCount(cell: Cell, wantedRows: bigint): number {
  const width = cell.to - cell.from;
  const useful = (cell.rows * 8n) / (wantedRows > 0n ? wantedRows : 1n) + 16n;
  const bounded = useful < BigInt(MAX_BUCKETS) ? useful : BigInt(MAX_BUCKETS);
  return Number(bounded < width ? bounded : width);
}

/** Integer width of `buckets` equal parts of a cell, rounded up: bucket i is [from + i·width, from + (i+1)·width) ∩ cell. */
export function bucketWidth(cell: Pick<Cell, 'from' | 'to'>, buckets: number): bigint {
  const span = cell.to - cell.from;
  const count = BigInt(buckets);
  return (span + count - 1n) / count;
}

/** Replaces a cell by its answered buckets. */
export function splitCell(cell: Cell, counts: readonly bigint[]): Cell[] {
  const width = bucketWidth(cell, counts.length);
  const cells: Cell[] = [];
  for (const [index, rows] of counts.entries()) {
    const from = cell.from + BigInt(index) * width;
    const to = from + width < cell.to ? from + width : cell.to;
    if (from < to) cells.push({ from, to, rows });
  }
  return cells;
}

export interface Cut {
  parts: readonly KeyPart[];
  rows: bigint;
}

/** One value holds more than 1.5 chunks: it has to be cut by something else. */
export interface BigValue extends Cut {
  isBigValue: true;
}

/**
 * Neighbouring cells joined up to the wanted rows. The first range starts at -infinity, the last one ends at `end` (the
 * watermark, or null for infinity), so that they cover the domain whatever appears meanwhile.
 */
export function cutRanges(request: {
  column: string;
  type: SourceType;
  cells: readonly Cell[];
  wantedRows: bigint;
  /** Null: the first range has no lower bound. */
  start?: string | null;
  end: string | null;
}): (Cut | BigValue)[] {
  const groups = joinCells(request.cells, evenRows(request.cells, request.wantedRows));
  const boundaries = groups.slice(1).map((group) => literalOf(request.type, group.from));
  return rangesBetween({
    column: request.column,
    boundaries,
    rows: groups.map((group) => group.rows),
    start: request.start ?? null,
    end: request.end,
  }).map((cut, index) => {
    const group = groups[index];
    return group?.isSingle === true && group.rows * 2n > request.wantedRows * 3n ? { ...cut, isBigValue: true } : cut;
  });
}

/** As many chunks as are needed, all about alike: a small rest at the end would leave a slot idle. */
function evenRows(cells: readonly Cell[], wantedRows: bigint): bigint {
  const rows = cells.reduce((sum, cell) => sum + cell.rows, 0n);
  const chunks = (rows + wantedRows - 1n) / wantedRows;
  return chunks === 0n ? wantedRows : (rows + chunks - 1n) / chunks;
}

interface Group {
  from: bigint;
  rows: bigint;
  isSingle: boolean;
}

function joinCells(cells: readonly Cell[], wantedRows: bigint): Group[] {
  const groups: Group[] = [];
  for (const cell of cells) {
    const last = groups.at(-1);
    // A heavy single value stays alone, so that nothing else is in its way when it is cut again.
    const isHeavy = cell.rows * 2n > wantedRows && cell.to - cell.from === 1n;
    if (last === undefined || last.isSingle || isHeavy || last.rows + cell.rows > wantedRows)
      groups.push({ from: cell.from, rows: cell.rows, isSingle: isHeavy });
    else last.rows += cell.rows;
  }
  return groups.length === 0 ? [{ from: 0n, rows: 0n, isSingle: false }] : groups;
}

/** (-inf,b1) or [start,b1), [b1,b2) … [bn,end) and `key IS NULL` are written by one function, so that no range is ever forgotten. */
export function rangesBetween(request: {
  column: string;
  boundaries: readonly string[];
  rows: readonly bigint[];
  start?: string | null;
  end: string | null;
}): Cut[] {
  const edges: (string | null)[] = [request.start ?? null, ...request.boundaries, request.end];
  return edges.slice(0, -1).map((from, index) => ({
    parts: [{ kind: 'range', column: request.column, from, to: edges[index + 1] ?? null }],
    rows: request.rows[index] ?? 0n,
  }));
}

export function nullCut(column: string, rows: bigint): Cut {
  return { parts: [{ kind: 'null', column }], rows };
}

/** Buckets of the row hash below the given parts. */
export function hashCuts(parts: readonly KeyPart[], rows: bigint, modulus: number): Cut[] {
  return Array.from({ length: modulus }, (_, bucket) => ({
    parts: [...parts, { kind: 'hash', modulus, bucket }],
    rows: rows / BigInt(modulus),
  }));
}
