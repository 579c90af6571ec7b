/**
 * Bugs that the explorer must find: each is what a hurried change could make of the real code, planted round the real
 * functions of one worker. A bug that is not found means that the explorer looks away.
 */
import type { Target } from '@lakehaul/adapters';
import { type AttemptRef, asLakehaulError } from '@lakehaul/core';
import { BODIES } from '../ledger-world.ts';
import { BUCKET_URL } from '../model/calls.ts';
import type { Worker, WorkerOptions } from '../model/ports.ts';
import type { Scenario } from './one-chunk.ts';

export interface PlantedBug {
  options?: WorkerOptions;
  change?: (worker: Worker) => void;
  /** What the counterexample must say. */
  found: RegExp;
  scenario: Scenario;
  switches: number;
  faults: number;
  hasLateRows?: boolean;
  workerSteps?: number;
}

/** Where a load that is sent long after its submission does harm. */
const SUSPENDED_SENDER = {
  scenario: 'fresh',
  switches: 1,
  faults: 0,
  hasLateRows: true,
  workerSteps: 8,
} as const satisfies Partial<PlantedBug>;

/** A process that is suspended between its last look at the clock and the socket, for as long as you like. */
export const SUSPENDED_AFTER_THE_LOOK: Omit<PlantedBug, 'found'> = {
  options: {
    change: ({ target }) => {
      const { copy } = target;
      target.copy = (request) => copy({ ...request, sendBeforeMs: Number.POSITIVE_INFINITY });
    },
  },
  ...SUSPENDED_SENDER,
};

/** Loads neither look at the time before they are sent, nor have the engine look before they begin. */
export function mayBeginLate(target: Target): void {
  const { copy, replace } = target;
  const always = { sendBeforeMs: Number.POSITIVE_INFINITY, startBeforeMs: Number.POSITIVE_INFINITY };
  target.copy = (request) => copy({ ...request, ...always });
  target.replace = (request) => replace({ ...request, ...always });
}

/**
 * A sender whose first statement fails with its session sends once more (warehouse.ts), after it was suspended for as long as
 * the engine still lets a load begin.
 */
function sendsAgain(target: Target): void {
  const { copy } = target;
  target.copy = async (request) => {
    const late = { ...request, sendBeforeMs: Number.POSITIVE_INFINITY };
    await copy({ ...late, startBeforeMs: 0 }).catch(() => undefined);
    return copy(late);
  };
}

export const PLANTED_BUGS: Readonly<Record<string, PlantedBug>> = {
  'fence ignored: running statements are taken for over': {
    options: { change: ({ target }) => planted(target, { findStatements: async () => [OVER] }) },
    found: /^I2/,
    scenario: 'stage differs while the COPY runs',
    switches: 0,
    faults: 0,
  },
  'a REPLACE of an earlier attempt is not waited for': {
    options: { change: ({ target }) => planted(target, { findStatements: async () => [OVER] }) },
    found: /^I2/,
    scenario: 'target differs while a REPLACE runs',
    switches: 0,
    faults: 0,
  },
  'a load begins however long ago its submission was recorded': {
    options: {
      change: ({ target }) => mayBeginLate(target),
    },
    found: /^I2/,
    ...SUSPENDED_SENDER,
  },
  'a submission whose statement failed is sent once more': {
    options: { change: ({ target }) => sendsAgain(target) },
    found: /^I2/,
    ...SUSPENDED_SENDER,
  },
  'opened is not create-once': {
    options: {
      change: ({ store }) => {
        const { putIfAbsent } = store;
        store.putIfAbsent = async (key, body, options) => {
          if (!key.endsWith('.opened.json')) return putIfAbsent(key, body, options);
          await store.put(key, body);
          return { created: true };
        };
      },
    },
    found: /^I5/,
    scenario: 'fresh',
    switches: 1,
    faults: 0,
  },
  'loaded is written before the load': {
    change: (worker) => {
      const load = worker.load;
      worker.load = async (attempt) => {
        await worker.ledger.write(attempt, 'loaded', { ...BODIES.loaded, rowCount: '3' }, null);
        return load(attempt);
      };
    },
    found: /^I2/,
    scenario: 'fresh',
    switches: 1,
    faults: 1,
  },
  'each COPY reads a prefix of its own': {
    options: {
      change: ({ target, store }) => {
        const { copy } = target;
        target.copy = async (request) => {
          const from = request.dataUrl.slice(BUCKET_URL.length);
          const to = `copies/${request.statementTag}/`;
          for (const name of request.fileNames) await store.put(to + name, (await store.get(from + name))?.body ?? '');
          return copy({ ...request, dataUrl: BUCKET_URL + to });
        };
      },
    },
    found: /^I2/,
    scenario: 'fresh',
    switches: 0,
    faults: 1,
  },
  'a lost answer is taken for a failure': {
    change: (worker) => {
      const load = worker.load;
      worker.load = async (attempt) => {
        try {
          return await load(attempt);
        } catch (thrown) {
          const error = asLakehaulError(thrown);
          if (error.code === 'ANSWER_LOST') await voidBlindly(worker, attempt);
          throw thrown;
        }
      };
    },
    found: /^I2/,
    scenario: 'fresh',
    switches: 0,
    faults: 1,
  },
  'verified without comparing': {
    options: {
      change: ({ target }) => {
        const { copy } = target;
        target.copy = (request) => copy({ ...request, fileNames: request.fileNames.slice(0, 1) });
      },
    },
    change: (worker) => {
      worker.verify = async (attempt) => {
        await worker.ledger.write(attempt, 'verified', BODIES.verified, null);
        return { moved: { rowCount: 0n, sizeBytes: 0n } };
      };
    },
    found: /^I3/,
    scenario: 'fresh',
    switches: 0,
    faults: 0,
  },
};

const OVER = { statementId: 'x', statementTag: 'x', status: 'failed' as const, error: null };

function planted(target: Target, change: Partial<Target>): void {
  Object.assign(target, change);
}

async function voidBlindly(worker: Worker, attempt: AttemptRef): Promise<void> {
  const loads = (await worker.ledger.submissions(attempt)).filter((entry) => entry.body.step === 'load');
  const statementIds = loads.map((entry) => entry.body.statementName);
  await worker.ledger.write(
    attempt,
    'void',
    { code: 'ANSWER_LOST', message: 'no answer', proof: 'statements-terminal', statementIds },
    null,
  );
}
