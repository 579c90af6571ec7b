/** One chunk of three rows with two workers at it: what the explorer explores. */
import { asLakehaulError, type ChunkRef, isDone, LakehaulError } from '@lakehaul/core';
import { chunkRef, rangeChunks, tablePlan } from '../ledger-world.ts';
import { listed, perform, submitLoad } from '../model/calls.ts';
import {
  type BetweenTurns,
  type Caller,
  doStep,
  FIRST_TURN,
  openWorker,
  type Worker,
  type WorkerOptions,
  workOn,
  workTurn,
} from '../model/ports.ts';
import { type Clouds, currentRows, type Load, newClouds, withObject } from '../model/state.ts';
import type { Exploration, Explored } from './exploration.ts';
import { explore } from './explore.ts';
import { brokenBetween, quarantineReason, sealFinds, stagedRowsOf, stateOf, unequal } from './invariants.ts';
import { OWN_MARK, type Program } from './worker-tree.ts';

export const PLAN = tablePlan(1);
export const REF: ChunkRef = chunkRef(PLAN, 0);
export const ROWS = [1, 2, 3] as const;
const WORKER_STEPS = 5;
const SUCCESSOR_STEPS = 16;

/** Calls that are done at once, nothing going wrong: for what comes before the search. */
export function directCaller(world: { clouds: Clouds }): Caller {
  return {
    nowMs: () => world.clouds.nowMs,
    call: async (call) => {
      const { clouds, answer } = perform(world.clouds, call);
      world.clouds = clouds;
      if ('error' in answer) throw answer.error;
      return answer.value;
    },
  };
}

export async function plannedClouds(rows: readonly number[] = ROWS): Promise<Clouds> {
  const world = { clouds: newClouds(rows) };
  await openWorker('planner', directCaller(world)).ledger.writePlan(PLAN, rangeChunks(PLAN));
  return world.clouds;
}

export type Scenario = (typeof SCENARIOS)[number];
/** Where the search begins. One fault in the search comes on top of what has gone wrong before it. */
export const SCENARIOS = [
  'fresh',
  'target differs',
  'stage differs while the COPY runs',
  'target differs while a REPLACE runs',
] as const;

/** Attempt 1 is staged, and its COPY was sent by a process that is no more; then somebody damaged a staged file. */
async function stageDiffers(): Promise<Clouds> {
  const world = { clouds: await plannedClouds() };
  const before = openWorker('before', directCaller(world));
  await doStep(before, { ...REF, attempt: 1, step: 'unload' });
  const atCopy = leftRunning(world, 'copy');
  await doStep(openWorker('dead', atCopy), { ...REF, attempt: 1, step: 'load' }).catch(() => undefined);
  const file = listed(world.clouds, 'stage/').find(({ key }) => key.endsWith('1.parquet'));
  world.clouds = withObject(world.clouds, file?.key ?? '', '9:3');
  return world.clouds;
}

/** Attempt 1 was loaded, and a row of it changed in the target: the proof will fail. */
async function targetDiffers(): Promise<Clouds> {
  const world = { clouds: await plannedClouds() };
  const before = openWorker('before', directCaller(world));
  for (const step of ['unload', 'load'] as const) await doStep(before, { ...REF, attempt: 1, step });
  return withDamagedRow(world.clouds);
}

/** Attempt 2 was to repair that, and its REPLACE was left running by a process that is no more. */
async function replaceRuns(): Promise<Clouds> {
  const world = { clouds: await targetDiffers() };
  const before = openWorker('before', directCaller(world));
  await doStep(before, { ...REF, attempt: 1, step: 'verify' });
  await doStep(before, { ...REF, attempt: 2, step: 'unload' });
  await doStep(openWorker('dead', leftRunning(world, 'replace')), { ...REF, attempt: 2, step: 'load' }).catch(
    () => undefined,
  );
  const file = listed(world.clouds, 'stage/').find(({ key }) => key.includes('/a2-') && key.endsWith('1.parquet'));
  world.clouds = withObject(world.clouds, file?.key ?? '', '9:3');
  return world.clouds;
}

