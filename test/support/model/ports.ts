/** The real ledger, steps and fence of one worker over the modelled clouds: every method is one call to `caller`. */
import type { LoadRequest, Manifest, Source, SourceStatement, Stage, Target, UnloadAnswer } from '@lakehaul/adapters';
import {
  type AttemptRef,
  asLakehaulError,
  type ChunkRef,
  type Fingerprint,
  type LakehaulError,
  type Log,
  lineageOf,
  nextAttempt,
  nextStep,
  type ObjectInfo,
  type ObjectStore,
} from '@lakehaul/core';
import { Ledger, runStep, type StepJob, type StepLimits, type StepOutcome } from '@lakehaul/ledger';
import { verifyChunk } from '@lakehaul/verifier';
import { loadChunk, OPEN_GATE, unloadChunk, voidAttempt } from '@lakehaul/worker';
import { MIGRATION } from '../ledger-world.ts';
import { BUCKET_URL, type Call } from './calls.ts';
import type { Load } from './state.ts';

export interface Caller {
  call(call: Call): Promise<unknown>;
  /** The process's clock, as it was when it last looked. */
  nowMs(): number;
  /** A promise about the code: from here on it does what follows from `known`, whatever else it has heard so far. */
  knowsOnly?(known: string): void;
}

export const LEDGER_PREFIX = 'ledger';
export const STAGING_PREFIX = 'stage';
/**
 * A sleep of the model is 65 s. So a statement that was left running lives through one sleep, is killed before the second
 * one ends, and the fence (time-out and 60 s of slack) believes that after the third.
 */
export const TIMEOUT_MS = 100_000;
/** With the time-out and the fence's minute still within three sleeps. */
const START_WITHIN_MS = 30_000;
export const IN_FLIGHT_MS = 60_000;

const never = new AbortController().signal;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

export function modelStore(caller: Caller): ObjectStore {
  const put = (key: string, body: Uint8Array | string, isCreateOnce: boolean) =>
    caller.call({
      on: 's3.PutObject',
      key,
      body: typeof body === 'string' ? body : new TextDecoder().decode(body),
      isCreateOnce,
    });
  return {
    putIfAbsent: async (key, body) => (await put(key, body, true)) as { created: boolean },
    put: async (key, body) => void (await put(key, body, false)),
    async get(key) {
      const found = (await caller.call({ on: 's3.GetObject', key })) as { body: string; info: ObjectInfo } | null;
      return found === null ? null : { body: new TextEncoder().encode(found.body), info: found.info };
    },
    head: async (key) => (await caller.call({ on: 's3.HeadObject', key })) as ObjectInfo | null,
    async *list(prefix, options = {}) {
      yield* (await caller.call({
        on: 's3.ListObjectsV2',
        prefix,
        after: options.startAfter ?? '',
      })) as ObjectInfo[];
    },
    delete: async (keys) => void (await caller.call({ on: 's3.DeleteObjects', keys })),
    serverTimeMs: async () => (await caller.call({ on: 's3.HeadBucket' })) as number,
  };
}

/** What a worker never asks of a port is missing: asking for it fails the test. */
function modelSource({ call }: Caller): Source {
  const source: Partial<Source> = {
    findStatement: async (name) => (await call({ on: 'redshift.ListStatements', name })) as SourceStatement | null,
    submitUnload: async ({ statementName, dataUrl, predicate }) =>
      (await call({ on: 'redshift.BatchExecuteStatement', request: { statementName, dataUrl, predicate } })) as {
        statementId: string;
      },
    awaitStatement: async (id) => (await call({ on: 'redshift.DescribeStatement', id })) as SourceStatement,
    async readUnloadAnswer(id, { level }) {
      const answer = (await call({ on: 'redshift.GetStatementResult', id })) as UnloadAnswer;
      return level === 'full' ? answer : { ...answer, fingerprints: [] };
    },
  };
  return source as Source;
}

function modelStage({ call }: Caller): Stage {
  const stage: Partial<Stage> = {
    url: (key) => `${BUCKET_URL}${key}`,
    readManifest: async (prefix) => (await call({ on: 'stage.readManifest', prefix })) as Manifest | null,
    list: async (prefix) => (await call({ on: 's3.ListObjectsV2', prefix, after: '' })) as ObjectInfo[],
    delete: async (keys) => void (await call({ on: 's3.DeleteObjects', keys })),
  };
  return stage as Stage;
}

type Lineages = Awaited<ReturnType<Target['countLineages']>>;

