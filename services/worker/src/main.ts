/** Entry point of the worker service: unload and load may run in one deployment or in two (slots 0 leaves a step out). */
import { hostService, stagingPrefix } from '@lakehaul/fleet';
import { throttleOf } from '@lakehaul/runtime';
import { startWorker } from './start-worker.ts';

const SETTINGS = {
  unloadSlots: {
    env: 'LAKEHAUL_UNLOAD_SLOTS',
    type: 'integer',
    default: '8',
    max: 2_000,
    doc: 'UNLOADs that this process keeps running; 0 works no unload.',
  },
  loadSlots: {
    env: 'LAKEHAUL_LOAD_SLOTS',
    type: 'integer',
    default: '8',
    max: 2_000,
    doc: 'Loads that this process keeps running; 0 works no load.',
  },
} as const;

// Not `await`: the bundle is a CommonJS script (bundle.mjs), which knows no top-level await.
void hostService({
  name: 'worker',
  settings: SETTINGS,
  argv: process.argv.slice(2),
  env: process.env,
  start: ({ session, queues, fail }, settings) => {
    const { config, clouds, ledger, clock, log, metrics, tracing } = session;
    const workers = startWorker({
      ledger,
      source: clouds.source,
      stage: clouds.stage,
      target: clouds.target,
      queues,
      clock,
      log,
      metrics,
      tracing,
      stagingPrefix: stagingPrefix(config),
      sourceTimeoutMs: config.statements.sourceTimeoutMs,
      targetTimeoutMs: config.statements.targetTimeoutMs,
      startWithinMs: config.statements.startWithinMs,
      inFlightMs: config.statements.inFlightMs,
      gate: throttleOf(config.throttle),
      limits: { maxAttempts: config.attempts.max, maxFailures: config.attempts.failuresPerAttempt },
      slots: { unload: settings.unloadSlots, load: settings.loadSlots },
      onStop: fail,
      hasLimits: config.limits.length > 0,
      lockMs: config.services.lockMs,
      stalledCheckMs: config.services.stalledCheckMs,
    });
    return {
      loops: () =>
        workers.map((worker) => ({
          name: worker.step,
          lastProgressMs: () => worker.lastProgressMs(),
          limitMs: 120_000,
        })),
      drain: async () => void (await Promise.all(workers.map((worker) => worker.drain()))),
      stop: async () => void (await Promise.all(workers.map((worker) => worker.stop()))),
      done: new Promise(() => undefined),
    };
  },
}).then((code) => process.exit(code));
