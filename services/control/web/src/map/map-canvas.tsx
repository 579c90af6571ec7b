/** The map that people touch: one draw a frame at most, and none while nothing moves. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { chunkHref } from '../href.ts';
import { go } from '../router.ts';
import type { Stage } from '../shapes.ts';
import { STAGE_LOOKS } from '../stage-look.ts';
import { useTheme } from '../theme.ts';
import { attemptText, type Band, type CellPlace, cellAt, chunkOf, cornerOf, layOut, moved, stageOf } from './bands.ts';
import { type Flash, Painter, type Paints } from './paint.ts';
import { byteColours, type MapFilter } from './paints.ts';
import { kept, showing, type View, WHOLE, zoomed } from './view.ts';

const MOST_CELL = 64;
const MOST_FLASHES = 4_000;
const DRAG_FROM = 4;

interface Props {
  bands: readonly Band[];
  stages: readonly Stage[];
  /** Codes that the bands' causes are places of. */
  causes: readonly string[];
  filter: MapFilter;
}

export function MapCanvas(props: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useRef<MapView | null>(null);
  const [told, setTold] = useState('');
  const theme = useTheme();
  useEffect(() => {
    if (canvas.current === null) return;
    const made = new MapView(canvas.current, setTold);
    map.current = made;
    return () => made.close();
  }, []);
  useEffect(() => map.current?.show(props, theme), [props.bands, props.stages, props.causes, props.filter, theme]);
  return (
    <div class="map">
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it takes keys of its own, and says so */}
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label="Map of all chunks. Arrows move, Enter opens the chunk’s trail, plus and minus zoom. The table below tells the same."
        aria-describedby="map-told"
      />
      <div class="map-foot">
        <p id="map-told" class="number" aria-live="polite">
          {told === '' ? <span class="quiet">Point at a cell, or use the arrows.</span> : told}
        </p>
        <div class="map-zoom">
          <button type="button" aria-label="Farther" onClick={() => map.current?.zoomBy(1 / 1.6)}>
            −
          </button>
          <button type="button" aria-label="Closer" onClick={() => map.current?.zoomBy(1.6)}>
            +
          </button>
          <button type="button" onClick={() => map.current?.whole()}>
            all
          </button>
        </div>
      </div>
    </div>
  );
}

/** State over time: what is seen, what moved lately, where pointer and cursor are. */
class MapView {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #painter = new Painter();
  readonly #tell: (text: string) => void;
  readonly #ended = new AbortController();
  readonly #sized: ResizeObserver;
  readonly #pointers = new Map<number, { x: number; y: number }>();
  #bands: readonly Band[] = [];
  #stages: readonly Stage[] = [];
  #causes: readonly string[] = [];
  #paints: Paints | null = null;
  #layout = layOut([], 1, 1);
  #view: View = WHOLE;
  #cursor: CellPlace | null = null;
  #flashes: Flash[] = [];
  #frame = 0;
  #draggedBy = 0;

