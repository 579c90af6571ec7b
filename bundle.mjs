/**
 * Bundles the services for plain Node: `npm run bundle` writes dist/<service>.mjs (`node bundle.mjs DIR` elsewhere), which starts
 * the script <service>.cjs beside it. npm packages are inlined too, but for those with native code and the embedded store: a
 * thousand small files take longer to find and read than to run. What V8 compiled at a first start is kept as
 * <service>.cache; another version of Node, or other flags, does without. A bundled service starts ten times faster than through
 * tsx and needs some 40 MB less.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const services = ['planner', 'worker', 'verifier', 'control'];
const outdir = resolve(import.meta.dirname, process.argv[2] ?? 'dist');

// A script, since V8 takes a cache for those only: Node 20 gives modules none.
await build({
  entryPoints: Object.fromEntries(services.map((name) => [name, `services/${name}/src/main.ts`])),
  outdir,
  absWorkingDir: import.meta.dirname,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // A script that comes out of a cache may not import; `require` does for what is left outside.
  supported: { 'dynamic-import': false },
  mainFields: ['module', 'main'],
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  logLevel: 'warning',
  external: ['lz4', 'lz4-napi', '@databricks/databricks-sql-kernel-*', '@electric-sql/*'],
  // Packages that are modules ask where they are; scripts are told otherwise.
  define: { 'import.meta.url': '__bundleUrl' },
  banner: { js: `const __bundleUrl = require('node:url').pathToFileURL(__filename).href;` },
});

/**
 * The file is ASCII (esbuild escapes the rest), so that one byte a character is read and kept. V8 takes a cache for a source of
 * the same length (nodejs/node#22152): its first 32 bytes are the SHA-256 of the source that it was made of, or it is not taken.
 */
const launcher = (name) => `import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
const at = (end) => import.meta.dirname + '/${name}.' + end;
const source = readFileSync(at('cjs'));
const digest = createHash('sha256').update(source).digest();
const kept = existsSync(at('cache')) ? readFileSync(at('cache')) : undefined;
const cachedData = kept?.subarray(0, 32).equals(digest) ? kept.subarray(32) : undefined;
const text = '(function (exports, require, module, __filename, __dirname) {' + source.toString('latin1') + '\\n})';
const script = new Script(text, {
  filename: at('cjs'),
  ...(cachedData === undefined ? {} : { cachedData }),
});
if (process.env.LAKEHAUL_WRITE_CODE_CACHE === 'yes') process.on('exit', () => writeFileSync(at('cache'), Buffer.concat([digest, script.createCachedData()])));
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(at('cjs')), module, at('cjs'), import.meta.dirname);
`;

// Beside control.mjs, where that looks for it (services/control/src/console-files.ts); built only when its sources changed.
execFileSync(process.execPath, ['--import', 'tsx', 'services/control/web/build.ts'], {
  cwd: import.meta.dirname,
  stdio: ['ignore', 'ignore', 'inherit'],
});
// The pages of bull-board, which control serves as they are (services/control/src/queues-board).
rmSync(resolve(outdir, 'queues-board'), { recursive: true, force: true });
const boardPages = resolve(import.meta.dirname, 'node_modules/@bull-board/ui/dist');
cpSync(boardPages, resolve(outdir, 'queues-board/dist'), { recursive: true });
rmSync(resolve(outdir, 'console'), { recursive: true, force: true });
cpSync(resolve(import.meta.dirname, 'services/control/web/dist'), resolve(outdir, 'console'), { recursive: true });

for (const name of services) {
  const file = resolve(outdir, `${name}.mjs`);
  writeFileSync(file, launcher(name));
  // The flags of the start script: V8 takes no cache that was made under others.
  execFileSync(process.execPath, ['--max-semi-space-size=4', file, '--help'], {
    env: { ...process.env, LAKEHAUL_WRITE_CODE_CACHE: 'yes' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
