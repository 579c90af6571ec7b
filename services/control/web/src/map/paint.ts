/**
 * The map on a canvas. A band is a bitmap of one pixel a cell, made anew only when its cells or the colours change (a million
 * of them take some 5 ms); a frame is a few copies of bitmaps, whatever the zoom. What needs a person is drawn once more on top,
 * never smaller than three pixels: averaged away among its neighbours it would be as good as hidden.
 */
import { type Band, type CellPlace, cornerOf, type Layout, type PlacedBand } from './bands.ts';
import type { ByteColours } from './paints.ts';
import type { View } from './view.ts';

export interface Paints extends ByteColours {
  page: string;
  ink: string;
  quiet: string;
  font: string;
}

interface Bitmap {
  cells: Uint8Array;
  causes: Uint8Array | null;
  ofByte: Uint32Array;
  columns: number;
  canvas: OffscreenCanvas;
  /** Cells with a mark, by their byte: a colour is set once for all of its cells. Only so many, more could not be told apart. */
  marked: Map<number, number[]>;
}

/** Cells that moved lately: `sinceMs` of performance.now(). */
export interface Flash {
  place: CellPlace;
  sinceMs: number;
}

export const FLASH_MS = 900;
const MOST_MARKED = 50_000;
const GRID_FROM = 5;
const MARK_FROM = 9;

export class Painter {
  readonly #bitmaps = new Map<string, Bitmap>();

  /** `ratio`: device pixels a pixel. True when it wants to be called again for what still fades. */
  paint(request: {
    context: CanvasRenderingContext2D;
    ratio: number;
    layout: Layout;
    view: View;
    paints: Paints;
    flashes: readonly Flash[];
    cursor: CellPlace | null;
    nowMs: number;
  }): boolean {
    const { context, ratio, layout, view, paints, flashes, cursor, nowMs } = request;
    const { width, height } = context.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = paints.page;
    context.fillRect(0, 0, width, height);
    const scale = view.zoom * ratio;
    for (const placed of layout.placed) {
      const bottom = placed.top + placed.rows * layout.cellSize;
      if (bottom < view.y || placed.titleTop > view.y + height / scale) continue;
      this.#paintBand(context, placed, layout, view, scale, paints);
    }
    paintTitles(context, layout, view, ratio, paints);
    const fading = flashes.filter(({ sinceMs }) => nowMs - sinceMs < FLASH_MS);
    for (const { place, sinceMs } of fading)
      atCell(layout, view, scale, place, (size, x, y) => {
        context.globalAlpha = 0.8 * (1 - (nowMs - sinceMs) / FLASH_MS);
        context.fillStyle = paints.ink;
        context.fillRect(x, y, Math.max(size, 2), Math.max(size, 2));
        context.globalAlpha = 1;
      });
    if (cursor !== null)
      atCell(layout, view, scale, cursor, (size, x, y) => {
        const room = Math.max(size, 6 * ratio);
        const shift = (room - size) / 2;
        context.lineWidth = 2 * ratio;
        context.strokeStyle = paints.ink;
        context.strokeRect(x - shift, y - shift, room, room);
      });
    return fading.length > 0;
  }

