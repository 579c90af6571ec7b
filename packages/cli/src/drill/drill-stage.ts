/** What drills share: local clouds that stay up, services bundled once, rows written once, a Redis to be had. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { LakehaulError } from '@lakehaul/core';
import { type Sandbox, startSandbox } from '@lakehaul/sandbox';
import { Cleanup } from '../cleanup.ts';
import { connectDatabricks, type DatabricksConnection } from '../sandbox/sql-clients.ts';
import { writeDrillRows } from './drill-table.ts';

export interface DrillStage extends AsyncDisposable {
  clouds: Sandbox;
  databricks: DatabricksConnection;
  directory: string;
  caFile: string;
  rowsFile: string;
  /** The server, and the bundled services that use it; null where there is none: drills then run as one process. */
  redis: { binary: string; bundle: string } | null;
  /** Search path of the processes. */
  path: string;
}

const ROOT = join(import.meta.dirname, '../../../..');

export async function openDrillStage(path: string): Promise<DrillStage> {
  await using cleanup = new Cleanup();
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-drill-'));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const binary = await findRedis(path);
  const redis = binary === null ? null : { binary, bundle: await bundleServices(cleanup) };
  const clouds = cleanup.use(await startSandbox({ directory: join(directory, 'clouds') }));
  const databricks = cleanup.use(await connectDatabricks(clouds));
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, clouds.endpoints.databricks.caPem);
  const rowsFile = await writeDrillRows(directory);
  const owned = cleanup.move();
  return {
    clouds,
    databricks,
    directory,
    caFile,
    rowsFile,
    redis,
    path,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

export async function findRedis(path: string): Promise<string | null> {
  for (const directory of path.split(delimiter).filter((part) => part !== ''))
    for (const name of ['redis-server', 'valkey-server']) {
      const file = join(directory, name);
      const isThere = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return file;
    }
  return null;
}

/** Inside the checkout, since the bundle finds its npm packages from where it lies. */
async function bundleServices(cleanup: Cleanup): Promise<string> {
  const cache = join(ROOT, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const outdir = await mkdtemp(join(cache, 'lakehaul-drill-'));
  cleanup.defer(() => rm(outdir, { recursive: true, force: true }));
  const child = spawn(process.execPath, [join(ROOT, 'bundle.mjs'), outdir], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0)
    throw new LakehaulError('INTERNAL', `the services cannot be bundled: ${said.trim().split('\n')[0] ?? ''}`, {
      next: 'Run npm install in the checkout, then npm run bundle to see what is wrong.',
    });
  return outdir;
}
