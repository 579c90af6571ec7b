/** One drill: a haul with live rows arriving, misfortune at its moments, and a judge who asks nobody of ours. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Cleanup } from '../cleanup.ts';
import { counted } from '../print/units.ts';
import { sandboxConfig } from '../sandbox/config-text.ts';
import { openDatabricksSql, type SqlClient } from '../sandbox/sql-clients.ts';
import { type DrillFleet, serviceLaunches, soloLaunch, startDrillFleet } from './drill-fleet.ts';
import { actionText, type DrillPlan } from './drill-plan.ts';
import { type DrillRedis, startDrillRedis } from './drill-redis.ts';
import type { DrillStage } from './drill-stage.ts';
import { DRILL_SCHEMA, makeDrillTable, targetName } from './drill-table.ts';
import { Injector } from './injector.ts';
import { type Judge, ledgerFiles, openJudge, type Verdict } from './judge.ts';
import {
  type ChunkClaim,
  countReceipts,
  isSealed,
  isVerified,
  type LedgerFiles,
  plannedChunks,
  readClaims,
} from './ledger-claims.ts';
import { LiveRows } from './live-rows.ts';

export interface DrillResult {
  drill: string;
  seed: number;
  injected: string[];
  isEqual: boolean;
  /** Why it is not equal or not finished; null when all is well. */
  failure: string | null;
  chunks: number;
  verified: number;
  /** Rows of the source that the target lacks when all is proven; rows of the target that the source lacks. */
  lost: string;
  doubled: string;
  falselyVerified: number;
  liveWritten: number;
  /** Live rows missing, changed or doubled. */
  foreignTouched: string;
  /** Processes that ended and were started again. */
  restarts: number;
  unloadsSubmitted: number;
  unloadsRepeated: number;
  /** From the end of the last injection until every chunk was proven; 0 when all was proven under it, null when never. */
  recoverySeconds: number | null;
  /** How often misfortune met work in flight; see `Injector.hits`. */
  hits: number;
  /** Chunks not proven at the end, each with the newest stage of its newest attempt. */
  unproven: string[];
  durationSeconds: number;
  /** The fleet's newest log lines, when something was wrong. */
  log: string[];
}

export interface RunOptions {
  /** Not finished by then is a failure. */
  limitMs: number;
  signal: AbortSignal;
}

const LOOK_EVERY_MS = 1_000;
const TICK_MS = 60;

let number = 0;

export async function runDrill(stage: DrillStage, plan: DrillPlan, options: RunOptions): Promise<DrillResult> {
  const startedMs = performance.now();
  const table = `t${++number}`;
  const migration = `drill-${number}`;
  const root = `ledger/${migration}`;
  const files = ledgerFiles(stage.clouds);
  await using cleanup = new Cleanup();
  cleanup.defer(async () => clearDrill(stage, table, migration));
  // A session of its own: one that an earlier drill had would be gone with the warehouse that it stopped.
  await inSession(stage, (databricks) =>
    makeDrillTable({ clouds: stage.clouds, databricks, table, file: stage.rowsFile }),
  );
  const judge = cleanup.use(await openJudge(stage.clouds, { schema: DRILL_SCHEMA, table, ledgerRoot: root }));
  const live = new LiveRows(targetName(table), () => openDatabricksSql(stage.clouds));
  const parts = await startParts(stage, plan, { table, migration }, cleanup);
  const injector = new Injector(stage.clouds, parts, plan.schedule);
  cleanup.defer(() => injector.end());
  live.start();
  cleanup.defer(() => live.stop());

  const end = await untilProven({ files, root, judge, injector, options });
  // Counted before the plans are taken back.
  const { hits } = injector;
  await injector.end();
  await live.stop();
  const verdict = await judge.verdict(live.written);
  const claims = readClaims(files, root);
  const chunks = plannedChunks(files, root);
  const planned = chunks.size;
  const unproven = unprovenChunks([...chunks.keys()], claims.chunks);
  const verified = [...claims.chunks.values()].filter(isVerified).length;
  const failure = failureOf({
    verdict,
    end,
    hits,
    planned,
    verified,
    quarantined: claims.quarantined,
    repeated: claims.unloadsRepeated,
  });
  return {
    drill: plan.drill,
    seed: plan.seed,
    injected: [...(plan.fleets === 2 ? ['two fleets'] : []), ...skewText(plan), ...plan.schedule.map(actionText)],
    isEqual: failure === null,
    failure,
    chunks: planned,
    verified,
    // Rows of chunks that are not proven are not lost but outstanding; a proven chunk that lacks one is falsely verified.
    lost: (verified === planned ? verdict.hauled.missing : 0n).toString(),
    doubled: verdict.hauled.extra.toString(),
    falselyVerified: verdict.falselyVerified.length,
    liveWritten: live.written,
    foreignTouched: (verdict.live.missing + verdict.live.extra).toString(),
    restarts: parts.fleets.reduce((sum, fleet) => sum + fleet.restarts, 0),
    unloadsSubmitted: claims.unloadsSubmitted,
    unloadsRepeated: claims.unloadsRepeated,
    recoverySeconds: end.provenMs === null ? null : round(Math.max(0, end.provenMs - injector.lastEndMs) / 1000),
    hits,
    unproven,
    durationSeconds: round((performance.now() - startedMs) / 1000),
    log: failure === null ? [] : parts.fleets.flatMap((fleet) => fleet.lines().slice(-60)),
  };
}

