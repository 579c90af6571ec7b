/** One timed run of lakehaul in a process of its own: plan, haul, prove, seal. argv: config file, queue store url. */
import { readFileSync } from 'node:fs';
import { openSession } from '@lakehaul/fleet';
import { planDeps, planMigration, writeMigrationPlan } from '@lakehaul/planner';
import { openQueueStore } from '@lakehaul/queue';
import { loadMigrationConfig } from '@lakehaul/runtime';
import { runFleet } from '../packages/cli/src/fleet.ts';

const [configFile = '', url = ''] = process.argv.slice(2);
const loaded = loadMigrationConfig({ path: configFile, text: readFileSync(configFile, 'utf8'), env: process.env });
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
await using session = await openSession(loaded.config, {
  service: 'bench',
  logLevel: process.env['BENCH_LOG'] === 'info' ? 'info' : 'warn',
});
const store = await openQueueStore({ kind: 'redis', url, path: '' }, { log: session.log });
const idleRssBytes = process.memoryUsage.rss();
let peakRssBytes = idleRssBytes;
const sampler = setInterval(() => {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
}, 200);

const startedCpu = process.cpuUsage();
const startedMs = performance.now();
const deps = planDeps(session);
const migration = await planMigration(deps);
await writeMigrationPlan(deps, migration);
const report = await runFleet({
  session,
  store,
  signal: new AbortController().signal,
  onProgress: () => undefined,
});
const seconds = (performance.now() - startedMs) / 1000;
const cpu = process.cpuUsage(startedCpu);
clearInterval(sampler);
await store.stop();
if (report.decision.evidence !== 'PASS') throw new Error(`not proven: ${JSON.stringify(report.decision)}`);
process.send?.({
  seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  chunks: report.chunks,
  rows: report.tables[0]?.sealedRows?.toString(),
  idleRssBytes,
  peakRssBytes,
});
process.disconnect();