function modelTarget({ call }: Caller, isNeverKilled: boolean): Target {
  const prefixOf = (url: string) => url.slice(BUCKET_URL.length);
  const write = async (
    operation: Load['operation'],
    request: Omit<LoadRequest, 'dataUrl' | 'fileNames'> & { dataUrl?: string; fileNames?: readonly string[] },
  ) =>
    (await call({
      on: 'databricks.write',
      load: {
        operation,
        tag: request.statementTag,
        chunk: request.chunk,
        attempt: request.attempt,
        dataPrefix: prefixOf(request.dataUrl ?? BUCKET_URL),
        fileNames: request.fileNames ?? [],
        timeoutMs: isNeverKilled ? Number.POSITIVE_INFINITY : request.statementTimeoutMs,
        startBeforeMs: request.startBeforeMs,
      },
      sendBeforeMs: request.sendBeforeMs,
    })) as Awaited<ReturnType<Target['copy']>>;
  const target: Partial<Target> = {
    copy: (request) => write('copy', request),
    replace: (request) => write('replace', request),
    deleteChunk: (request) => write('delete', request),
    findStatements: async (tag) =>
      (await call({ on: 'databricks.history', tag })) as Awaited<ReturnType<Target['findStatements']>>,
    version: async () => (await call({ on: 'databricks.version' })) as string,
    countLineages: async (_plan, chunk, version) =>
      (await call({ on: 'databricks.countLineages', chunk, version })) as Lineages,
    lineageCounts: async (_table, version) => (await call({ on: 'databricks.lineageCounts', version })) as Lineages,
    fingerprint: async ({ chunk, attempt, version }) =>
      (await call({ on: 'databricks.fingerprint', lineage: lineageOf(chunk, attempt), version })) as Fingerprint,
    carriedFingerprint: async ({ dataUrl, fileNames }) =>
      (await call({ on: 'databricks.carried', prefix: prefixOf(dataUrl), fileNames })) as Fingerprint,
    differences: async () => ({ missingRows: '1', extraRows: '0', changedRows: '0', rows: [], isTruncated: false }),
    history: async (_table, since) =>
      (await call({ on: 'databricks.commits', since })) as Awaited<ReturnType<Target['history']>>,
  };
  return target as Target;
}

/** One process: real code throughout, its own nonces. */
export interface Worker {
  name: string;
  ledger: Ledger;
  stage: Stage;
  target: Target;
  limits: StepLimits;
  unload(attempt: AttemptRef): Promise<StepActed>;
  load(attempt: AttemptRef): Promise<StepActed>;
  verify(attempt: AttemptRef): Promise<StepActed>;
  end(attempt: AttemptRef, error: LakehaulError): Promise<void>;
  sleep(ms: number): Promise<void>;
  knowsOnly(known: string): void;
}

type StepActed = Awaited<ReturnType<typeof verifyChunk>>;

export interface WorkerOptions {
  /** Not what the fence assumes: the engine kills no statement of its own, however long it takes. */
  isNeverKilled?: boolean;
  limits?: StepLimits;
  /** What its nonces begin with: no other process may have the same. */
  nonceMark?: string;
  /** For planted bugs: ports that lie. */
  change?: (ports: { store: ObjectStore; source: Source; stage: Stage; target: Target }) => void;
}

export function openWorker(name: string, caller: Caller, options: WorkerOptions = {}): Worker {
  const ports = {
    store: modelStore(caller),
    source: modelSource(caller),
    stage: modelStage(caller),
    target: modelTarget(caller, options.isNeverKilled === true),
  };
  options.change?.(ports);
  const { store, source, stage, target } = ports;
  let nonces = 0;
  let phase = 0;
  const sleep = async (ms: number) => void (await caller.call({ on: 'clock.sleep', ms }));
  // The clock in a receipt is for people: the same for all, so that it makes no two states differ.
  const clock = { nowMs: () => 0, sleep };
  const ledger = new Ledger({
    store,
    prefix: LEDGER_PREFIX,
    migration: MIGRATION,
    actor: { service: 'worker', instance: name, version: '0' },
    clock,
    ids: { uuid: () => `${options.nonceMark ?? name}-${phase}-${++nonces}`, random: () => 0.5 },
  });
  const knowsOnly = (known: string) => {
    // How many nonces were used is forgotten, too.
    nonces = 0;
    phase += 1;
    caller.knowsOnly?.(`${phase} ${known}`);
  };
  const limits = options.limits ?? { maxAttempts: 5, maxFailures: 5 };
  const serverTimeMs = () => ledger.serverTimeMs();
  const unload = { ledger, source, stage, clock, stagingPrefix: STAGING_PREFIX, inFlightMs: IN_FLIGHT_MS };
  const unloadDeps = { ...unload, gate: OPEN_GATE, sourceTimeoutMs: TIMEOUT_MS, serverTimeMs };
  const loadDeps = {
    ledger,
    target,
    stage,
    nowMs: () => caller.nowMs(),
    sleep,
    serverTimeMs,
    targetTimeoutMs: TIMEOUT_MS,
    startWithinMs: START_WITHIN_MS,
  };
  const verifyDeps = { ledger, target, stage, maxAttempts: limits.maxAttempts, diffRows: 10 };
  return {
    name,
    ledger,
    stage,
    target,
    limits,
    unload: (attempt) => unloadChunk(unloadDeps, attempt, never, silent),
    load: (attempt) => loadChunk(loadDeps, attempt, never, silent),
    verify: (attempt) => verifyChunk(verifyDeps, attempt, silent),
    end: (attempt, error) => voidAttempt(loadDeps, attempt, error),
    sleep,
    knowsOnly,
  };
}