function unprovenChunks(planned: readonly number[], claims: ReadonlyMap<number, ChunkClaim>): string[] {
  return planned.flatMap((chunk) => {
    const claim = claims.get(chunk);
    if (claim !== undefined && isVerified(claim)) return [];
    const found = claim === undefined ? 'not begun' : `attempt ${claim.attempt}: ${[...claim.stages].join(', ')}`;
    return [`g1/${chunk} (${found})`];
  });
}

const round = (seconds: number): number => Math.round(seconds * 100) / 100;
const skewText = ({ skewMs }: DrillPlan): string[] =>
  skewMs === 0 ? [] : [`clock of worker-1 ${Math.abs(skewMs) / 1000} s ${skewMs > 0 ? 'fast' : 'slow'}`];

export interface DrillParts {
  fleets: DrillFleet[];
  redises: DrillRedis[];
}

async function startParts(
  stage: DrillStage,
  plan: DrillPlan,
  names: { table: string; migration: string },
  cleanup: Cleanup,
): Promise<DrillParts> {
  const configFile = join(stage.directory, `${names.migration}.yaml`);
  await writeFile(configFile, configText(stage, names));
  const { accessKeyId, secretAccessKey, token } = stage.clouds.credentials;
  const common = {
    PATH: stage.path,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    LAKEHAUL_TARGET_TOKEN: token,
  };
  if (stage.redis === null)
    return { fleets: [cleanup.use(startDrillFleet(soloLaunch(configFile, common)))], redises: [] };
  const parts: DrillParts = { fleets: [], redises: [] };
  for (let fleet = 0; fleet < plan.fleets; fleet++) {
    const redis = cleanup.use(await startDrillRedis(stage.redis.binary));
    const env = { ...common, LAKEHAUL_REDIS_URL: redis.url, LAKEHAUL_CONFIG: configFile, LAKEHAUL_HTTP_PORT: '0' };
    parts.redises.push(redis);
    parts.fleets.push(cleanup.use(startDrillFleet(serviceLaunches(stage.redis.bundle, env, plan.skewMs))));
  }
  return parts;
}

/** Patience in seconds, not minutes: what a real fleet waits out, a drill must see happen. */
function configText(stage: DrillStage, { table, migration }: { table: string; migration: string }): string {
  return sandboxConfig({
    migration,
    endpoints: stage.clouds.endpoints,
    caFile: stage.caFile,
    tables: {
      include: [`${DRILL_SCHEMA}.${table}`],
      defaults: { level: 'full', chunkBytes: '170KiB' },
      overrides: [{ match: `${DRILL_SCHEMA}.${table}`, acknowledge: ['adopt-target'] }],
    },
    services: { lockMs: '2s', stalledCheckMs: '400ms', windowSize: 100 },
    statements: { inFlightMs: '2s', sourceTimeoutMs: '20s', targetTimeoutMs: '20s' },
  });
}

