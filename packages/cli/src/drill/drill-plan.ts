/**
 * What a drill does to the fleet, as data: drawn from the seed alone, so that a seed is a schedule. Moments are progress,
 * not seconds: the n-th receipt of a finished step, which is the same place in the haul on a fast and on a slow machine.
 */
import { type Fault, seeded } from '@lakehaul/sandbox';

export type Role = 'planner' | 'worker-1' | 'worker-2' | 'verifier';
export const ROLES: readonly Role[] = ['planner', 'worker-1', 'worker-2', 'verifier'];

export type Action =
  /** SIGKILL; another one is started, as Kubernetes does. */
  | { kind: 'kill'; role: Role }
  /** SIGTERM, waited for; another one is started. */
  | { kind: 'terminate'; role: Role }
  /** SIGSTOP, and SIGCONT after the time: an event loop that is blocked longer than the lock lasts. */
  | { kind: 'freeze'; role: Role; forMs: number }
  | { kind: 'redis-flush' }
  | { kind: 'redis-freeze'; forMs: number }
  /** Killed and started again; `old` comes back with what it knew at an earlier moment. */
  | { kind: 'redis-restart'; awayMs: number; back: 'empty' | 'old' }
  | { kind: 'redis-snapshot' }
  /** maxmemory is reached: every write is refused. */
  | { kind: 'redis-full'; forMs: number }
  /** Its disk is full: with save points set, every write is refused (MISCONF). */
  | { kind: 'redis-disk-full'; forMs: number }
  | { kind: 'faults'; plan: readonly Fault[]; forMs: number }
  | { kind: 'warehouse-stop'; forMs: number };

export interface ScheduledAction {
  /** As soon as the ledger holds so many `unloaded`, `loaded` and `verified` receipts; 0 = from the start. */
  atReceipts: number;
  action: Action;
}

export interface DrillPlan {
  drill: string;
  seed: number;
  /** Whole fleets on the one migration, each with its own Redis. */
  fleets: 1 | 2;
  /** How far worker-1's clock is off; 0 = right. */
  skewMs: number;
  schedule: readonly ScheduledAction[];
}

export interface Drill {
  name: string;
  /** As deploy/runbook/what-if.md asks it. */
  question: string;
  /** Can it be done with one process and the embedded store? */
  needsRedis: boolean;
  /** Takes half a minute and more: only whoever names it gets it. */
  isLong?: true;
  plan: (draw: Draw) => Pick<DrillPlan, 'schedule'> & Partial<Pick<DrillPlan, 'fleets' | 'skewMs'>>;
}

/** All randomness of a drill. */
export interface Draw {
  /** A whole number, both ends included. */
  whole(from: number, to: number): number;
  one<T>(of: readonly T[]): T;
  /** Moments in ascending order, while there is still work in flight. */
  moments(count: number): number[];
  seed(): number;
}

/** Eight chunks make three receipts each; the last quarter is left for the recovery. */
const FIRST_MOMENT = 1;
const LAST_MOMENT = 18;

export function createDraw(seed: number): Draw {
  const random = seeded(seed);
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  return {
    whole,
    one: (of) => of[whole(0, of.length - 1)] as (typeof of)[number],
    moments: (count) => Array.from({ length: count }, () => whole(FIRST_MOMENT, LAST_MOMENT)).sort((a, b) => a - b),
    seed: () => whole(1, 2 ** 31 - 1),
  };
}

export function planDrill(drill: Drill, seed: number): DrillPlan {
  const planned = drill.plan(createDraw(seed));
  return { drill: drill.name, seed, fleets: 1, skewMs: 0, ...planned };
}

/** One line per injection, for people. */
export function actionText({ atReceipts, action }: ScheduledAction): string {
  const when = atReceipts === 0 ? 'from the start' : `at receipt ${atReceipts}`;
  return `${what(action)} ${when}`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function what(action: Action): string {
  switch (action.kind) {
    case 'kill':
      return `SIGKILL ${action.role}`;
    case 'terminate':
      return `SIGTERM ${action.role}`;
    case 'freeze':
      return `${action.role} stands still for ${seconds(action.forMs)}`;
    case 'redis-flush':
      return 'FLUSHALL';
    case 'redis-freeze':
      return `Redis does not answer for ${seconds(action.forMs)}`;
    case 'redis-restart':
      return `Redis gone for ${seconds(action.awayMs)}, back ${action.back === 'empty' ? 'empty' : 'with an old snapshot'}`;
    case 'redis-snapshot':
      return 'Redis saves a snapshot';
    case 'redis-full':
      return `Redis maxmemory reached for ${seconds(action.forMs)}`;
    case 'redis-disk-full':
      return `Redis cannot save for ${seconds(action.forMs)} (MISCONF)`;
    case 'faults':
      return `${action.plan.map(faultText).join('; ')} for ${seconds(action.forMs)}`;
    case 'warehouse-stop':
      return `warehouse stopped for ${seconds(action.forMs)}`;
  }
}

function faultText(fault: Fault): string {
  const share = fault.probability === undefined ? '' : `${Math.round(fault.probability * 100)} % of `;
  const { happens } = fault;
  const how =
    happens.kind === 'error' ? happens.code : happens.kind === 'delay' ? `${happens.ms ?? 0} ms late` : happens.kind;
  const which = fault.nth === 0 ? '' : ` (call ${fault.nth})`;
  return `${share}${fault.point} ${how}${which}`;
}
