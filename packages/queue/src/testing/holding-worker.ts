/** A worker process that takes a job and never ends it: killed by the test of take-over. */
import type { Log } from '@lakehaul/core';
import { ChunkQueues } from '../chunk-queues.ts';
import { openQueueStore } from '../open-queue-store.ts';
import { startStepWorker } from '../step-worker.ts';

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => log,
};
const metrics = { count: () => undefined, set: () => undefined, observe: () => undefined };
const [url = '', migration = ''] = process.argv.slice(2);
const store = await openQueueStore({ kind: 'redis', url, path: '' }, { log });
const queues = new ChunkQueues({ store, migration, log, metrics });
startStepWorker({
  queues,
  step: 'unload',
  slots: 1,
  log,
  metrics,
  clock: { nowMs: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
  lockMs: 1_000,
  stalledCheckMs: 300,
  handle: () => {
    process.stdout.write('holding\n');
    return new Promise(() => undefined);
  },
});