function withDamagedRow(clouds: Clouds): Clouds {
  const [first, ...rest] = currentRows(clouds).filter((row) => row.lineage !== null);
  const live = currentRows(clouds).filter((row) => row.lineage === null);
  const damaged = [...live, { lineage: first?.lineage ?? null, row: 9 }, ...rest];
  const commits = [...clouds.commits, { operation: 'UPDATE', predicate: '', tag: '' }];
  return { ...clouds, versions: [...clouds.versions, damaged], commits };
}

/** The process dies when it sends the load; the statement goes on. */
function leftRunning(world: { clouds: Clouds }, operation: Load['operation']): Caller {
  const direct = directCaller(world);
  return {
    nowMs: direct.nowMs,
    call: (call) => {
      if (call.on !== 'databricks.write' || call.load.operation !== operation) return direct.call(call);
      world.clouds = submitLoad(world.clouds, call, 'running').clouds;
      return Promise.reject(new LakehaulError('CREDENTIALS_REJECTED', 'the process ends here'));
    },
  };
}

export async function startOf(scenario: Scenario): Promise<Clouds> {
  switch (scenario) {
    case 'fresh':
      return plannedClouds();
    case 'target differs':
      return targetDiffers();
    case 'stage differs while the COPY runs':
      return stageDiffers();
    case 'target differs while a REPLACE runs':
      return replaceRuns();
  }
}

export interface TwoWorkers {
  scenario: Scenario;
  /** A third actor finds late rows at the source and reopens the chunk. */
  hasLateRows?: boolean;
  workerSteps?: number;
  switches: number;
  faults: number;
  options?: WorkerOptions;
  change?: (worker: Worker) => void;
  longestMs?: number;
  /** Every schedule, workers that live on, nothing left out: what the reductions are compared with. */
  isPlain?: boolean;
  /** Is told of each end. */
  seeEnd?: (clouds: Clouds) => void;
}

export async function exploreTwoWorkers(request: TwoWorkers): Promise<Explored & { foundBySeal: number }> {
  const { workerSteps = WORKER_STEPS } = request;
  const late = request.hasLateRows === true ? [{ name: 'R', program: reopener, turns: 1 }] : [];
  const program = chunkWorker(request);
  const named = (name: string, turns: number) =>
    request.isPlain === true ? { name, program: livingOn(request, turns), turns: 1 } : { name, program, turns };
  const seal = sealJudges();
  const judges = request.options?.isNeverKilled === true ? seal.judges : { judgeEnd };
  const exploration: Exploration = {
    start: await startOf(request.scenario),
    ref: REF,
    workers: [named('A', workerSteps), named('B', workerSteps), ...late],
    successor: named('C', SUCCESSOR_STEPS),
    switches: request.switches,
    faults: request.faults,
    ...judges,
    isPlain: request.isPlain === true,
    ...(request.seeEnd === undefined ? {} : { seeEnd: request.seeEnd }),
    ...(request.longestMs === undefined ? {} : { longestMs: request.longestMs }),
  };
  return { ...(await explore(exploration)), foundBySeal: seal.found() };
}

/** Where what the fence assumes does not hold, the seal must find what the fence let through. */
function sealJudges(): { judges: Pick<Exploration, 'judgeMoment' | 'judgeEnd'>; found: () => number } {
  let found = 0;
  const orSealed = (wrong: string | null, clouds: Clouds): string | null => {
    // A statement that is seen running is waited for, for ever if need be: the successor runs out of steps.
    if (wrong?.startsWith('stuck') === true) return null;
    if (wrong === null || !wrong.startsWith('I2')) return wrong;
    if (!sealFinds(clouds, REF)) return `the seal does not find it: ${wrong}`;
    found += 1;
    return null;
  };
  return {
    judges: {
      judgeMoment: (before, after) => orSealed(brokenBetween(before, after, REF), after),
      judgeEnd: (clouds, ends) => orSealed(judgeEnd(clouds, ends), clouds),
    },
    found: () => found,
  };
}

