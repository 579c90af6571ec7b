/**
 * Builds the console: `npm run console`, and whoever starts the control service from a checkout. Nothing is done when what
 * was built last came of the very same sources: the digest of all of them lies beside it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

const WEB = import.meta.dirname;
/** Where the control service looks for it (services/control/src/console-files.ts). */
export const CONSOLE_DIRECTORY = join(WEB, 'dist');
const DIGEST_FILE = '.sources';

export interface BuiltConsole {
  directory: string;
  /** False: it was there already. */
  isBuilt: boolean;
}

export async function ensureConsole(): Promise<BuiltConsole> {
  const digest = sourcesDigest();
  const digestFile = join(CONSOLE_DIRECTORY, DIGEST_FILE);
  if (existsSync(digestFile) && readFileSync(digestFile, 'utf8') === digest)
    return { directory: CONSOLE_DIRECTORY, isBuilt: false };
  // Beside it, then put in its place: two who build at once must not see half of it.
  const fresh = join(WEB, 'node_modules', '.console', randomUUID());
  await mkdir(fresh, { recursive: true });
  try {
    await buildInto(fresh);
    await writeFile(join(fresh, DIGEST_FILE), digest);
    await putInPlace(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return { directory: CONSOLE_DIRECTORY, isBuilt: true };
}

async function buildInto(outDir: string): Promise<void> {
  // Late: looking whether it is built takes a millisecond, loading vite half a second.
  const { build } = await import('vite');
  await build({
    root: WEB,
    configFile: false,
    logLevel: 'warn',
    mode: 'production',
    base: '/',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      assetsDir: 'assets',
      // A data: address would need a hole in the content security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
}

async function putInPlace(fresh: string): Promise<void> {
  const old = `${fresh}-old`;
  try {
    if (existsSync(CONSOLE_DIRECTORY)) await rename(CONSOLE_DIRECTORY, old);
    await rename(fresh, CONSOLE_DIRECTORY);
  } catch (thrown) {
    // Somebody else was faster, with the same sources or the next caller builds again.
    if (!existsSync(join(CONSOLE_DIRECTORY, DIGEST_FILE))) throw thrown;
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

/** Of everything that the result depends on; versions of packages are pinned in package.json. */
function sourcesDigest(): string {
  const files = readdirSync(join(WEB, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [...files, ...['index.html', 'build.ts', 'package.json'].map((name) => join(WEB, name))].sort())
    hash
      .update(`${relative(WEB, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

if (process.argv[1] === import.meta.filename) {
  const { directory, isBuilt } = await ensureConsole();
  process.stdout.write(`${isBuilt ? 'built' : 'is built already'}: ${directory}\n`);
}
