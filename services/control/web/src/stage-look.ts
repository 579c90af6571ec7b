/**
 * How a stage looks. Hues are Okabe and Ito's (colour-blind safe); their lightness is set so that the journey reads in grey as
 * well: in the light theme it darkens from planned to proven, in the dark one it brightens. What needs a person or another
 * attempt stands outside that row, and carries a mark in the map wherever a cell is large enough for one.
 */
import type { Stage } from './shapes.ts';

export type Theme = 'light' | 'dark';

interface StageLook {
  word: string;
  what: string;
  isTrouble: boolean;
  colours: Readonly<Record<Theme, string>>;
}

export const STAGE_LOOKS: Readonly<Record<Stage, StageLook>> = {
  planned: look('planned', 'nothing was done yet', false, '#e2e4e6', '#2b3036'),
  opened: look('opened', 'an attempt began', false, '#add4ef', '#2d4f68'),
  unloaded: look('unloaded', 'staged: every file there, rows as counted', false, '#7ab9e5', '#2b6f9c'),
  loaded: look('loaded', 'in the target, not proven yet', false, '#3f93cc', '#4a9fd6'),
  counted: look('counted', 'counts agree; never called verified', false, '#2c8069', '#5cc0a0'),
  verified: look('verified', 'counts and hashes agree', false, '#00634a', '#63dcb4'),
  void: look('void', 'attempt over, another one follows', true, '#e69f00', '#b98112'),
  mismatched: look('mismatched', 'the target differs: another attempt replaces it', true, '#d55e00', '#e8741a'),
  quarantined: look('quarantined', 'waits for a person', true, '#8c0d4a', '#f58bc0'),
  accepted: look('accepted', 'taken unproven by two people', true, '#a184b8', '#a184b8'),
};

function look(word: string, what: string, isTrouble: boolean, light: string, dark: string): StageLook {
  return { word, what, isTrouble, colours: { light, dark } };
}

/** In the order of the legend: the journey, then what stands outside it. */
export const STAGE_ORDER = Object.keys(STAGE_LOOKS) as Stage[];
/** Strongest claim first, as a bar of progress stacks them. */
export const BAR_ORDER: readonly Stage[] = [
  ...(['verified', 'counted', 'accepted', 'loaded', 'unloaded', 'opened'] as const),
  ...(['void', 'mismatched', 'quarantined', 'planned'] as const),
];

/** Of `#rrggbb`, or of `#rgb`, which a minified stylesheet makes of it where it can. */
export function rgb(colour: string): [number, number, number] {
  const digits = colour.slice(1);
  const value = Number.parseInt(digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits, 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
