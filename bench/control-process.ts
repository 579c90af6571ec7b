/**
 * Started by `bench control`: the API over a ledger of so many chunks in memory, or a bare fastify that answers each path with
 * bytes that it was given. Messages: its port when it listens; a number of bytes, its memory, for each 'memory'.
 */
import { createHash } from 'node:crypto';
import { must, type TablePlan, THROTTLE_DEFAULTS } from '@lakehaul/core';
import { Ledger } from '@lakehaul/ledger';
import { silentLog, systemClock, systemIds } from '@lakehaul/runtime';
import Fastify, { type FastifyInstance } from 'fastify';
import { buildApp } from '../services/control/src/app.ts';
import { authenticateBy } from '../services/control/src/auth/authenticate.ts';
import { findToken, parseTokenFile } from '../services/control/src/auth/token-file.ts';
import { ChunkCauses } from '../services/control/src/chunk-causes.ts';
import { EventHub } from '../services/control/src/event-hub.ts';
import { ReadModel } from '../services/control/src/read-model.ts';
import { BODIES, rangeChunks, tablePlan } from '../test/support/ledger-world.ts';
import { MemoryStore } from '../test/support/memory-store.ts';

const TABLES = 10;
const REFRESH_MS = 2_000;

async function listen(app: FastifyInstance): Promise<void> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
}

async function bare(): Promise<void> {
  const [bodies] = await new Promise<[Record<string, string>]>((resolve) =>
    process.once('message', (told) => resolve([told as Record<string, string>])),
  );
  const app = Fastify();
  for (const [path, body] of Object.entries(bodies))
    app.get(path, (_request, reply) => reply.type('application/json; charset=utf-8').send(body));
  await listen(app);
}

async function control(chunks: number, token: string): Promise<void> {
  const ledger = await writtenLedger(chunks);
  const queues = {
    counts: async () => ({ unload: ONE, load: ONE, verify: ONE }),
    concurrency: async () => ({ unload: 8, load: null, verify: null }),
  };
  const model = new ReadModel({ ledger, queues, clock: systemClock, log: silentLog, staleAfterMs: 60_000 });
  await model.refreshOnce();
  const causes = new ChunkCauses(ledger);
  const sha256 = createHash('sha256').update(token).digest('hex');
  const tokens = parseTokenFile('bench', `tokens: [{ id: bench, roles: [viewer], sha256: ${sha256} }]`);
  const many = { perMinute: 1_000_000, unknownPerMinute: 1_000_000, changesPerMinute: 1_000_000 };
  const app = await buildApp({
    throttle: { configured: THROTTLE_DEFAULTS, blackouts: { hours: [], dates: [] } },
    ...{
      version: 'bench',
      limits: [],
      diffMs: 0,
      ledger,
      model,
      causes,
      clock: systemClock,
      log: silentLog,
      wake: () => undefined,
    },
    config: {
      host: '127.0.0.1',
      port: 0,
      refreshEveryMs: REFRESH_MS,
      eventConnections: 200,
      metricTables: 2_000,
      rateLimit: many,
    },
    events: new EventHub({ model, clock: systemClock, maxConnections: 200 }),
    source: {
      runningStatements: async () => [],
      cancelStatement: async () => undefined,
      discover: async () => ({ tables: [], notMoved: [] }),
    },
    target: { version: async () => '0', countLineages: async () => [] },
    authenticate: authenticateBy([async (given) => findToken(tokens, given, Date.now())]),
    consoleDirectory: null,
    board: null,
    isLive: () => ({ isOk: true, detail: {} }),
    isReady: async () => ({ isOk: true, detail: {} }),
  });
  await listen(app);
  for (;;) {
    await systemClock.sleep(REFRESH_MS);
    const startMs = performance.now();
    await model.refreshOnce();
    process.send?.({ refreshMs: performance.now() - startMs });
    await causes.readOnce(model.snapshot);
  }
}

const ONE = { waiting: 1, active: 1, delayed: 0 };

/** Every hundredth chunk of the first table is in quarantine, every hundredth of the second is unloaded; the rest is planned. */
async function writtenLedger(chunks: number): Promise<Ledger> {
  // S3 is on a network: between its answers the process has time for others.
  const intercept = () => new Promise<void>((resolve) => setImmediate(resolve));
  const store = new MemoryStore({ nowMs: () => Date.now() });
  const actor = { service: 'bench', instance: 'bench', version: '0' };
  const ledger = new Ledger({ store, prefix: 'ledger', migration: 'm1', actor, clock: systemClock, ids: systemIds });
  for (let table = 0; table < TABLES; table++) {
    const plan = benchPlan(table, chunks / TABLES);
    await ledger.writePlan(plan, rangeChunks(plan));
    for (let chunk = 0; table < 2 && chunk < plan.chunkCount; chunk += 100) {
      const ref = { tableId: plan.tableId, generation: 1, chunk, attempt: 1 };
      await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
      if (table === 0) await ledger.write(ref, 'quarantined', BODIES.quarantined, null);
      else await ledger.write(ref, 'unloaded', BODIES.unloaded, null);
    }
  }
  store.intercept = intercept;
  return ledger;
}

function benchPlan(table: number, chunkCount: number): TablePlan {
  const name = `events_${table}`;
  return tablePlan(chunkCount, {
    tableId: `public-events-${String(table).padStart(8, '0')}`,
    source: { database: 'dev', schema: 'public', table: name, oid: String(100 + table), columnListHash: 'abc' },
    target: { catalog: 'main', schema: 'public', table: name, adopted: false },
  });
}

process.on('message', (told) => {
  if (told === 'memory') process.send?.({ rssBytes: process.memoryUsage.rss() });
});
const [kind, chunks, token] = process.argv.slice(2);
await (kind === 'bare' ? bare() : control(Number(chunks), must(token, 'token')));
