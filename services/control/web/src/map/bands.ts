/** The map's cells and where they lie: tables as bands, chunks in key order, as large as all of them fit. Pure. */
import type { ChunkMap, Stage } from '../shapes.ts';

export interface Band {
  tableId: string;
  table: string;
  level: ChunkMap['plans'][number]['level'];
  /** One byte a chunk, as /v1/map tells it: all generations, one after the other. */
  cells: Uint8Array;
  /** One byte a chunk: 0, or the place of its last trouble's code in the map's `causes`, from 1. Null: none had any. */
  causes: Uint8Array | null;
  parts: readonly { generation: number; firstChunk: number; at: number }[];
}

export interface PlacedBand {
  band: Band;
  /** In pixels at zoom 1: of the title, and of the first row of cells. */
  titleTop: number;
  top: number;
  rows: number;
}

export interface Layout {
  placed: readonly PlacedBand[];
  columns: number;
  /** Pixels a cell at zoom 1; below 1 when there are more cells than pixels. */
  cellSize: number;
  titleHeight: number;
  width: number;
  height: number;
}

export interface CellPlace {
  /** Into `placed`. */
  band: number;
  /** Into the band's cells. */
  index: number;
}

const MOST_CELL = 22;
const LEAST_CELL = 0.05;
const TITLE = 20;
/** Of the height, for titles: with a thousand tables there is no room for their names. */
const TITLES_SHARE = 0.4;

type Plan = ChunkMap['plans'][number];

export function bandsOf({ plans }: Pick<ChunkMap, 'plans'>): Band[] {
  const tables = new Map<string, Plan[]>();
  for (const plan of plans) tables.set(plan.tableId, [...(tables.get(plan.tableId) ?? []), plan]);
  return [...tables.values()].map(bandOf);
}

function bandOf(plans: readonly Plan[]): Band {
  const pieces = plans.map(({ cells }) => bytesOf(cells));
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const { tableId = '', table = '' } = plans[0] ?? {};
  let at = 0;
  const parts = plans.map(({ generation, firstChunk }, place) => {
    const part = { generation, firstChunk, at };
    at += pieces[place]?.length ?? 0;
    return part;
  });
  return {
    ...{ tableId, table, level: plans.at(-1)?.level ?? 'count', parts },
    cells: joined(pieces, length),
    causes: causesOf(plans, parts, length),
  };
}

/** As a byte of `causes`: of no chunk. The table of errors holds far fewer codes. */
export const NO_SUCH_CAUSE = 255;

