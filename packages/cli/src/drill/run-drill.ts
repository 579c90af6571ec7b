/** One drill: a haul with live rows arriving, misfortune at its moments, and a judge who asks nobody of ours. */
import { Cleanup } from '../cleanup.ts';
import type { SqlClient } from '../sandbox/sql-clients.ts';
import { failureOf } from './drill-failure.ts';
import { startParts } from './drill-parts.ts';
import { actionText, type DrillPlan } from './drill-plan.ts';
import type { DrillStage } from './drill-stage.ts';
import { DRILL_SCHEMA, makeDrillTable, targetName } from './drill-table.ts';
import { Injector } from './injector.ts';
import { ledgerFiles, openJudge } from './judge.ts';
import { type ChunkClaim, isVerified, plannedChunks, readClaims } from './ledger-claims.ts';
import { LiveRows } from './live-rows.ts';
import { type RunOptions, untilProven } from './until-proven.ts';

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
  const live = new LiveRows(targetName(table), () => stage.databricks.openSession());
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
  await using databricks = await stage.databricks.openSession();
  return await work(databricks);
}
