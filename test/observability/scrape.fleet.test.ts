/**
 * A real Prometheus scrapes a real fleet with our rules. PROMETHEUS names the program, else PATH. Where it is missing the
 * tests are counted as skipped and say why; in CI, or when the variable is set, they fail.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@lakehaul/queue';
import { expect, it, type TestContext } from 'vitest';
import { z } from 'zod';
import { eventually, type Service, startFleet } from '../support/processes.ts';
import { startWorld } from '../support/world.ts';
import { everyExpression, shapeOf } from './deployed.ts';
import { readPromql, withoutMacros } from './promql.ts';

const RULES = join(import.meta.dirname, '../../deploy/prometheus');
const NAMES = ['planner', 'worker', 'verifier', 'control'] as const;
const RUNBOOK = 'https://wiki.test/lakehaul';
/** Nothing of these in a fleet whose every step succeeds: a counter's series begins with its first count. */
const ONLY_AFTER_TROUBLE = [
  'lakehaul_step_failures_total',
  'lakehaul_stalls_total',
  'lakehaul_lock_losses_total',
  'lakehaul_queue_errors_total',
  'lakehaul_outside_failures_total',
  'lakehaul_outside_retries_total',
  'lakehaul_handovers_total',
  'lakehaul_notices_total',
];

const Samples = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});
const Targets = z.object({
  data: z.object({ activeTargets: z.array(z.object({ health: z.string(), lastError: z.string() })) }),
});
const Rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
      }),
    ),
  }),
});
const Alerts = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        state: z.string(),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
    ),
  }),
});

function prometheusBinary(context: TestContext): string {
  const program = process.env['PROMETHEUS'];
  const result = spawnSync(program ?? 'prometheus', ['--version'], { encoding: 'utf8' });
  if (result.error === undefined && result.status === 0) return program ?? 'prometheus';
  const why = 'prometheus is missing (Debian: prometheus): the fleet was NOT scraped by it';
  if (program !== undefined || process.env['CI'] !== undefined) throw new Error(why, { cause: result.error });
  console.warn(why);
  return context.skip(why);
}

interface Prometheus extends AsyncDisposable {
  ask<T>(path: string, shape: z.ZodType<T>): Promise<T>;
  query(expression: string): Promise<z.infer<typeof Samples>['data']['result']>;
}

async function startPrometheus(program: string, targets: readonly string[]): Promise<Prometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-prometheus-'));
  for (const file of ['recording-rules.yml', 'alerts.yml']) copyFileSync(join(RULES, file), join(directory, file));
  const config = {
    global: {
      ...{ scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      external_labels: { runbook_base: RUNBOOK },
    },
    rule_files: ['recording-rules.yml', 'alerts.yml'],
    scrape_configs: [{ job_name: 'lakehaul', static_configs: [{ targets }] }],
  };
  // JSON is YAML.
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    log = (log + bytes.toString()).slice(-4_000);
  });
  const ask = async <T>(path: string, shape: z.ZodType<T>): Promise<T> =>
    shape.parse(await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json());
  await eventually('prometheus is ready', async () => {
    if (child.exitCode !== null) throw new Error(`prometheus ended: ${log}`);
    return (await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => null))?.ok;
  });
  return {
    ask,
    query: async (expression) => (await ask(`query?query=${encodeURIComponent(expression)}`, Samples)).data.result,
    async [Symbol.asyncDispose]() {
      await end(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Of the service's own log. */
async function addressOf(service: Service): Promise<string> {
  const listens = () => service.lines.find((line) => line['message'] === 'http listens')?.['port'];
  const port = await eventually(`${service.name} listens`, async () => listens(), { services: [service] });
  return `127.0.0.1:${String(port)}`;
}

/** What rules and dashboards ask for, as a Prometheus with one fleet is asked. */
const queries = everyExpression().map(({ expr }) => withoutMacros(expr));
const exported = [...new Set(queries.flatMap((query) => readPromql(query, shapeOf).series))]
  .filter((name) => name.startsWith('lakehaul_'))
  .sort();

it('a healthy migration is scraped and evaluated without an error and rings nothing; a killed worker is noticed', async (context) => {
  const program = prometheusBinary(context);
  await using world = await startWorld();
  await world.redshift.run('CREATE SCHEMA "svc"');
  await world.redshift.run('CREATE TABLE "svc"."t" (id integer, name varchar(40)) SORTKEY (id)');
  await world.redshift.run(`INSERT INTO "svc"."t" VALUES (1, 'one'), (2, 'two')`);
  await using fleet = await startFleet(world, { include: ['svc.t'], defaults: { level: 'full' } });
  const services = NAMES.map((name) => fleet.start(name));
  const [, worker, verifier] = services;
  if (worker === undefined || verifier === undefined) throw new Error('three services were started');
  const addresses = await Promise.all(services.map(addressOf));
  await using prometheus = await startPrometheus(program, addresses);

  const isSealed = async () => verifier.lines.some((line) => line['message'] === 'table sealed');
  await eventually('the table is proven', isSealed, { services });
  const isTold = async () => (await prometheus.query('max(lakehaul_chunks{stage="verified"}) > 0')).length > 0;
  await eventually('the planner tells of it', isTold, { services });

  await eventually('every target is up', async () => {
    const { activeTargets } = (await prometheus.ask('targets', Targets)).data;
    return activeTargets.length === NAMES.length && activeTargets.every(({ health }) => health === 'up');
  });
  expect((await prometheus.ask('targets', Targets)).data.activeTargets.map(({ lastError }) => lastError)).toEqual(
    NAMES.map(() => ''),
  );
  await eventually('every rule has been evaluated', async () => {
    const rules = (await prometheus.ask('rules', Rules)).data.groups.flatMap((group) => group.rules);
    return rules.length > 20 && rules.every(({ health }) => health !== 'unknown');
  });
  const rules = (await prometheus.ask('rules', Rules)).data.groups.flatMap((group) => group.rules);
  expect(rules.filter(({ health, lastError }) => health !== 'ok' || (lastError ?? '') !== '')).toEqual([]);

  const missing: string[] = [];
  for (const name of exported)
    if ((await prometheus.query(`count(last_over_time(${name}[5m]))`)).length === 0) missing.push(name);
  expect(missing.filter((name) => !ONLY_AFTER_TROUBLE.includes(name))).toEqual([]);
  // Every one is evaluated: a many-to-many match, which no parser sees, is an error here.
  for (const query of queries) await prometheus.query(query);
  for (const window of ['5m', '1h', '6h'])
    await eventually(`moved bytes over ${window} have a value`, async () =>
      (await prometheus.query(`lakehaul:moved_bytes:rate${window}`)).some(({ metric }) => metric['step'] !== undefined),
    );
  const firing = async () =>
    (await prometheus.ask('alerts', Alerts)).data.alerts.filter(({ state }) => state === 'firing');
  expect(await firing()).toEqual([]);

  await worker.kill();
  const alert = await eventually('the killed worker is noticed', async () =>
    (await prometheus.ask('alerts', Alerts)).data.alerts.find(
      ({ labels }) => labels['alertname'] === 'LakehaulServiceDown',
    ),
  );
  expect(alert.labels['instance']).toBe(addresses[1]);
  expect(alert.annotations['runbook_url']).toBe(`${RUNBOOK}/alerts.md#lakehaulservicedown`);
  expect((await prometheus.query('up == 0')).map(({ metric }) => metric['instance'])).toEqual([addresses[1]]);
});
