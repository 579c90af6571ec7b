/** Questions that change settings: all of them by PATCH /v1/settings, in the same words that the record will have. */
import type { ComponentChildren } from 'preact';
import { count } from './format.ts';
import { ask } from './parts/ask.tsx';
import type { Steered } from './shapes.ts';

interface Settings {
  pauses?: Record<string, boolean>;
  limits?: Record<string, number | null>;
  priorities?: Record<string, number | null>;
  throttle?: Record<string, number | null>;
}

export function steer(title: string, verb: string, settings: Settings): void {
  ask({ title, verb, method: 'PATCH', path: '/v1/settings', body: settings, tell });
}

export const pause = (pattern: string) =>
  steer(`Pause ${patternWords(pattern)}`, 'Pause', { pauses: { [pattern]: true } });
export const resume = (pattern: string) =>
  steer(`Resume ${patternWords(pattern)}`, 'Resume', { pauses: { [pattern]: false } });

const TAKEN_BACK = {
  limit: (pattern: string) => [`Limit of ${patternWords(pattern)}`, 'limits'],
  priority: (pattern: string) => [`Priority of ${pattern}`, 'priorities'],
  throttle: (name: string) => [`Throttle: ${name}`, 'throttle'],
} as const satisfies Record<string, (of: string) => readonly [string, keyof Settings]>;

/** To what the configuration says. */
export function takeBack(what: keyof typeof TAKEN_BACK, of: string): void {
  const [words, kind] = TAKEN_BACK[what](of);
  steer(`${words} as configured`, 'Take back', { [kind]: { [of]: null } });
}

/** `*::unload` → every unload; `public.flights::*` → every step of public.flights. */
export function patternWords(pattern: string): string {
  const [tables = '*', step = '*'] = pattern.split('::');
  const steps = step === '*' ? 'every step' : step;
  return tables === '*' ? `${steps} of every table` : `${steps} of ${tables}`;
}

export function changeWords({ action, pattern, value }: Steered['changes'][number]): string {
  if (action === 'pause' || action === 'resume') return `${action} ${patternWords(pattern)}`;
  const of = action === 'limit' ? patternWords(pattern) : pattern;
  return value === null ? `${action} of ${of} as configured` : `${action} ${count(value)} for ${of}`;
}

function tell(preview: unknown): ComponentChildren {
  const { changes, isChanged } = preview as Steered;
  if (!isChanged) return <p>It is so already: nothing would change.</p>;
  return (
    <>
      <p>It would, within seconds:</p>
      <ul class="told">
        {changes.map((change) => (
          <li key={`${change.action} ${change.pattern}`}>{changeWords(change)}</li>
        ))}
      </ul>
      <p class="quiet">What runs goes on to its end. It can be taken back here.</p>
    </>
  );
}
