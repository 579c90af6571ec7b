import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rgb, STAGE_LOOKS, STAGE_ORDER, type Theme } from './stage-look.ts';

/** CIE L*, 0 black to 100 white: what is left of a colour in grey. */
function lightness(colour: string): number {
  const [red, green, blue] = rgb(colour).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
  return luminance <= 216 / 24_389 ? luminance * (24_389 / 27) : 116 * Math.cbrt(luminance) - 16;
}

const JOURNEY = ['planned', 'opened', 'unloaded', 'loaded', 'verified'] as const;

it.each(['light', 'dark'] as const)(
  'in the %s theme the journey reads in grey: each stage a clear step on',
  (theme) => {
    const direction = theme === 'light' ? -1 : 1;
    const row = JOURNEY.map((stage) => lightness(STAGE_LOOKS[stage].colours[theme]) * direction);
    for (let step = 1; step < row.length; step++)
      expect((row[step] ?? 0) - (row[step - 1] ?? 0), `${theme} ${JOURNEY[step]}`).toBeGreaterThan(6);
  },
);

it('the canvas and the page use the same colours', () => {
  const css = readFileSync(join(import.meta.dirname, 'style/frame.css'), 'utf8');
  const [light = '', dark = ''] = css.split('prefers-color-scheme: dark');
  const blocks: Record<Theme, string> = { light, dark: dark.slice(0, dark.indexOf('*,')) };
  for (const theme of ['light', 'dark'] as const)
    for (const stage of STAGE_ORDER)
      expect(blocks[theme], `${theme} ${stage}`).toContain(`--${stage}: ${STAGE_LOOKS[stage].colours[theme]};`);
});

it('a colour that the stylesheet was minified to is the same colour', () => {
  expect([rgb('#fff'), rgb('#0a5a9c')]).toEqual([rgb('#ffffff'), [10, 90, 156]]);
});
