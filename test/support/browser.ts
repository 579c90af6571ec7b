/** Debian's chromium, driven by playwright-core; CHROMIUM names another one. No browser is ever downloaded. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const WHY = 'no chromium: set CHROMIUM, or apt-get install --no-install-recommends chromium';

/** Null where there is none: said aloud, and an error in CI, since a test that is left out proves nothing. */
export function findChromium(): string | null {
  const named = process.env['CHROMIUM'];
  const found = named === undefined ? PLACES.find((place) => existsSync(place)) : existsSync(named) ? named : undefined;
  if (found !== undefined) return found;
  if (process.env['CI'] !== undefined) throw new Error(WHY);
  console.warn(`skipped: ${WHY}`);
  return null;
}

export function openBrowser(executablePath: string): Promise<Browser> {
  // The sandbox of chromium needs user namespaces, which containers often lack; it opens our own pages only.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