interface End {
  /** When every chunk was called verified; null when that never came. */
  provenMs: number | null;
  overMs: number;
  isSealed: boolean;
}

/** Injects at the moments, looks at what is newly verified, and ends when all is proven and sealed, or at the limit. */
async function untilProven(run: {
  files: LedgerFiles;
  root: string;
  judge: Judge;
  injector: Injector;
  options: RunOptions;
}): Promise<End> {
  const { files, root, judge, injector, options } = run;
  const limitMs = performance.now() + options.limitMs;
  let provenMs: number | null = null;
  let lookedMs = 0;
  for (;;) {
    injector.at(countReceipts(files, root));
    if (performance.now() - lookedMs > LOOK_EVERY_MS) {
      await judge.look();
      lookedMs = performance.now();
      if (!isAllVerified(files, root)) provenMs = null;
      else provenMs ??= performance.now();
      // A moment that the haul never reached strikes a fleet that has nothing to do.
      if (provenMs !== null) injector.at(Number.POSITIVE_INFINITY);
    }
    const isDone = provenMs !== null && injector.isOver && isSealed(files, root);
    if (isDone || performance.now() > limitMs || options.signal.aborted)
      return { provenMs, overMs: performance.now(), isSealed: isDone };
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

function isAllVerified(files: LedgerFiles, root: string): boolean {
  const planned = plannedChunks(files, root);
  const { chunks } = readClaims(files, root);
  return (
    planned.size > 0 &&
    [...planned.keys()].every((chunk) => isVerified(chunks.get(chunk) ?? { attempt: 0, stages: new Set() }))
  );
}

function failureOf(all: {
  verdict: Verdict;
  end: End;
  hits: number;
  planned: number;
  verified: number;
  quarantined: readonly string[];
  repeated: number;
}): string | null {
  const { verdict, end, planned, verified, quarantined } = all;
  const wrong: string[] = [];
  if (verdict.hauled.missing > 0n)
    wrong.push(`${counted(verdict.hauled.missing, 'row')} ${verified === planned ? 'lost' : 'outstanding'}`);
  if (verdict.hauled.extra > 0n) wrong.push(`${counted(verdict.hauled.extra, 'row')} doubled or foreign`);
  if (verdict.live.missing + verdict.live.extra > 0n)
    wrong.push(`live rows touched: ${verdict.live.missing} missing, ${verdict.live.extra} extra`);
  if (verdict.falselyVerified.length > 0)
    wrong.push(`chunks called verified that are not equal: ${verdict.falselyVerified.join(', ')}`);
  if (all.repeated > 0) wrong.push(`${counted(all.repeated, 'UNLOAD')} submitted that had a receipt`);
  if (all.hits === 0) wrong.push('nothing that was injected met work in flight: the drill shows nothing');
  if (verified < planned || planned === 0)
    wrong.push(`${verified} of ${counted(planned, 'chunk')} proven within the limit`);
  else if (!end.isSealed) wrong.push('not sealed within the limit');
  if (quarantined.length > 0) wrong.push(`quarantined: ${quarantined.join('; ')}`);
  return wrong.length === 0 ? null : wrong.join('; ');
}

/** Hundreds of drills share one sandbox. */
async function clearDrill(stage: DrillStage, table: string, migration: string): Promise<void> {
  const { objects } = stage.clouds;
  for (const [bucket, prefix] of [
    ['lakehaul-ledger', `ledger/${migration}/`],
    ['lakehaul-staging', `staging/${migration}/`],
  ] as const)
    await objects.remove(
      bucket,
      objects.list(bucket, prefix).map(({ key }) => key),
    );
  await inSession(stage, (databricks) => databricks.run(`DROP TABLE IF EXISTS ${targetName(table)}`));
}

async function inSession<T>(stage: DrillStage, work: (databricks: SqlClient) => Promise<T>): Promise<T> {
  await using databricks = await openDatabricksSql(stage.clouds);
  return await work(databricks);
}