  constructor(canvas: HTMLCanvasElement, tell: (text: string) => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false });
    this.#tell = tell;
    this.#sized = new ResizeObserver(() => this.#resize());
    this.#sized.observe(canvas);
    const on = <K extends keyof HTMLElementEventMap>(name: K, act: (event: HTMLElementEventMap[K]) => void) =>
      canvas.addEventListener(name, act, { signal: this.#ended.signal, passive: false });
    on('wheel', (event) => this.#onWheel(event));
    on('keydown', (event) => this.#onKey(event));
    on('pointerdown', (event) => this.#onDown(event));
    on('pointermove', (event) => this.#onMove(event));
    on('pointerup', (event) => this.#onUp(event));
    on('pointercancel', (event) => void this.#pointers.delete(event.pointerId));
    on('pointerleave', () => {
      if (document.activeElement !== canvas) this.#moveCursor(null);
    });
  }

  close(): void {
    this.#ended.abort();
    this.#sized.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  show({ bands, stages, causes, filter }: Props, theme: 'light' | 'dark'): void {
    const style = getComputedStyle(this.#canvas);
    const page = style.getPropertyValue('--panel').trim();
    this.#paints = {
      ...byteColours({ stages, theme, page, filter }),
      ...{ page, ink: style.getPropertyValue('--ink'), quiet: style.getPropertyValue('--quiet') },
      font: `${12 * devicePixelRatio}px ${style.fontFamily}`,
    };
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) this.#noteMoved(bands);
    const isSame = bands.length === this.#bands.length && bands.every((band, at) => sameSize(band, this.#bands[at]));
    this.#bands = bands;
    this.#stages = stages;
    this.#causes = causes;
    if (!isSame) {
      this.#cursor = null;
      this.#view = WHOLE;
    }
    this.#layOut();
  }

  zoomBy(factor: number): void {
    this.#view = zoomed(
      this.#view,
      factor,
      { x: this.#canvas.clientWidth / 2, y: this.#canvas.clientHeight / 2 },
      this.#sizes(),
    );
    this.#draw();
  }

  whole(): void {
    this.#view = WHOLE;
    this.#draw();
  }

  #noteMoved(bands: readonly Band[]): void {
    const sinceMs = performance.now();
    const flashes: Flash[] = [];
    for (const [at, band] of bands.entries()) {
      const before = this.#bands[at];
      if (before === undefined || !sameSize(band, before) || before.cells === band.cells) continue;
      for (let index = 0; index < band.cells.length && flashes.length < MOST_FLASHES; index++)
        if (band.cells[index] !== before.cells[index]) flashes.push({ place: { band: at, index }, sinceMs });
    }
    this.#flashes = [...flashes, ...this.#flashes].slice(0, MOST_FLASHES);
  }

  #resize(): void {
    this.#canvas.width = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * devicePixelRatio);
    this.#layOut();
  }

  #layOut(): void {
    this.#layout = layOut(this.#bands, this.#canvas.clientWidth, this.#canvas.clientHeight);
    this.#view = kept(this.#view, this.#sizes());
    this.#draw();
  }

  #sizes() {
    const { clientWidth: seenWidth, clientHeight: seenHeight } = this.#canvas;
    const { width, height, cellSize } = this.#layout;
    return { width, height: Math.max(height, seenHeight), seenWidth, seenHeight, mostZoom: MOST_CELL / cellSize };
  }

  #draw(): void {
    // At the whole map a finger scrolls the page; closer, it moves the map.
    this.#canvas.style.touchAction = this.#view.zoom === 1 ? 'pan-y' : 'none';
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame((nowMs) => {
      this.#frame = 0;
      if (this.#context === null || this.#paints === null) return;
      const isFading = this.#painter.paint({
        ...{ context: this.#context, ratio: devicePixelRatio, layout: this.#layout, view: this.#view },
        ...{ paints: this.#paints, flashes: this.#flashes, cursor: this.#cursor, nowMs },
      });
      if (isFading) this.#draw();
      else this.#flashes = [];
    });
  }

  #placeOf(event: { offsetX: number; offsetY: number }): CellPlace | null {
    const { zoom, x, y } = this.#view;
    return cellAt(this.#layout, x + event.offsetX / zoom, y + event.offsetY / zoom);
  }

  #moveCursor(place: CellPlace | null): void {
    if (place?.band === this.#cursor?.band && place?.index === this.#cursor?.index) return;
    this.#cursor = place;
    this.#tell(this.#inWords());
    this.#draw();
  }

  #inWords(): string {
    if (this.#cursor === null) return '';
    const band = this.#layout.placed[this.#cursor.band]?.band;
    if (band === undefined) return '';
    const byte = band.cells[this.#cursor.index] ?? 0;
    const chunk = chunkOf(band, this.#cursor.index).split('/').slice(1).join('/');
    const attempt = byte >> 4 === 0 ? '' : ` · attempt ${attemptText(byte)}`;
    const stage = STAGE_LOOKS[stageOf(byte, this.#stages)];
    const code = this.#causes[(band.causes?.[this.#cursor.index] ?? 0) - 1];
    const cause = code === undefined ? '' : ` · last ${code}`;
    return `${band.table} · ${chunk} · ${stage.word}${attempt} · level ${band.level}${cause}`;
  }

  #open(): void {
    const band = this.#cursor === null ? undefined : this.#layout.placed[this.#cursor.band]?.band;
    if (band !== undefined && this.#cursor !== null) go(chunkHref(chunkOf(band, this.#cursor.index)));
  }

  #onWheel(event: WheelEvent): void {
    // The page scrolls as ever where the map cannot be zoomed farther out.
    if (event.deltaY > 0 && this.#view.zoom === 1) return;
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.06 : 0.002));
    this.#view = zoomed(this.#view, factor, { x: event.offsetX, y: event.offsetY }, this.#sizes());
    this.#draw();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === '+' || event.key === '=') this.zoomBy(1.6);
    else if (event.key === '-') this.zoomBy(1 / 1.6);
    else if (event.key === '0') this.whole();
    else if (event.key === 'Enter') this.#open();
    else if (event.key.startsWith('Arrow')) this.#step(event.key);
    else return;
    event.preventDefault();
  }

  #step(key: string): void {
    const first = this.#layout.placed.findIndex(({ band }) => band.cells.length > 0);
    if (first < 0) return;
    const place = this.#cursor === null ? { band: first, index: 0 } : moved(this.#layout, this.#cursor, key);
    const square = { ...cornerOf(this.#layout, place), size: this.#layout.cellSize };
    this.#view = showing(this.#view, square, this.#sizes());
    this.#moveCursor(place);
    this.#draw();
  }

  #onDown(event: PointerEvent): void {
    this.#pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.#draggedBy = 0;
    this.#canvas.setPointerCapture(event.pointerId);
  }

  #onMove(event: PointerEvent): void {
    const last = this.#pointers.get(event.pointerId);
    const now = { x: event.offsetX, y: event.offsetY };
    if (last === undefined) {
      this.#moveCursor(this.#placeOf(event));
      return;
    }
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#draggedBy += Math.hypot(now.x - last.x, now.y - last.y);
    this.#pointers.set(event.pointerId, now);
    if (other !== undefined) {
      const factor =
        Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(last.x - other.x, last.y - other.y));
      this.#view = zoomed(this.#view, factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }, this.#sizes());
    } else if (this.#draggedBy > DRAG_FROM) {
      const { zoom, x, y } = this.#view;
      this.#view = kept({ zoom, x: x - (now.x - last.x) / zoom, y: y - (now.y - last.y) / zoom }, this.#sizes());
    }
    this.#draw();
  }

  #onUp(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    if (this.#draggedBy > DRAG_FROM || this.#pointers.size > 0) return;
    this.#moveCursor(this.#placeOf(event));
    this.#open();
  }
}

function sameSize(band: Band, other: Band | undefined): boolean {
  return other?.tableId === band.tableId && other.cells.length === band.cells.length;
}
