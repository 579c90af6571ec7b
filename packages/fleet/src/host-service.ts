/** The frame of a service process: environment read, configuration loaded, queue and http opened, life run to its end. */
import { readFileSync } from 'node:fs';
import { asLakehaulError, LakehaulError } from '@lakehaul/core';
import { ChunkQueues, openQueueStore } from '@lakehaul/queue';
import {
  type ConfigOf,
  type ConfigTable,
  configTableText,
  createLog,
  type Health,
  livenessOf,
  loadMigrationConfig,
  mustReadConfig,
  type RunningService,
  runService,
  startHttp,
  systemClock,
} from '@lakehaul/runtime';
import type { HostedService } from './hosted-service.ts';
import { startReporting } from './report-requests.ts';
import { openSession, type Session } from './session.ts';

/** Settings that every service has; each adds its own. Secrets of the migration are read by loadMigrationConfig. */
export const COMMON_SETTINGS = {
  configFile: {
    env: 'LAKEHAUL_CONFIG',
    type: 'text',
    default: 'lakehaul.yaml',
    doc: 'The migration’s configuration file.',
  },
  logLevel: {
    env: 'LAKEHAUL_LOG_LEVEL',
    type: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    doc: 'JSON log lines on stderr from this level on.',
  },
  httpPort: {
    env: 'LAKEHAUL_HTTP_PORT',
    type: 'integer',
    default: '9464',
    max: 65_535,
    doc: 'Port of /metrics, /healthz and /readyz; 0 takes any free one.',
  },
  redisUrl: {
    env: 'LAKEHAUL_REDIS_URL',
    type: 'text',
    secret: true,
    doc: 'The queue store that all services share, redis:// or rediss://.',
  },
} as const satisfies ConfigTable;

export interface ServiceContext {
  session: Session;
  queues: ChunkQueues;
  /** Ends the service with an error that only a person can settle. */
  fail: (error: unknown) => void;
}

export interface HostRequest<T extends ConfigTable> {
  name: string;
  settings: T;
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  start: (context: ServiceContext, settings: ConfigOf<T>) => Promise<HostedService> | HostedService;
}

/** Environment names that loadMigrationConfig reads in the same process. */
const MIGRATION_SECRETS = [
  'LAKEHAUL_TARGET_TOKEN',
  'LAKEHAUL_TARGET_TOKEN_FILE',
  'LAKEHAUL_TARGET_CLIENT_SECRET',
  'LAKEHAUL_TARGET_CLIENT_SECRET_FILE',
  'LAKEHAUL_SEAL_KEY_FILE',
];

/** Resolves with the exit code. */
export async function hostService<const T extends ConfigTable>(request: HostRequest<T>): Promise<number> {
  const { name, env } = request;
  const table: ConfigTable = { ...COMMON_SETTINGS, ...request.settings };
  if (request.argv.includes('--help')) {
    process.stdout.write(
      `lakehaul ${name}: a service; settings come from the environment\n\n${configTableText(table)}\n`,
    );
    return 0;
  }
  const readFile = (path: string) => readFileSync(path, 'utf8');
  try {
    // One table, so that all problems of the environment are told at once.
    const settings = mustReadConfig({ table, env, readFile, alsoKnown: MIGRATION_SECRETS });
    const common = settings as ConfigOf<typeof COMMON_SETTINGS>;
    const own = settings as ConfigOf<T>;
    const loaded = loadMigrationConfig({ path: common.configFile, text: readFile(common.configFile), env });
    if ('problems' in loaded)
      throw new LakehaulError(
        'CONFIG_INVALID',
        loaded.problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`).join('; '),
        { where: common.configFile },
      );
    const session = await openSession(loaded.config, { service: name, logLevel: common.logLevel, isTraced: true });
    return await runService({
      name,
      log: session.log,
      clock: session.clock,
      start: () => startParts(request, own, session, { redisUrl: common.redisUrl.reveal(), httpPort: common.httpPort }),
    });
  } catch (thrown) {
    const log = createLog({
      write: (line) => process.stderr.write(`${line}\n`),
      level: 'info',
      clock: systemClock,
      fields: { service: name },
    });
    const error = asLakehaulError(thrown);
    log.error('service failed', { code: error.code, reason: error.message, where: error.where, next: error.next });
    return 1;
  }
}

async function startParts<const T extends ConfigTable>(
  request: HostRequest<T>,
  settings: ConfigOf<T>,
  session: Session,
  common: { redisUrl: string; httpPort: number },
): Promise<RunningService> {
  const { log, metrics, clock, config } = session;
  const store = await openQueueStore({ kind: 'redis', url: common.redisUrl, path: '' }, { log });
  const queues = new ChunkQueues({ store, migration: config.migration, log, metrics });
  let fail: (error: unknown) => void = () => undefined;
  const failure = new Promise<void>((_resolve, reject) => {
    fail = reject;
  });
  failure.catch(() => undefined);
  const service = await request.start({ session, queues, fail }, settings);
  const reporting = startReporting({ session, queues, fail });
  const loops = () => [...service.loops(), ...reporting.loops()];
  const isLive = livenessOf(loops, clock, metrics);
  const http = await startHttp({ port: common.httpPort, metrics, isLive, isReady: () => readiness(queues, isLive()) });
  log.info('http listens', { port: http.port });
  const close = async () => {
    await http.close();
    await reporting.stop();
    await queues.close();
    await store.stop();
    await session[Symbol.asyncDispose]();
  };
  return {
    done: Promise.race([service.done, failure]),
    drain: () => thenAlways(service.drain(), close),
    stop: () => thenAlways(service.stop(), close),
  };
}

async function thenAlways(first: Promise<void>, last: () => Promise<void>): Promise<void> {
  try {
    await first;
  } finally {
    await last();
  }
}

/** Ready means live, and the queue store answers. */
async function readiness(queues: ChunkQueues, live: Health): Promise<Health> {
  const failure = await queues.counts().then(
    () => null,
    (thrown: unknown) => asLakehaulError(thrown),
  );
  return failure === null ? live : { isOk: false, detail: { ...live.detail, queue: failure.code } };
}
