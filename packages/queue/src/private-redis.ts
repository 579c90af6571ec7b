/** A Redis server of our own: on a loopback port, nothing on disk, gone with this process. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
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

export async function startPrivateRedis(binary: string, { log }: { log: Log }): Promise<PrivateRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'lakehaul-redis-'));
  const port = await freePort();
  // Other users of the machine reach loopback ports too.
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
  // Config on stdin: a password among the arguments would show in the process list.
  const child = spawn(binary, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  let exit: string | null = null;
  child.once('error', (error) => {
    exit = error.message;
  });
  child.once('exit', (code, signal) => {
    exit ??= `ended with ${signal ?? code}`;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(config);
  // A crash of ours must not leave it behind; SIGKILL of ours does, and it then idles on loopback with no data.
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  const stop = async () => {
    process.off('exit', killNow);
    if (exit === null) {
      const isOver = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await isOver;
    }
    await rm(directory, { recursive: true, force: true });
  };
  const url = `redis://:${password}@127.0.0.1:${port}`;
  try {
    await waitUntilUp(url, () => exit);
  } catch (error) {
    await stop();
    throw error;
  }
  child.unref();
  log.debug('private redis started', { port });
  return { url, description: `private ${binary} on 127.0.0.1:${port}`, stop };
}

async function waitUntilUp(url: string, exited: () => string | null): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const startMs = performance.now();
  try {
    for (;;) {
      const why = exited();
      const isUp = await Promise.race([redis.ping().then(() => true), pause(100).then(() => false)]);
      if (isUp) return;
      if (why !== null || performance.now() - startMs > START_LIMIT_MS)
        throw new LakehaulError('QUEUE_UNAVAILABLE', `the private Redis did not start: ${why ?? 'no answer'}`);
    }
  } finally {
    redis.disconnect();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}
