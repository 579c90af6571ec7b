/** Dark and light go by the system; what is drawn on a canvas has to be told. */
import { signal } from '@preact/signals';
import type { Theme } from './stage-look.ts';

const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = signal<Theme>(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => {
  theme.value = dark.matches ? 'dark' : 'light';
});

export function useTheme(): Theme {
  return theme.value;
}
