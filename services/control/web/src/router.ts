/** Addresses behind `#`: the service serves one page, and a stranger who asks for any other path learns nothing. */
import { signal } from '@preact/signals';
import { href } from './href.ts';

export interface Place {
  /** Decoded parts of the path: ['chunks', 'flights-1a2b', 'g1', '42']. */
  parts: readonly string[];
  query: URLSearchParams;
}

export const place = signal<Place>(read());
window.addEventListener('hashchange', () => {
  place.value = read();
});

function read(): Place {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter((part) => part !== '');
  return { parts: parts.map(decoded), query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function go(to: string): void {
  location.hash = to;
}

/** The same page with something else chosen: no step of the way back. */
export function choose(query: Record<string, string>): void {
  const next = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(query))
    if (value === '') next.delete(name);
    else next.set(name, value);
  const to = href(place.value.parts, Object.fromEntries(next));
  history.replaceState(null, '', to);
  place.value = read();
}
