/**
 * BullMQ's Postgres backend on PGlite (Postgres as WASM, from npm): a queue store for machines with nothing but Node.
 * BullMQ takes any object with the shape of a pg.Pool, so there is neither a socket nor a driver in between.
 */
import { EventEmitter } from 'node:events';
import { PGlite } from '@electric-sql/pglite';
import { createPostgresBackend, type PgPool, type PgPoolClient, Queue, runMigrations, Worker } from 'bullmq';
import type { QueueStore } from './queue-store.ts';

const SCHEMA = 'bullmq';

export async function openEmbeddedPostgres(): Promise<QueueStore> {
  const database = await PGlite.create();
  const pool = poolOver(database);
  await runMigrations(pool, SCHEMA);
  // BullMQ pins search_path on connections that it opens itself; this one session is shared by all.
  await database.exec(`SET search_path TO ${SCHEMA}, public`);
  return {
    kind: 'embedded-postgres',
    description: 'embedded Postgres in this process (no redis-server or valkey-server on the PATH)',
    isShared: false,
    openQueue: (name, rest) => new Queue(name, { ...rest, connection: pool as never }, createPostgresBackend as never),
    openWorker: (name, processor, rest) =>
      new Worker(name, processor, { ...rest, connection: pool as never }, createPostgresBackend as never),
    board: null,
    stop: () => database.close(),
  };
}

/**
 * BullMQ asks this before it lets a worker wait, and a yes wakes it at once. Its own text forgets the global
 * concurrency (bullmq 6.7.0, has_waiting_job.sql), so that a worker beside a full queue would ask for ever.
 */
const HAS_STARTABLE_JOB = `
  SELECT EXISTS (SELECT 1 FROM job WHERE queue = $1 AND state = 'waiting')
    AND NOT EXISTS (SELECT 1 FROM meta WHERE queue = $1 AND field = 'paused' AND value = '1')
    AND COALESCE(
      (SELECT count(*) FROM job WHERE queue = $1 AND state = 'active')
        < (SELECT value::integer FROM meta WHERE queue = $1 AND field = 'concurrency'),
      true) AS present`;

/** The part of pg.Pool that BullMQ uses. One session answers everybody in turn; BullMQ's commands are single statements. */
function poolOver(database: PGlite): PgPool {
  const query = async (text: string, params: readonly unknown[] = []) => {
    // WASM answers within the same turn of the event loop: without a pause, timers and sockets would starve.
    await new Promise((resolve) => setImmediate(resolve));
    if (params.length === 0) {
      // Several statements in one text (migrations) need the simple protocol.
      const results = await database.exec(text);
      const last = results.at(-1);
      return { rows: (last?.rows ?? []) as never[], rowCount: last?.rows.length ?? 0 };
    }
    const isProbe = /\bAS present\b/.test(text);
    const result = await database.query(isProbe ? HAS_STARTABLE_JOB : text, [...params]);
    return { rows: result.rows as never[], rowCount: result.affectedRows ?? result.rows.length };
  };
  const connect = (): Promise<PgPoolClient> => {
    const events = new EventEmitter().setMaxListeners(0);
    const stop = database.onNotification((channel, payload) => events.emit('notification', { channel, payload }));
    const client = Object.assign(events, { query, release: () => stop() });
    return Promise.resolve(client as unknown as PgPoolClient);
  };
  // Every queue and worker of the process listens on it.
  const pool = Object.assign(new EventEmitter().setMaxListeners(0), { query, connect, end: () => Promise.resolve() });
  return pool as unknown as PgPool;
}
