/** A real fleet: service processes on a private Redis, over the sandbox of the test's own process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '@lakehaul/queue';
import { type ConfigTables, sandboxConfig } from '../../packages/cli/src/sandbox/config-text.ts';
import { BUNDLES_ENV } from './bundled-services.ts';
import type { World } from './world.ts';

export function redisBinary(): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter))
    for (const name of ['redis-server', 'valkey-server'])
      if (existsSync(join(directory, name))) return join(directory, name);
  return null;
}

export interface Service {
  name: string;
  child: ChildProcess;
  /** JSON log lines so far. */
  lines: Record<string, unknown>[];
  kill(): Promise<void>;
  terminate(): Promise<number>;
}

export interface Fleet extends AsyncDisposable {
  redisUrl: string;
  configFile: string;
  /** What `control` knows people by. */
  tokens: { viewer: string; operator: string };
  /** FLUSHALL. */
  emptyRedis(): Promise<void>;
  start(name: 'planner' | 'worker' | 'verifier' | 'control', env?: Record<string, string>): Service;
}

export async function startRedis(): Promise<AsyncDisposable & { url: string; child: ChildProcess }> {
  const binary = redisBinary();
  if (binary === null) throw new Error('this test needs redis-server on the PATH');
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-redis-'));
  const port = await freePort();
  const child = spawn(
    binary,
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes('Ready to accept connections') && resolve());
    child.once('exit', () => reject(new Error('redis-server ended')));
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    child,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'exit').catch(() => undefined);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function tokenFileText(tokens: Readonly<Record<string, string>>): string {
  const entries = Object.entries(tokens).map(([role, token]) => {
    const sha256 = createHash('sha256').update(token).digest('hex');
    return `  - { id: ${role}, roles: [${role}], sha256: ${sha256} }`;
  });
  return ['tokens:', ...entries, ''].join('\n');
}

export async function startFleet(
  world: World,
  tables: ConfigTables,
  options: {
    migration?: string;
    services?: Record<string, unknown>;
    /** Sections of lakehaul.yaml besides. */
    sections?: string;
    /** Where `npm run bundle` put the services; default: where the set-up of the fleet tests did. */
    bundles?: string;
  } = {},
): Promise<Fleet> {
  const bundles = options.bundles ?? process.env[BUNDLES_ENV];
  if (bundles === undefined)
    throw new Error('no bundled services: run under vitest --project fleet, or name a directory');
  const redis = await startRedis();
  const caFile = join(world.directory, 'ca.pem');
  const migration = options.migration ?? 'fleet';
  const configFile = join(world.directory, `${migration}.yaml`);
  const tokens = { viewer: randomBytes(32).toString('hex'), operator: randomBytes(32).toString('hex') };
  const tokensFile = join(world.directory, `${migration}-tokens.yaml`);
  writeFileSync(tokensFile, tokenFileText(tokens));
  const text = sandboxConfig({
    ...{ migration, endpoints: world.clouds.endpoints, caFile, tables },
    ...(options.services === undefined ? {} : { services: options.services }),
  });
  const control = `control: { port: 0, tokensFile: ${JSON.stringify(tokensFile)}, refreshEveryMs: 500ms }`;
  writeFileSync(configFile, `${text}\n${control}\n${options.sections ?? ''}`);
  const services: Service[] = [];
  return {
    redisUrl: redis.url,
    configFile,
    tokens,
    async emptyRedis() {
      const socket = connect(Number(new URL(redis.url).port), '127.0.0.1');
      socket.write('FLUSHALL\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      if (!answer.toString().startsWith('+OK')) throw new Error(`FLUSHALL answered ${answer.toString()}`);
    },
    start(name, env = {}) {
      const { accessKeyId, secretAccessKey, token } = world.clouds.credentials;
      const child = spawn(
        process.execPath,
        [
          // As the services' own start script does; the young generation would grow to 48 MB otherwise.
          '--max-semi-space-size=4',
          join(bundles, `${name}.mjs`),
        ],
        {
          env: {
            PATH: process.env['PATH'],
            AWS_ACCESS_KEY_ID: accessKeyId,
            AWS_SECRET_ACCESS_KEY: secretAccessKey,
            LAKEHAUL_TARGET_TOKEN: token,
            LAKEHAUL_REDIS_URL: redis.url,
            LAKEHAUL_CONFIG: configFile,
            LAKEHAUL_HTTP_PORT: '0',
            ...(name === 'planner' ? { LAKEHAUL_FEED_EVERY: '500ms' } : {}),
            ...(name === 'verifier' ? { LAKEHAUL_KEEP_EVERY: '1s' } : {}),
            ...env,
          },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      const service: Service = {
        name,
        child,
        lines: [],
        async kill() {
          child.kill('SIGKILL');
          if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        },
        async terminate() {
          child.kill('SIGTERM');
          if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
          return child.exitCode ?? -1;
        },
      };
      let rest = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        const parts = (rest + chunk.toString()).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts)
          service.lines.push(line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : { message: line });
      });
      services.push(service);
      return service;
    },
    async [Symbol.asyncDispose]() {
      for (const service of services) await service.kill();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** Waits for something that the fleet does by itself; says what it waited for when it does not come. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | false | undefined>,
  options: { withinMs?: number; services?: readonly Service[] } = {},
): Promise<T> {
  const end = Date.now() + (options.withinMs ?? 30_000);
  while (Date.now() < end) {
    const found = await look();
    if (found !== null && found !== false && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const logs = (options.services ?? []).flatMap((service) =>
    service.lines.slice(-15).map((line) => `${service.name}: ${JSON.stringify(line)}`),
  );
  throw new Error(`waited in vain for: ${what}\n${logs.join('\n')}`);
}
