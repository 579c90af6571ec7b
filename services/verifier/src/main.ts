/** Entry point of the verifier service: proves chunks, keeps the tables (seals, stage clean-up) and seals the ledger in loops. */
import { hostService, openLedgerSealer, startLoop } from '@lakehaul/fleet';
import { keepTables } from './keep-tables.ts';
import { startVerifier } from './start-verifier.ts';

const SETTINGS = {
  verifySlots: {
    env: 'LAKEHAUL_VERIFY_SLOTS',
    type: 'integer',
    default: '8',
    min: 1,
    max: 2_000,
    doc: 'Proofs that this process keeps running.',
  },
  keepEveryMs: {
    env: 'LAKEHAUL_KEEP_EVERY',
    type: 'durationMs',
    default: '30s',
    doc: 'Pause between two passes over all tables (seals, stage clean-up); 0s leaves them to another process.',
  },
} as const;

// Not `await`: the bundle is a CommonJS script (bundle.mjs), which knows no top-level await.
void hostService({
  name: 'verifier',
  settings: SETTINGS,
  argv: process.argv.slice(2),
  env: process.env,
  start: async ({ session, queues, fail }, settings) => {
    const { config, clouds, ledger, clock, log, metrics, tracing } = session;
    const worker = startVerifier({
      ledger,
      target: clouds.target,
      stage: clouds.stage,
      queues,
      clock,
      log,
      metrics,
      tracing,
      limits: { maxAttempts: config.attempts.max, maxFailures: config.attempts.failuresPerAttempt },
      slots: settings.verifySlots,
      diffRows: config.services.diffRows,
      onStop: fail,
      hasLimits: config.limits.length > 0,
      lockMs: config.services.lockMs,
      stalledCheckMs: config.services.stalledCheckMs,
    });
    const scan = ledger.openScan();
    const diffSweep = ledger.diffSweep({ keepMs: config.ledger.diffMs, log });
    const keeper =
      settings.keepEveryMs === 0
        ? null
        : startLoop({
            name: 'keep',
            tracing,
            everyMs: settings.keepEveryMs,
            clock,
            log,
            fail,
            runOnce: async () =>
              void (await keepTables(
                {
                  ledger,
                  target: clouds.target,
                  stage: clouds.stage,
                  scan,
                  log,
                  graceMs: config.staging.graceMs,
                  diffSweep,
                },
                await ledger.readPlans(),
              )),
          });
    const ledgerSealer = await openLedgerSealer(session);
    const sealer =
      ledgerSealer === null
        ? null
        : startLoop({
            name: 'ledger-seal',
            everyMs: config.audit.sealEveryMs,
            clock,
            log,
            fail,
            runOnce: async () => void (await ledgerSealer.runOnce()),
          });
    if (sealer === null) log.warn('ledger not sealed here', { reason: 'LAKEHAUL_SEAL_KEY_FILE is not set' });
    return {
      loops: () => [
        { name: worker.step, lastProgressMs: () => worker.lastProgressMs(), limitMs: 120_000 },
        ...(keeper?.loops() ?? []),
        ...(sealer?.loops() ?? []),
      ],
      drain: async () => void (await Promise.all([worker.drain(), keeper?.drain(), sealer?.drain()])),
      stop: async () => void (await Promise.all([worker.stop(), keeper?.stop(), sealer?.stop()])),
      done: new Promise(() => undefined),
    };
  },
}).then((code) => process.exit(code));
