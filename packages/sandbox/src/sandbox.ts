import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LakehaulError } from '@lakehaul/core';
import { type LoadRequest, startAdmin } from './admin.ts';
import type { Fault } from './contracts.ts';
import type { WarehouseState } from './databricks/rest.ts';
import type { DatabricksSwitches } from './databricks/switches.ts';
import { openEngine } from './engine.ts';
import { createFaults, type FaultPlan } from './faults.ts';
import { createLatency, type LatencyRule } from './latency.ts';
import type { RedshiftSwitches } from './redshift/switches.ts';
import { startS3 } from './s3/server.ts';
import { ObjectFiles } from './s3/store.ts';

export interface SandboxCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  token: string;
}

export interface SandboxEndpoints {
  s3: string;
  redshift: string;
  databricks: { host: string; port: number; httpPath: string; caPem: string };
  /** Fault plans and loading of files; see admin.ts. */
  admin: string;
}

export interface SandboxOptions {
  /** Everything that survives a restart is in here; ports are not. */
  directory: string;
  /** Of the latency model. */
  seed?: number;
  /** Default: any free ones. */
  ports?: { s3?: number; redshift?: number; databricks?: number; admin?: number };
  faults?: readonly Fault[];
  latency?: readonly LatencyRule[];
  switches?: { redshift?: Partial<RedshiftSwitches>; databricks?: Partial<DatabricksSwitches> };
  /** Default: made at the first start and kept in the directory. */
  credentials?: Partial<SandboxCredentials>;
  /** Made at the start unless they are there. */
  buckets?: readonly string[];
  /** As DuckDB writes it; both warehouses share it. */
  memoryLimit?: string;
}

export interface Sandbox extends AsyncDisposable {
  readonly endpoints: SandboxEndpoints;
  readonly credentials: SandboxCredentials;
  readonly faults: FaultPlan;
  readonly objects: ObjectFiles;
  /** The source's switches; they may be changed while it runs. */
  readonly redshiftSwitches: RedshiftSwitches;
  /** The source's tables as a DuckDB file, for a judge that reads past all protocols. */
  readonly sourceDatabaseFile: string;
  /** Where a target table's files are in the warehouse bucket. */
  tablePrefix(catalog: string, schema: string, table: string): string;
  /** Stops the target's warehouse (what runs is cancelled, sessions are gone) or starts it again. */
  setWarehouse(state: WarehouseState): Promise<void>;
  /** Puts local files into a table of the source. */
  load(request: LoadRequest): Promise<{ rowCount: bigint }>;
  stop(): Promise<void>;
}

export const DEFAULT_BUCKETS: readonly string[] = ['lakehaul-staging', 'lakehaul-ledger'];

async function keptCredentials(directory: string, given: Partial<SandboxCredentials>): Promise<SandboxCredentials> {
  const file = join(directory, 'credentials.json');
  const fresh: SandboxCredentials = {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    token: `dapi${randomBytes(16).toString('hex')}`,
  };
  const kept = await readFile(file, 'utf8').catch(() => null);
  const credentials = { ...fresh, ...(kept === null ? {} : (JSON.parse(kept) as SandboxCredentials)), ...given };
  await writeFile(file, JSON.stringify(credentials), { mode: 0o600 });
  return credentials;
}

/** The metastore is one object in the warehouse bucket; reading it needs no warehouse. */
function tablePrefixIn(objects: ObjectFiles, bucket: string, name: readonly string[]): string {
  const path = objects.pathOf(bucket, '_metastore.json');
  const state = path === null ? { tables: [] } : (JSON.parse(readFileSync(path, 'utf8')) as MetastoreFile);
  const folded = name.map((part) => part.toLowerCase());
  const entry = state.tables.find((t) => [t.catalog, t.schema, t.table].every((part, i) => part === folded[i]));
  if (!entry) throw new LakehaulError('TABLE_MISSING', `the target has no table ${name.join('.')}`);
  return entry.prefix;
}

interface MetastoreFile {
  tables: { catalog: string; schema: string; table: string; prefix: string }[];
}

/** Starts all parts in one process. When one of them cannot start, the others are stopped again. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const stops: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | null = null;
  const faults = createFaults(options.faults);
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      // Held calls would keep their connections open for ever.
      faults.release();
      for (const one of stops.reverse()) await one();
    })();
    return stopping;
  };
  try {
    return { ...(await startParts(options, faults, (one) => stops.push(one))), stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Parts = Omit<Sandbox, 'stop' | typeof Symbol.asyncDispose>;

async function startParts(
  options: SandboxOptions,
  faults: FaultPlan,
  onStop: (stop: () => Promise<void>) => void,
): Promise<Parts> {
  const { directory, ports = {} } = options;
  await mkdir(directory, { recursive: true });
  // First, because it locks the directory against a second sandbox.
  const engine = await openEngine({
    directory,
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
  });
  onStop(() => engine.close());
  const credentials = await keptCredentials(directory, options.credentials ?? {});
  const objects = await ObjectFiles.open(directory);
  onStop(() => objects.close());
  const latency = createLatency(options.latency, options.seed);
  const shared = { engine, objects, faults, latency };

  // Loaded here, not above: who needs only the object store need not load Thrift and Arrow.
  const { startRedshift } = await import('./redshift/server.ts');
  const { defaultSwitches } = await import('./redshift/switches.ts');
  const { startDatabricks } = await import('./databricks/server.ts');
  const { DEFAULT_SWITCHES } = await import('./databricks/switches.ts');
  const warehouseBucket = options.switches?.databricks?.bucket ?? DEFAULT_SWITCHES.bucket;
  for (const bucket of new Set([...DEFAULT_BUCKETS, ...(options.buckets ?? []), warehouseBucket]))
    await objects.createBucket(bucket);

  const s3 = await startS3({ ...shared, credentials, port: ports.s3 ?? 0 });
  onStop(() => s3.stop());
  const redshiftSwitches = { ...defaultSwitches(), ...options.switches?.redshift };
  const redshift = await startRedshift({
    ...shared,
    credentials,
    switches: redshiftSwitches,
    port: ports.redshift ?? 0,
  });
  onStop(() => redshift.stop());
  const databricks = await startDatabricks({
    ...shared,
    credentials: { token: credentials.token },
    switches: options.switches?.databricks ?? {},
    port: ports.databricks ?? 0,
  });
  onStop(() => databricks.stop());
  const load = async (request: LoadRequest): Promise<{ rowCount: bigint }> => {
    const { rowCount } = await redshift.loadFiles(request);
    return { rowCount: BigInt(rowCount) };
  };
  const admin = await startAdmin({ faults, load, setWarehouse: databricks.setState, port: ports.admin ?? 0 });
  onStop(() => admin.stop());

  const { host, port, httpPath, caPem } = databricks;
  return {
    endpoints: { s3: s3.url, redshift: redshift.url, databricks: { host, port, httpPath, caPem }, admin: admin.url },
    credentials,
    faults,
    objects,
    redshiftSwitches,
    sourceDatabaseFile: engine.sourceFile,
    tablePrefix: (...name) => tablePrefixIn(objects, warehouseBucket, name),
    setWarehouse: databricks.setState,
    load,
  };
}
