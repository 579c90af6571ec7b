/**
 * Resident memory of the bundled services, each a process of its own over the local clouds and a Redis: idle (started, nothing
 * to do) and at work (the highest while a table is hauled). Linux only: it reads /proc.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readLedger } from '@lakehaul/fleet';
import { statusReport } from '@lakehaul/operate';
import { eventually, type Service, startFleet } from '../test/support/processes.ts';
import { startWorld } from '../test/support/world.ts';

const ROOT = join(import.meta.dirname, '..');
const NAMES = ['planner', 'worker', 'verifier'] as const;
const ROWS = 2_000_000;
const TABLES = { include: ['m.t'], defaults: { level: 'full', chunkBytes: '1MiB' } };
/** The test fleet's loops look more often than a real one's. */
const AS_IN_PRODUCTION = {
  planner: { LAKEHAUL_FEED_EVERY: '5s' },
  worker: {},
  verifier: { LAKEHAUL_KEEP_EVERY: '30s' },
};
const SETTLE_MS = 15_000;

export async function bench(args: readonly string[]): Promise<Record<string, number>> {
  const at = args.indexOf('--rows');
  const rows = at < 0 ? ROWS : Number(args[at + 1]);
  // Inside the tree, so that the packages with native code are found.
  const bundles = await mkdtemp(join(ROOT, 'node_modules/.cache-memory-'));
  execFileSync(process.execPath, [join(ROOT, 'bundle.mjs'), bundles], { stdio: 'inherit' });
  try {
    await using world = await startWorld();
    await world.redshift.run('CREATE SCHEMA "m"');
    await world.redshift.run('CREATE TABLE "m"."t" (id bigint, name varchar(80), at timestamp) SORTKEY (id)');
    await fill(world, rows);
    await using fleet = await startFleet(world, TABLES, { bundles });
    const services = new Map<string, Service>();
    const start = (name: (typeof NAMES)[number]) => services.set(name, fleet.start(name, AS_IN_PRODUCTION[name]));
    const peak: Record<string, number> = {};
    const sampler = setInterval(() => {
      for (const [name, service] of services) peak[name] = Math.max(peak[name] ?? 0, residentBytes(service));
    }, 100);
    // Without a plan there is nothing to do.
    start('worker');
    start('verifier');
    await settle();
    const idle: Record<string, number> = { worker: bytesOf('worker'), verifier: bytesOf('verifier') };
    start('planner');
    const session = await world.session(world.config(TABLES, { migration: 'fleet' }));
    const chunks = await eventually(
      'the table proven',
      async () => {
        const { plans, scan } = await readLedger(session.ledger);
        const report = await statusReport(session.ledger, plans, scan);
        return plans.length > 0 && report.done === report.chunks ? report.chunks : null;
      },
      { withinMs: 600_000, services: [...services.values()] },
    );
    await settle();
    clearInterval(sampler);
    idle['planner'] = bytesOf('planner');
    return {
      chunks,
      rows,
      ...Object.fromEntries(NAMES.map((name) => [`${name}IdleRssBytes`, idle[name] ?? 0])),
      ...Object.fromEntries(NAMES.map((name) => [`${name}PeakRssBytes`, peak[name] ?? 0])),
    };

    function bytesOf(name: string): number {
      const service = services.get(name);
      return service === undefined ? 0 : residentBytes(service);
    }
  } finally {
    await rm(bundles, { recursive: true, force: true });
  }
}

async function fill(world: Awaited<ReturnType<typeof startWorld>>, rows: number): Promise<void> {
  const ten = Array.from({ length: 10 }, (_, digit) => `(${digit})`).join(', ');
  await world.redshift.run('CREATE TABLE "m"."d" (d bigint)');
  await world.redshift.run(`INSERT INTO "m"."d" VALUES ${ten}`);
  const digits = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const number = digits.map((name, index) => `${name}.d*${10 ** index}`).join('+');
  const from = digits.map((name) => `"m"."d" ${name}`).join(', ');
  await world.redshift.run(
    `INSERT INTO "m"."t" SELECT ${number}, 'the name of row ' || (${number})::varchar(20), TIMESTAMP '2026-01-01 00:00:00' FROM ${from} WHERE ${number} < ${rows}`,
  );
  await world.redshift.run('DROP TABLE "m"."d"');
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

function residentBytes(service: Service): number {
  if (service.child.exitCode !== null)
    throw new Error(`${service.name} ended: ${JSON.stringify(service.lines.slice(-3))}`);
  const status = readFileSync(`/proc/${service.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
}