  #paintBand(
    context: CanvasRenderingContext2D,
    { band, top, rows }: PlacedBand,
    { columns, cellSize }: Layout,
    view: View,
    scale: number,
    paints: Paints,
  ): void {
    const bitmap = this.#bitmapOf(band, columns, paints);
    const size = cellSize * scale;
    // Only the cells that are seen: at a large zoom the whole would be millions of pixels wide.
    const firstColumn = Math.max(0, Math.floor(view.x / cellSize));
    const firstRow = Math.max(0, Math.floor((view.y - top) / cellSize));
    const seenColumns = Math.min(columns - firstColumn, Math.ceil(context.canvas.width / size) + 1);
    const seenRows = Math.min(rows - firstRow, Math.ceil(context.canvas.height / size) + 1);
    if (seenColumns <= 0 || seenRows <= 0) return;
    const x = (firstColumn * cellSize - view.x) * scale;
    const y = (top + firstRow * cellSize - view.y) * scale;
    context.imageSmoothingEnabled = size < 1;
    context.drawImage(
      ...([bitmap.canvas, firstColumn, firstRow, seenColumns, seenRows] as const),
      ...([x, y, seenColumns * size, seenRows * size] as const),
    );
    if (size >= GRID_FROM) {
      context.fillStyle = paints.page;
      const line = size > 14 ? 2 : 1;
      for (let column = 1; column <= seenColumns; column++)
        context.fillRect(Math.round(x + column * size) - line, y, line, seenRows * size);
      for (let row = 1; row <= seenRows; row++)
        context.fillRect(x, Math.round(y + row * size) - line, seenColumns * size, line);
    }
    const seen = new Map<number, number[]>();
    for (const [byte, cells] of bitmap.marked) {
      const corners: number[] = [];
      for (const index of cells) {
        const column = index % columns;
        const row = Math.floor(index / columns);
        if (column < firstColumn || column > firstColumn + seenColumns) continue;
        if (row < firstRow || row > firstRow + seenRows) continue;
        corners.push((column * cellSize - view.x) * scale, (top + row * cellSize - view.y) * scale);
      }
      if (corners.length > 0) seen.set(byte, corners);
    }
    if (size < 3) paintDots(context, seen, size, paints);
    else if (size >= MARK_FROM) paintCrosses(context, seen, size, paints);
  }

  #bitmapOf({ tableId, cells, causes }: Band, columns: number, paints: Paints): Bitmap {
    const { ofByte, fadedOfByte, isMarked, cause } = paints;
    const known = this.#bitmaps.get(tableId);
    // Whatever the causes are, they show only when one of them is asked for.
    const isSame = known?.cells === cells && (known.causes === causes || cause === 0);
    if (isSame && known.ofByte === ofByte && known.columns === columns) return known;
    const rows = Math.max(1, Math.ceil(cells.length / columns));
    const canvas = new OffscreenCanvas(columns, rows);
    const context = canvas.getContext('2d');
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const marked = new Map<number, number[]>();
    let markedCells = 0;
    for (let index = 0; index < cells.length; index++) {
      const byte = cells[index] ?? 0;
      const isAsked = cause === 0 || causes?.[index] === cause;
      pixels[index] = (isAsked ? ofByte[byte] : fadedOfByte[byte]) ?? 0;
      // Those of one cause are looked for: none of them may be averaged away, whatever they are now.
      if (!isAsked || (isMarked[byte] !== 1 && cause === 0) || markedCells >= MOST_MARKED) continue;
      markedCells += 1;
      const same = marked.get(byte);
      if (same === undefined) marked.set(byte, [index]);
      else same.push(index);
    }
    context?.putImageData(image, 0, 0);
    const made = { cells, causes, ofByte, columns, canvas, marked };
    this.#bitmaps.set(tableId, made);
    return made;
  }
}

/** Corners by byte: x, y, x, y, … in pixels of the canvas. */
type Corners = ReadonlyMap<number, readonly number[]>;

function eachCorner(corners: readonly number[], act: (x: number, y: number) => void): void {
  for (let at = 0; at < corners.length; at += 2) act(corners[at] ?? 0, corners[at + 1] ?? 0);
}

/** On a ground of the page's colour: a dot alone is lost among bright neighbours. All grounds first: none may hide a dot. */
function paintDots(context: CanvasRenderingContext2D, seen: Corners, size: number, { ofByte, page }: Paints): void {
  const middle = size / 2;
  const square = (half: number) => (x: number, y: number) =>
    context.fillRect(Math.round(x + middle - half), Math.round(y + middle - half), 2 * half, 2 * half);
  context.fillStyle = page;
  for (const corners of seen.values()) eachCorner(corners, square(2.5));
  for (const [byte, corners] of seen) {
    const colour = ofByte[byte] ?? 0;
    context.fillStyle = `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
    eachCorner(corners, square(1.5));
  }
}

/** Of what stands outside the journey; what is only looked for has its colour. */
function paintCrosses(
  context: CanvasRenderingContext2D,
  seen: Corners,
  size: number,
  { isMarked, page }: Paints,
): void {
  const edge = size * 0.3;
  context.strokeStyle = page;
  context.lineWidth = Math.max(1.5, size / 12);
  context.beginPath();
  for (const [byte, corners] of seen) {
    if (isMarked[byte] !== 1) continue;
    eachCorner(corners, (x, y) => {
      context.moveTo(x + edge, y + edge);
      context.lineTo(x + size - edge, y + size - edge);
      context.moveTo(x + size - edge, y + edge);
      context.lineTo(x + edge, y + size - edge);
    });
  }
  context.stroke();
}

function atCell(
  layout: Layout,
  view: View,
  scale: number,
  place: CellPlace,
  paint: (size: number, x: number, y: number) => void,
): void {
  const { x, y } = cornerOf(layout, place);
  paint(layout.cellSize * scale, (x - view.x) * scale, (y - view.y) * scale);
}

/** Of constant size, at the upper edge of what is seen of the band; none where there is no room for a line. */
function paintTitles(
  context: CanvasRenderingContext2D,
  { placed, titleHeight, cellSize }: Layout,
  view: View,
  ratio: number,
  paints: Paints,
): void {
  if (titleHeight * view.zoom < 14) return;
  context.font = paints.font;
  context.textBaseline = 'alphabetic';
  context.fillStyle = paints.quiet;
  for (const { band, titleTop, top, rows } of placed) {
    const bottom = (top + rows * cellSize - view.y) * view.zoom;
    const above = (titleTop - view.y) * view.zoom;
    if (bottom < 0 || above > context.canvas.height / ratio) continue;
    const line = (top - view.y) * view.zoom - 5;
    if (line > 8) context.fillText(band.table, 0, line * ratio);
  }
}
