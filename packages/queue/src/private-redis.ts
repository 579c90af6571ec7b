/** A Redis server of our own: on a loopback port, nothing on disk, gone with this process. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, constants, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { LakehaulError, type Log } from '@lakehaul/core';
import { Redis } from 'ioredis';

export async function findBinary(names: readonly string[], path: string): Promise<string | null> {
  for (const name of names)
    for (const directory of path.split(delimiter).filter((part) => part !== '')) {
      const file = join(directory, name);
      const isRunnable = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isRunnable) return file;
    }
  return null;
}

export interface PrivateRedis {
  url: string;
  description: string;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 10_000;

/** Ends the server when its stdin ends, which the kernel sees to even when this process is killed. */
const KEEPER = '"$0" "$1/redis.conf" & server=$!; read -r _; kill -9 $server; rm -rf "$1"';

export async function startPrivateRedis(binary: string, { log }: { log: Log }): Promise<PrivateRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-redis-'));
  const port = await freePort();
  // Other users of the machine reach loopback ports too. In a file that only we can read: arguments are public.
  const password = randomBytes(24).toString('hex');
  const config = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    `dir "${directory}"`,
    'save ""',
    'appendonly no',
    'maxmemory-policy noeviction',
  ].join('\n');
  await writeFile(join(directory, 'redis.conf'), config, { mode: 0o600 });
  const child = spawn('/bin/sh', ['-c', KEEPER, binary, directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Not in the terminal's process group: Ctrl-C drains us first, and draining needs the store.
    detached: true,
  });
  const isOver = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  child.stdin.on('error', () => undefined);
  const stop = async () => {
    // Unreferenced, its end would not be waited for: the process ended first, with exit code 13.
    child.ref();
    child.stdin.end();
    await isOver;
    await rm(directory, { recursive: true, force: true });
  };
  const url = `redis://:${password}@127.0.0.1:${port}`;
  try {
    await waitUntilUp(url);
  } catch (error) {
    await stop();
    throw error;
  }
  child.unref();
  // A pipe would keep this process alive; its type does not know that it is a socket.
  (child.stdin as unknown as { unref(): void }).unref();
  log.debug('private redis started', { port });
  return { url, description: `private ${binary} on 127.0.0.1:${port}`, stop };
}

async function waitUntilUp(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const startMs = performance.now();
  try {
    while (!(await Promise.race([redis.ping().then(() => true), pause(100).then(() => false)])))
      if (performance.now() - startMs > START_LIMIT_MS)
        throw new LakehaulError('QUEUE_UNAVAILABLE', `the private Redis did not answer within ${START_LIMIT_MS} ms`);
  } finally {
    redis.disconnect();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}
