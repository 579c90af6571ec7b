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
    stop: () => database.close(),
  };
}

/** The part of pg.Pool that BullMQ uses. One session answers everybody in turn; BullMQ's commands are single statements. */
function poolOver(database: PGlite): PgPool {
  const query = async (text: string, params: readonly unknown[] = []) => {
    if (params.length === 0) {
      // Several statements in one text (migrations) need the simple protocol.
      const results = await database.exec(text);
      const last = results.at(-1);
      return { rows: (last?.rows ?? []) as never[], rowCount: last?.rows.length ?? 0 };
    }
    const result = await database.query(text, [...params]);
    return { rows: result.rows as never[], rowCount: result.affectedRows ?? result.rows.length };
  };
  const connect = (): Promise<PgPoolClient> => {
    const events = new EventEmitter();
    const stop = database.onNotification((channel, payload) => events.emit('notification', { channel, payload }));
    const client = Object.assign(events, { query, release: () => stop() });
    return Promise.resolve(client as unknown as PgPoolClient);
  };
  const pool = Object.assign(new EventEmitter(), { query, connect, end: () => Promise.resolve() });
  return pool as unknown as PgPool;
}
