import { LakehaulError, type Log } from '@lakehaul/core';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Board, QueueStore } from './queue-store.ts';

export interface RedisStoreOptions {
  url: string;
  prefix: string;
  isShared: boolean;
  description?: string;
  stop?: () => Promise<void>;
}

/** Producers fail at once while Redis is away (the feeder comes again); workers wait for it for ever. */
const PRODUCER = { enableOfflineQueue: false, maxRetriesPerRequest: 1 };
const CONSUMER = { maxRetriesPerRequest: null };
const retryStrategy = (times: number) => Math.min(times * 200, 2_000);

export async function openRedis(options: RedisStoreOptions, { log }: { log: Log }): Promise<QueueStore> {
  const producer = await connectProducer(options, log);
  await warnUnlessNoEviction(producer, log);
  // One connection serves all queues of the process; each worker has its own pair, since it blocks on one.
  return {
    kind: 'redis',
    description: options.description ?? withoutCredentials(options.url),
    isShared: options.isShared,
    openQueue: (name, rest) =>
      new Queue(name, { ...rest, connection: producer, prefix: options.prefix, skipVersionCheck: true }),
    openWorker: (name, processor, rest) =>
      new Worker(name, processor, {
        ...rest,
        connection: { url: options.url, ...CONSUMER, retryStrategy },
        prefix: options.prefix,
      }),
    board: boardOn(producer, options.prefix),
    async stop() {
      producer.disconnect();
      await options.stop?.();
    },
  };
}

const BOARD_MS = 86_400_000;

/** A hash for each name. */
function boardOn(redis: Redis, prefix: string): Board {
  const keyOf = (name: string) => `${prefix}:board:${name}`;
  return {
    async tell(name, process, text) {
      await redis.hset(keyOf(name), process, text);
      // A migration that is over leaves nothing behind.
      await redis.pexpire(keyOf(name), BOARD_MS);
    },
    told: async (name) => new Map(Object.entries(await redis.hgetall(keyOf(name)))),
    forget: async (name, process) => void (await redis.hdel(keyOf(name), process)),
  };
}

async function connectProducer(options: RedisStoreOptions, log: Log): Promise<Redis> {
  const producer = new Redis(options.url, { ...PRODUCER, retryStrategy, lazyConnect: true });
  // Without a listener ioredis prints to stderr; the failing command reports itself.
  producer.on('error', (error) => log.warn('queue store connection failed', { reason: error.message }));
  try {
    await producer.connect();
    return producer;
  } catch (cause) {
    producer.disconnect();
    const where = withoutCredentials(options.url);
    throw new LakehaulError('QUEUE_UNAVAILABLE', `${where} does not answer`, { cause, where });
  }
}

/** An evicting Redis drops jobs silently. They come back from the ledger, but late and again and again. */
async function warnUnlessNoEviction(redis: Redis, log: Log): Promise<void> {
  const info = await redis.info('memory');
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction')
    log.warn('redis may evict jobs', { policy, next: 'set maxmemory-policy to noeviction' });
}

function withoutCredentials(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return 'the Redis URL given';
  }
}
