/** Addresses of pages. Pure, so that what only names a page needs no browser. */
export function href(parts: readonly (string | number)[], query: Record<string, string> = {}): string {
  const path = parts.map((part) => encodeURIComponent(part)).join('/');
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${path}${search === '' ? '' : `?${search}`}`;
}

/** Of a chunk's name, `flights-1a2b3c4d/g1/42`. */
export function chunkHref(name: string): string {
  return href(['chunks', ...name.split('/')]);
}