/**
 * A worker that is a new process at each turn, so that a turn's state is all that is left of the earlier ones. One that
 * lives on remembers nothing but pages of plans, which never change (recently-used.ts): it reads less, and learns the
 * same. `livingOn` is that one, for comparison.
 */
function chunkWorker({ options, change }: Pick<TwoWorkers, 'options' | 'change'>): Program {
  return {
    first: JSON.stringify(FIRST_TURN),
    async turn(caller, state) {
      const self = opened(caller, options, change);
      const to = await workTurn(self, REF, JSON.parse(state) as BetweenTurns);
      return typeof to === 'string' ? { end: to } : { next: JSON.stringify(to) };
    },
  };
}

function livingOn({ options, change }: Pick<TwoWorkers, 'options' | 'change'>, turns: number): Program {
  return { first: '', turn: async (caller) => ({ end: await workOn(opened(caller, options, change), REF, turns) }) };
}

function opened(caller: Caller, options: WorkerOptions | undefined, change: TwoWorkers['change']): Worker {
  const self = openWorker('w', caller, { ...options, nonceMark: OWN_MARK });
  change?.(self);
  return self;
}

/** A row comes late; whoever observes it opens the next attempt, or adopts one that reads the source after it. */
const reopener: Program = { first: '', turn: async (caller) => ({ end: await reopen(caller) }) };

async function reopen(caller: Caller): Promise<string> {
  const { ledger } = openWorker('w', caller, { nonceMark: OWN_MARK });
  await caller.call({ on: 'world.change', rows: [...ROWS, LATE_ROW] });
  try {
    const observedAt = new Date(await ledger.serverTimeMs()).toISOString();
    const { stage, attempt } = await ledger.chunkState(REF);
    if (stage === 'planned') return 'nothing was read yet';
    const body = { cause: 'late-rows', reason: 'one row', observedAt, hashForm: 'joined', level: 'carried' } as const;
    await ledger.openAttempt(REF, { attempt: Math.max(2, attempt), body, causedBy: null });
  } catch (thrown) {
    // A newer attempt since the reading, or a fault: the observer's next round looks again.
    return `observed only: ${asLakehaulError(thrown).code}`;
  }
  return 'reopened';
}

const LATE_ROW = 4;

/** The end is equal, or says why it is not. */
export function judgeEnd(clouds: Clouds, ends: readonly string[]): string | null {
  const died = ends.find((end) => end.startsWith('died'));
  if (died !== undefined) return `a worker ${died}`;
  const state = stateOf(clouds, REF);
  if (state.stage === 'quarantined')
    return quarantineReason(clouds, REF) === null ? 'quarantined without a reason' : null;
  if (!isDone(state)) return `stuck: attempt ${state.attempt} is ${state.stage} (${ends.join(', ')})`;
  const attempt = { ...REF, attempt: state.attempt };
  const uneven = unequal(clouds, attempt, currentRows(clouds));
  const wrong = uneven === null ? null : `I2: ${uneven}`;
  if (wrong !== null || !ends.includes('reopened')) return wrong;
  const staged = stagedRowsOf(clouds, attempt);
  return staged.join() === clouds.source.join() ? null : `the late row was observed, and proven were ${staged.join()}`;
}

export function report({ result, name, ms }: { result: Explored; name: string; ms: number }): string {
  const number = (value: number) => value.toLocaleString('en-US');
  return [
    `${name}: ${result.isComplete ? 'complete' : 'NOT COMPLETE'} in ${(ms / 1000).toFixed(1)} s`,
    `${number(result.moments)} distinct moments`,
    `${number(result.ends)} schedules to their end`,
    `${number(result.joined)} joined a moment seen before`,
    `${number(result.commuting)} left out as commuting`,
    `${number(result.faultBranches)} faults injected`,
    `${number(result.histories)} histories of real code run`,
  ].join(' · ');
}

export function printed({ what, trace }: { what: string; trace: readonly string[] }): string {
  return [`COUNTEREXAMPLE: ${what}`, ...trace.map((line, place) => `${String(place + 1).padStart(4)}  ${line}`)].join(
    '\n',
  );
}
