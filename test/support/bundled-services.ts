/**
 * Global set-up of the fleet tests: the services are bundled once a run, as they are deployed (bundle.mjs), since a start
 * through tsx takes ten times as long. Inside the checkout: the bundle finds its npm packages from where it lies.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Where the processes of the run find the bundles; `startFleet` reads it. */
export const BUNDLES_ENV = 'LAKEHAUL_TEST_BUNDLES';

export default function setup(): () => void {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'lakehaul-test-'));
  execFileSync(process.execPath, [join(ROOT, 'bundle.mjs'), directory], { cwd: ROOT, stdio: 'inherit' });
  process.env[BUNDLES_ENV] = directory;
  return () => rmSync(directory, { recursive: true, force: true });
}
