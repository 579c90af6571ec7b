import type { Fault, FaultHit, Faults } from './contracts.ts';
import { platformAnswer } from './platform-answers.ts';
import { seeded } from './seeded.ts';

/** What an endpoint answers because the plan says so: an error in its own protocol's form, or a cut connection. */
export class FaultError extends Error {
  readonly kind: 'error' | 'cut';
  readonly code: string;
  readonly status: number | undefined;

  constructor(
    kind: 'error' | 'cut',
    code: string,
    options: { status?: number | undefined; message?: string | undefined } = {},
  ) {
    super(options.message ?? `planned fault: ${code}`);
    this.name = 'FaultError';
    this.kind = kind;
    this.code = code;
    this.status = options.status;
  }
}

interface Armed {
  fault: Fault;
  calls: number;
  random: () => number;
}

export interface FaultPlan extends Faults {
  readonly plan: readonly Fault[];
  /** Called for `signal` faults; tests kill their worker here. Returns how to stop listening. */
  onSignal(listener: (name: string, hit: FaultHit) => void): () => void;
}

function matches(fault: Fault, point: string, text: string): boolean {
  const atPoint = fault.point.endsWith('*') ? point.startsWith(fault.point.slice(0, -1)) : point === fault.point;
  if (!atPoint || (fault.except !== undefined && text.includes(fault.except))) return false;
  return fault.match === undefined || text.includes(fault.match);
}

/** A draw for every call that it could strike, so that the share does not depend on what the window lets through. */
function strikes({ fault, calls, random }: Armed, sinceSetMs: number): boolean {
  if (fault.nth !== 0 && fault.nth !== calls) return false;
  const isChosen = fault.probability === undefined || random() < fault.probability;
  return isChosen && sinceSetMs >= (fault.fromMs ?? 0) && sinceSetMs < (fault.untilMs ?? Number.POSITIVE_INFINITY);
}

/** Each fault counts the calls that match its own point and text, so that plans do not depend on what else happens. */
export function createFaults(initial: readonly Fault[] = [], nowMs: () => number = () => performance.now()): FaultPlan {
  let armed: Armed[] = [];
  let setAtMs = 0;
  let hits: FaultHit[] = [];
  const held = new Set<() => void>();
  const listeners = new Set<(name: string, hit: FaultHit) => void>();

  function release(): void {
    for (const go of [...held]) go();
  }

  function wait(happens: Extract<Fault['happens'], { kind: 'delay' }>): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        held.delete(go);
        resolve();
      };
      // Held in both forms, so that release() and a stopping sandbox end every delay.
      const timer = happens.until === 'released' ? undefined : setTimeout(go, happens.ms ?? 0);
      held.add(go);
    });
  }

  function set(plan: readonly Fault[]): void {
    armed = plan.map((fault) => ({ fault, calls: 0, random: seeded(fault.seed ?? 1) }));
    hits = [];
    setAtMs = nowMs();
  }
  set(initial);

  /** All counters move in one go before anything waits: a delayed call must not shift the numbers of the next. */
  function due(point: string, text: string): FaultHit[] {
    const found: FaultHit[] = [];
    for (const one of armed) {
      if (!matches(one.fault, point, text)) continue;
      one.calls += 1;
      if (strikes(one, nowMs() - setAtMs)) found.push({ point, call: one.calls, fault: one.fault });
    }
    hits.push(...found);
    return found;
  }

  return {
    set,
    release,
    get hits() {
      return hits;
    },
    get plan() {
      return armed.map((one) => one.fault);
    },
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    losesAnswer: (hit) => hit?.fault.happens.kind === 'answer-lost',
    async before(point, text = '') {
      let last: FaultHit | null = null;
      for (const hit of due(point, text)) {
        const { happens } = hit.fault;
        if (happens.kind === 'delay') await wait(happens);
        if (happens.kind === 'signal') for (const listen of listeners) listen(happens.name, hit);
        if (happens.kind === 'cut-before') throw new FaultError('cut', 'ECONNRESET');
        if (happens.kind === 'error')
          throw new FaultError('error', happens.code, { status: happens.status, message: happens.message });
        if (happens.kind === 'disk-full' || happens.kind === 'token-expired' || happens.kind === 'throttled') {
          const { code, status, message } = platformAnswer(happens.kind, point);
          throw new FaultError('error', code, { status, message });
        }
        // What shapes the answer wins over what is over by now.
        if (last === null || (happens.kind !== 'delay' && happens.kind !== 'signal')) last = hit;
      }
      return last;
    },
  };
}