function causesOf(plans: readonly Plan[], parts: Band['parts'], length: number): Uint8Array | null {
  if (plans.every(({ causes }) => causes.length === 0)) return null;
  const bytes = new Uint8Array(length);
  for (const [place, { causes }] of plans.entries()) {
    const { at = 0, firstChunk = 0 } = parts[place] ?? {};
    for (const { cause, chunks } of causes)
      for (const chunk of chunks) bytes[at + chunk - firstChunk] = Math.min(cause + 1, NO_SUCH_CAUSE - 1);
  }
  return bytes;
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const cells = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    cells.set(piece, at);
    at += piece.length;
  }
  return cells;
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export function layOut(bands: readonly Band[], width: number, height: number): Layout {
  const titleHeight = bands.length * TITLE > height * TITLES_SHARE ? (height * TITLES_SHARE) / bands.length : TITLE;
  const room = height - titleHeight * bands.length;
  const fits = (cellSize: number) => {
    const columns = columnsOf(width, cellSize);
    return bands.reduce((sum, { cells }) => sum + Math.ceil(cells.length / columns) * cellSize, 0) <= room;
  };
  let [low, high] = [LEAST_CELL, MOST_CELL];
  if (fits(high)) low = high;
  for (let turn = 0; turn < 40 && high - low > 0.001; turn++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  // Whole pixels are crisp; below four of them a cell would lose too much by it.
  const cellSize = low >= 4 ? Math.floor(low) : low;
  const columns = columnsOf(width, cellSize);
  let top = 0;
  const placed = bands.map((band) => {
    const rows = Math.ceil(band.cells.length / columns);
    const each = { band, titleTop: top, top: top + titleHeight, rows };
    top += titleHeight + rows * cellSize;
    return each;
  });
  return { placed, columns, cellSize, titleHeight, width, height: top };
}

function columnsOf(width: number, cellSize: number): number {
  return Math.max(1, Math.floor(width / cellSize));
}

/** The cell at a point of the map at zoom 1; null between bands and after a band's last cell. */
export function cellAt({ placed, columns, cellSize }: Layout, x: number, y: number): CellPlace | null {
  const column = Math.floor(x / cellSize);
  if (column < 0 || column >= columns) return null;
  const band = placed.findIndex(({ top, rows }) => y >= top && y < top + rows * cellSize);
  const found = placed[band];
  if (found === undefined) return null;
  const index = Math.floor((y - found.top) / cellSize) * columns + column;
  return index < found.band.cells.length ? { band, index } : null;
}

/** Upper left corner at zoom 1. */
export function cornerOf({ placed, columns, cellSize }: Layout, { band, index }: CellPlace): { x: number; y: number } {
  const top = placed[band]?.top ?? 0;
  return { x: (index % columns) * cellSize, y: top + Math.floor(index / columns) * cellSize };
}

/** To the neighbour that an arrow points at, over the bands' edges; the same cell at the map's edge. */
export function moved(layout: Layout, from: CellPlace, key: string): CellPlace {
  const lengthOf = (band: number) => layout.placed[band]?.band.cells.length ?? 0;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -layout.columns, ArrowDown: layout.columns }[key] ?? 0;
  const index = from.index + step;
  if (index >= 0 && index < lengthOf(from.band)) return { band: from.band, index };
  const forward = step > 0;
  let band = from.band + (forward ? 1 : -1);
  while (lengthOf(band) === 0 && band >= 0 && band < layout.placed.length) band += forward ? 1 : -1;
  if (band < 0 || band >= layout.placed.length) return from;
  const column = Math.abs(step) === 1 ? (forward ? 0 : lengthOf(band)) : from.index % layout.columns;
  if (forward) return { band, index: Math.min(column, lengthOf(band) - 1) };
  const lastRow = Math.floor((lengthOf(band) - 1) / layout.columns) * layout.columns;
  return { band, index: Math.min(Math.abs(step) === 1 ? lengthOf(band) - 1 : lastRow + column, lengthOf(band) - 1) };
}

export function chunkOf({ tableId, parts }: Band, index: number): string {
  const part = parts.findLast(({ at }) => at <= index);
  return part === undefined ? tableId : `${tableId}/g${part.generation}/${part.firstChunk + index - part.at}`;
}

export function stageOf(byte: number, stages: readonly Stage[]): Stage {
  return stages[byte & 15] ?? 'planned';
}

export function attemptText(byte: number): string {
  const attempt = byte >> 4;
  return attempt === 15 ? '15 or more' : String(attempt);
}

/** Chunks by the code of their last trouble, the commonest first. */
export function countCauses(bands: readonly Pick<Band, 'causes'>[], causes: readonly string[]): [string, number][] {
  const byPlace = new Uint32Array(256);
  for (const { causes: bytes } of bands) for (const byte of bytes ?? []) byPlace[byte] = (byPlace[byte] ?? 0) + 1;
  return causes
    .map((cause, place): [string, number] => [cause, byPlace[place + 1] ?? 0])
    .filter(([, chunks]) => chunks > 0)
    .sort(([a, most], [b, fewer]) => fewer - most || (a < b ? -1 : 1));
}

/** By stage. */
export function countCells(cells: Uint8Array, stages: readonly Stage[]): Partial<Record<Stage, number>> {
  const byByte = new Uint32Array(256);
  for (const byte of cells) byByte[byte] = (byByte[byte] ?? 0) + 1;
  const counts: Partial<Record<Stage, number>> = {};
  byByte.forEach((chunks, byte) => {
    if (chunks === 0) return;
    const stage = stageOf(byte, stages);
    counts[stage] = (counts[stage] ?? 0) + chunks;
  });
  return counts;
}
