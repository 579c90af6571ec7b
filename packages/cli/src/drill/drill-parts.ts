/** The processes of one drill: a fleet or two with a Redis each, or one process without any. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cleanup } from '../cleanup.ts';
import { sandboxConfig } from '../sandbox/config-text.ts';
import { type DrillFleet, serviceLaunches, soloLaunch, startDrillFleet } from './drill-fleet.ts';
import type { DrillPlan } from './drill-plan.ts';
import { type DrillRedis, startDrillRedis } from './drill-redis.ts';
import type { DrillStage } from './drill-stage.ts';
import { DRILL_SCHEMA } from './drill-table.ts';

export interface DrillParts {
  fleets: DrillFleet[];
  redises: DrillRedis[];
}

/** Starts the fleet, or both, on a configuration of this drill's own; what is started ends with `cleanup`. */
export async function startParts(
  stage: DrillStage,
  plan: DrillPlan,
  names: { table: string; migration: string },
  cleanup: Cleanup,
): Promise<DrillParts> {
  const configFile = join(stage.directory, `${names.migration}.yaml`);
  await writeFile(configFile, configText(stage, names, plan.fleets));
  const { accessKeyId, secretAccessKey, token } = stage.clouds.credentials;
  const common = {
    PATH: stage.path,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    // Not `target.caFile`: with that the driver reads all authorities anew for each connection, 46 ms of CPU each.
    NODE_EXTRA_CA_CERTS: stage.caFile,
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
    parts.fleets.push(cleanup.use(startDrillFleet(serviceLaunches(stage.redis.bundle, env, plan))));
  }
  return parts;
}

/** Patience in seconds, not minutes: what a real fleet waits out, a drill must see happen. */
function configText(
  stage: DrillStage,
  { table, migration }: { table: string; migration: string },
  fleets: number,
): string {
  return sandboxConfig({
    migration,
    endpoints: stage.clouds.endpoints,
    tables: {
      include: [`${DRILL_SCHEMA}.${table}`],
      // Two fleets do much of it twice, and meet at each chunk.
      defaults: { level: 'full', chunkBytes: `${170 * fleets}KiB` },
      overrides: [{ match: `${DRILL_SCHEMA}.${table}`, acknowledge: ['adopt-target'] }],
    },
    services: { lockMs: '2s', stalledCheckMs: '400ms', windowSize: 100 },
    statements: { inFlightMs: '2s', sourceTimeoutMs: '20s', targetTimeoutMs: '20s' },
    // One look is one more haul's worth of calls, and nobody writes to the source of a drill.
    watch: { everyMs: '10s' },
  });
}
