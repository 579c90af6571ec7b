/** Which store it is: a Redis that is given, one of our own, or the embedded one. */
import { LakehaulError, type Log } from '@lakehaul/core';
import { findBinary, startPrivateRedis } from './private-redis.ts';
import type { QueueStore } from './queue-store.ts';
import { openRedis } from './redis.ts';

export interface QueueStoreOptions {
  /** `auto`: the URL given, else a private redis or valkey server from the path, else the embedded store. */
  kind: 'auto' | 'redis' | 'embedded';
  /** redis:// or rediss://, may carry credentials. */
  url?: string;
  /** Search path for the server binary. */
  path: string;
  /** Keys begin with it; test files that share a server use their own. Braces make it safe on a cluster. */
  prefix?: string;
}

const SERVER_BINARIES = ['redis-server', 'valkey-server'] as const;

export async function openQueueStore(options: QueueStoreOptions, deps: { log: Log }): Promise<QueueStore> {
  const prefix = options.prefix ?? '{lakehaul}';
  if (options.kind !== 'embedded') {
    if (options.url !== undefined) return openRedis({ url: options.url, prefix, isShared: true }, deps);
    const binary = await findBinary(SERVER_BINARIES, options.path);
    if (binary !== null) {
      const server = await startPrivateRedis(binary, deps);
      return openRedis(
        { url: server.url, prefix, isShared: false, description: server.description, stop: server.stop },
        deps,
      );
    }
    if (options.kind === 'redis')
      throw new LakehaulError(
        'QUEUE_UNAVAILABLE',
        `no Redis URL is given and none of ${SERVER_BINARIES.join(', ')} is on the PATH`,
        {
          disposition: 'refuse',
          next: 'Set LAKEHAUL_REDIS_URL, install redis-server, or set queue.kind to embedded.',
        },
      );
  }
  // Loaded only where it is used: it takes 45 MB of every process that imports it.
  const { openEmbeddedPostgres } = await import('./embedded-postgres.ts');
  return openEmbeddedPostgres();
}