/**
 * Where the code comes from a step's work back to runStep, or goes there, it has forgotten the rest: the work is told the
 * attempt and nothing else, and runStep goes on with the job and the error alone (run-step.ts).
 */
export function doStep(worker: Worker, job: StepJob): Promise<StepOutcome> {
  const told = `${job.step} of attempt ${job.attempt}`;
  const ended = (what: string, thrown: unknown): never => {
    const { code, message, retryAfterMs, next } = asLakehaulError(thrown);
    worker.knowsOnly(`${told} ${what}: ${JSON.stringify([code, message, retryAfterMs, next])}`);
    throw thrown;
  };
  return runStep({
    ledger: worker.ledger,
    log: silent,
    limits: worker.limits,
    job,
    signal: never,
    async act(attempt) {
      worker.knowsOnly(`${told} begins`);
      const { moved, failure } = await worker[job.step](attempt).catch((thrown) => ended('failed', thrown));
      worker.knowsOnly(`${told} is done: ${failure}`);
      return failure === undefined ? { moved } : { moved, failure };
    },
    voidAttempt: async (attempt, error) => {
      if (job.step === 'verify') throw error;
      await worker.end(attempt, error).catch((thrown) => ended('cannot be ended', thrown));
      worker.knowsOnly(`${told} was ended`);
    },
  });
}

/** Between two turns of a worker, all that it remembers. */
export interface BetweenTurns {
  job: StepJob | null;
  /** It pauses before it goes on. */
  isPausing: boolean;
}

export const FIRST_TURN: BetweenTurns = { job: null, isPausing: false };

/**
 * What the queue and the feeder do with one chunk: the next job follows a step at once; a step that did not move the
 * chunk on, or a job that broke, comes again later. Ends when nothing is left to do, or after `turns`.
 */
export async function workOn(worker: Worker, ref: ChunkRef, turns: number): Promise<string> {
  let at = FIRST_TURN;
  for (let turn = 0; turn < turns; turn++) {
    const to = await workTurn(worker, ref, at);
    if (typeof to === 'string') return to;
    at = to;
  }
  return GAVE_UP;
}

export const GAVE_UP = 'gave up';
export const NOTHING_LEFT = 'nothing left to do';

/** One step, after the pause that the one before asked for. A text: how the work ended. */
export async function workTurn(worker: Worker, ref: ChunkRef, before: BetweenTurns): Promise<BetweenTurns | string> {
  if (before.isPausing) await worker.sleep(1_000);
  try {
    const current = before.job ?? (await nextJobOf(worker, ref));
    if (current === null) return NOTHING_LEFT;
    const { next } = await doStep(worker, current);
    if (next !== null) return { job: next, isPausing: false };
    const job = await nextJobOf(worker, ref);
    return job === null ? NOTHING_LEFT : { job, isPausing: true };
  } catch (thrown) {
    const { disposition } = asLakehaulError(thrown);
    // What only a person can settle ends the service; everything else leaves the queue and comes again.
    if (disposition !== 'retry' && disposition !== 'backpressure') throw thrown;
    return { job: null, isPausing: true };
  }
}

export async function nextJobOf(worker: Worker, ref: ChunkRef): Promise<StepJob | null> {
  const state = await worker.ledger.chunkState(ref);
  const step = nextStep(state);
  return step === null ? null : { ...ref, attempt: nextAttempt(state), step };
}
