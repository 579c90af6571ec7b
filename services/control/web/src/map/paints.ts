/** Colours of every byte of the map for a theme and a filter: what is not asked for fades into the page. Pure. */
import type { Stage } from '../shapes.ts';
import { rgb, STAGE_LOOKS, type Theme } from '../stage-look.ts';
import { stageOf } from './bands.ts';

export interface MapFilter {
  /** Empty: all. */
  stages: ReadonlySet<Stage>;
  /** Attempts from this one on. */
  attemptFrom: number;
}

const FADED = 0.16;

export function byteColours(request: {
  stages: readonly Stage[];
  theme: Theme;
  /** The page's colour, `#rrggbb`. */
  page: string;
  filter: MapFilter;
}): { ofByte: Uint32Array; isMarked: Uint8Array } {
  const { stages, theme, page, filter } = request;
  const ground = rgb(page);
  const ofByte = new Uint32Array(256);
  const isMarked = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const stage = stageOf(byte, stages);
    const isAsked = (filter.stages.size === 0 || filter.stages.has(stage)) && byte >> 4 >= filter.attemptFrom;
    const strength = isAsked ? 1 : FADED;
    const [red, green, blue] = rgb(STAGE_LOOKS[stage].colours[theme]).map((part, place) =>
      Math.round(part * strength + (ground[place] ?? 0) * (1 - strength)),
    );
    ofByte[byte] = ((255 << 24) | ((blue ?? 0) << 16) | ((green ?? 0) << 8) | (red ?? 0)) >>> 0;
    isMarked[byte] = isAsked && STAGE_LOOKS[stage].isTrouble ? 1 : 0;
  }
  return { ofByte, isMarked };
}
