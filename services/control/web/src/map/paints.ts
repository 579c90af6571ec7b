/** Colours of every byte of the map for a theme and a filter: what is not asked for fades into the page. Pure. */
import type { Stage } from '../shapes.ts';
import { rgb, STAGE_LOOKS, type Theme } from '../stage-look.ts';
import { stageOf } from './bands.ts';

export interface MapFilter {
  /** Empty: all. */
  stages: ReadonlySet<Stage>;
  /** Attempts from this one on. */
  attemptFrom: number;
  /** As a band's `causes` has it; 0: whatever went wrong, or nothing. */
  cause: number;
}

const FADED = 0.16;

export interface ByteColours {
  /** Colour of every byte, as 0xAABBGGRR: what a little-endian machine writes into an image as red, green, blue, alpha. */
  ofByte: Uint32Array;
  /** The same of cells that the filter's cause leaves out. */
  fadedOfByte: Uint32Array;
  /** Bytes that are drawn on top with a mark. */
  isMarked: Uint8Array;
  cause: number;
}

export function byteColours(request: {
  stages: readonly Stage[];
  theme: Theme;
  /** The page's colour, `#rrggbb`. */
  page: string;
  filter: MapFilter;
}): ByteColours {
  const { stages, theme, page, filter } = request;
  const ground = rgb(page);
  const ofByte = new Uint32Array(256);
  const fadedOfByte = new Uint32Array(256);
  const isMarked = new Uint8Array(256);
  const faded = (parts: readonly number[], strength: number) => {
    const [red = 0, green = 0, blue = 0] = parts.map((part, place) =>
      Math.round(part * strength + (ground[place] ?? 0) * (1 - strength)),
    );
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  };
  for (let byte = 0; byte < 256; byte++) {
    const stage = stageOf(byte, stages);
    const isAsked = (filter.stages.size === 0 || filter.stages.has(stage)) && byte >> 4 >= filter.attemptFrom;
    const colour = rgb(STAGE_LOOKS[stage].colours[theme]);
    fadedOfByte[byte] = faded(colour, FADED);
    ofByte[byte] = isAsked ? faded(colour, 1) : (fadedOfByte[byte] ?? 0);
    isMarked[byte] = isAsked && STAGE_LOOKS[stage].isTrouble ? 1 : 0;
  }
  return { ofByte, fadedOfByte, isMarked, cause: filter.cause };
}
