/**
 * A whole fleet of real processes. What ends, by a drill's hand or by itself, is started again after a moment, as
 * Kubernetes would: that a service may end is part of the design (an expired token ends it), that it stays away is not.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type DrillPlan, ROLES, type Role } from './drill-plan.ts';

/** What a process is started with. */
export interface Launch {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** A service runs until it is told to end; `lakehaul run` is over when all is done. */
  mayEnd: boolean;
}

export interface DrillFleet extends AsyncDisposable {
  signal(role: Role, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGTERM; resolves with the exit code, null when there was nothing to end. */
  terminate(role: Role): Promise<number | null>;
  /** How often a process ended and was started again. */
  readonly restarts: number;
  /** The newest log lines, each with its role in front. */
  lines(): string[];
}

const RESTART_MS = 250;
const KEPT_LINES = 400;

export function startDrillFleet(launches: ReadonlyMap<Role, Launch>): DrillFleet {
  const running = new Map<Role, ChildProcess>();
  const lines: string[] = [];
  let restarts = 0;
  let isOver = false;

  function start(role: Role, launch: Launch): void {
    const child = spawn(process.execPath, launch.args, { env: launch.env, stdio: ['ignore', 'ignore', 'pipe'] });
    running.set(role, child);
    keepLines(child, role, lines);
    child.once('exit', (code) => {
      if (isOver || running.get(role) !== child || (launch.mayEnd && code === 0)) return;
      restarts++;
      setTimeout(() => {
        if (!isOver) start(role, launch);
      }, RESTART_MS);
    });
  }
  for (const [role, launch] of launches) start(role, launch);

  return {
    signal: (role, signal) => void running.get(role)?.kill(signal),
    async terminate(role) {
      const child = running.get(role);
      return child === undefined ? null : end(child, 'SIGTERM');
    },
    get restarts() {
      return restarts;
    },
    lines: () => lines,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await Promise.all([...running.values()].map((child) => end(child, 'SIGKILL')));
    },
  };
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return null;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
  return child.exitCode;
}

// As the services' own start script does; the young generation would grow to 48 MB otherwise.
const NODE_FLAGS = ['--max-semi-space-size=4'];

/** Few slots: work must be in flight on several processes at once, not done by one in a moment. */
const SERVICE_ENV: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  planner: { LAKEHAUL_FEED_EVERY: '1s' },
  worker: { LAKEHAUL_UNLOAD_SLOTS: '1', LAKEHAUL_LOAD_SLOTS: '1' },
  verifier: { LAKEHAUL_VERIFY_SLOTS: '2', LAKEHAUL_KEEP_EVERY: '1200ms' },
};

/** Planner, workers and a verifier, each a bundled service of its own. */
export function serviceLaunches(
  bundle: string,
  env: Readonly<Record<string, string>>,
  plan: Pick<DrillPlan, 'fleets' | 'skewMs'>,
): Map<Role, Launch> {
  const roles = plan.fleets === 1 ? ROLES : ROLES.filter((role) => role !== 'worker-2');
  return new Map(
    roles.map((role) => {
      const service = role.replace(/-\d+$/, '');
      const args = [...clockOf(role, plan.skewMs), ...NODE_FLAGS, join(bundle, `${service}.mjs`)];
      return [role, { args, env: { ...env, ...SERVICE_ENV[service] }, mayEnd: false }];
    }),
  );
}

const ROOT = join(import.meta.dirname, '../../../..');

/** `lakehaul run` in one process with the embedded store: what a machine without Redis can do. */
export function soloLaunch(configFile: string, env: Readonly<Record<string, string>>): Map<Role, Launch> {
  const tsx = join(ROOT, 'node_modules/tsx/dist/esm/index.mjs');
  const main = join(ROOT, 'packages/cli/src/main.ts');
  const args = ['--import', tsx, main, 'run', '--config', configFile, '--yes', '--log', 'info'];
  return new Map([['planner', { args, env, mayEnd: true }]]);
}

/** A wrong clock needs no knob in the product: the process's own Date is moved before anything else is loaded. */
function clockOf(role: Role, skewMs: number): string[] {
  if (role !== 'worker-1' || skewMs === 0) return [];
  const source = `const Real = Date, now = Date.now.bind(Date);
    globalThis.Date = class extends Real {
      constructor(...given) { if (given.length === 0) super(now() + ${skewMs}); else super(...given); }
      static now() { return now() + ${skewMs}; }
    };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}

function keepLines(child: ChildProcess, role: Role, lines: string[]): void {
  let rest = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    const parts = (rest + bytes.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) lines.push(`${role} ${line}`);
    if (lines.length > KEPT_LINES) lines.splice(0, lines.length - KEPT_LINES);
  });
}
