/** Entry point of the planner service: plans what is not planned yet, then feeds the queues from the ledger in a loop. */
import { hostService, startLoop } from '@lakehaul/fleet';
import { latestSample, STEERING_AGE_MS, sampledMs } from '@lakehaul/ledger';
import { exportProgress } from './export-progress.ts';
import { openGovernor } from './govern/open-governor.ts';
import { planDeps } from './plan-deps.ts';
import { planMigration, writeMigrationPlan } from './plan-migration.ts';
import { PlannerLoop, plannerSettings } from './planner-loop.ts';
import { watchPass } from './watch/watch-once.ts';

const SETTINGS = {
  feedEveryMs: {
    env: 'LAKEHAUL_FEED_EVERY',
    type: 'durationMs',
    default: '5s',
    doc: 'Pause between two looks at the ledger.',
  },
} as const;

// Not `await`: the bundle is a CommonJS script (bundle.mjs), which knows no top-level await.
void hostService({
  name: 'planner',
  settings: SETTINGS,
  argv: process.argv.slice(2),
  env: process.env,
  start: async ({ session, queues, fail }, settings) => {
    const { config, clouds, ledger, clock, log, metrics, tracing } = session;
    const deps = planDeps(session);
    // Before anything is written: a missing bucket would be noticed by the first UNLOAD only.
    await clouds.stage.check();
    await writeMigrationPlan(deps, await planMigration(deps));
    const scan = ledger.openScan();
    const planner = new PlannerLoop({
      ...{ ledger, scan, queues, clock, log, source: clouds.source, target: clouds.target },
      ...{ windowSize: config.services.windowSize, limits: config.limits },
      ...plannerSettings(config),
    });
    const watchScan = ledger.openScan();
    const watching = startLoop({
      name: 'watch',
      tracing,
      everyMs: config.watch.everyMs,
      clock,
      log,
      fail,
      runOnce: async () => {
        const { lagMs, overlapMs, clockMarginMs, probeEveryMs } = config.watch;
        await watchPass(
          {
            ...{ ledger, source: clouds.source, scan: watchScan, clock, log },
            ...{ lagMs, overlapMs, clockMarginMs, probeEveryMs },
          },
          await ledger.readPlans(),
        );
        const sample = await latestSample(ledger);
        if (sample !== null) metrics.set('lakehaul_write_log_sampled_timestamp_seconds', {}, sampledMs(sample) / 1000);
      },
    });
    const governor = await openGovernor(session, { queues, scan });
    const governing =
      governor &&
      startLoop({
        name: 'govern',
        tracing,
        everyMs: config.throttle.everyMs,
        clock,
        log,
        fail,
        runOnce: async (signal) => void (await governor.runOnce(await ledger.readPlans(), signal)),
      });
    const feeding = startLoop({
      name: 'feed',
      tracing,
      everyMs: settings.feedEveryMs,
      clock,
      log,
      fail,
      runOnce: async () => {
        const plans = await ledger.readPlans();
        const pass = await planner.runOnce(plans);
        await exportProgress({ ledger, scan, metrics }, plans, pass);
        await queues.counts();
      },
    });
    let steering = await ledger.steering.current();
    const steered = startLoop({
      name: 'steering',
      everyMs: STEERING_AGE_MS,
      clock,
      log,
      fail,
      // What a person sets must not wait for the feeder's own pace.
      runOnce: async () => {
        const now = await ledger.steering.current();
        if (now !== steering) feeding.wake();
        // Not by every change: two looks at the same moment would count as two readings.
        if (JSON.stringify(now.throttle) !== JSON.stringify(steering.throttle)) governing?.wake();
        steering = now;
      },
    });
    const all = [feeding, watching, steered, ...(governing === null ? [] : [governing])];
    return {
      loops: () => all.flatMap((loop) => loop.loops()),
      drain: async () => void (await Promise.all(all.map((loop) => loop.drain()))),
      stop: async () => void (await Promise.all(all.map((loop) => loop.stop()))),
      done: Promise.race(all.map((loop) => loop.done)),
    };
  },
}).then((code) => process.exit(code));
