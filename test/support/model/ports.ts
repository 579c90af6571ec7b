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
import { loadChunk, unloadChunk, voidAttempt } from '@lakehaul/worker';
import { MIGRATION } from '../ledger-world.ts';
import { BUCKET_URL, type Call } from './calls.ts';
import type { Load } from './state.ts';

export interface Caller {
  call(call: Call): Promise<unknown>;
  /** The process's clock, as it was when it last looked. */
  nowMs(): number;
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
}

type StepActed = Awaited<ReturnType<typeof verifyChunk>>;

export interface WorkerOptions {
  /** Not what the fence assumes: the engine kills no statement of its own, however long it takes. */
  isNeverKilled?: boolean;
  limits?: StepLimits;
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
  const sleep = async (ms: number) => void (await caller.call({ on: 'clock.sleep', ms }));
  // The clock in a receipt is for people: the same for all, so that it makes no two states differ.
  const clock = { nowMs: () => 0, sleep };
  const ledger = new Ledger({
    store,
    prefix: LEDGER_PREFIX,
    migration: MIGRATION,
    actor: { service: 'worker', instance: name, version: '0' },
    clock,
    ids: { uuid: () => `${name}-${++nonces}`, random: () => 0.5 },
  });
  const limits = options.limits ?? { maxAttempts: 5, maxFailures: 5 };
  const serverTimeMs = () => ledger.serverTimeMs();
  const unload = { ledger, source, stage, clock, stagingPrefix: STAGING_PREFIX, inFlightMs: IN_FLIGHT_MS };
  const unloadDeps = { ...unload, sourceTimeoutMs: TIMEOUT_MS, serverTimeMs };
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
  };
}

export function doStep(worker: Worker, job: StepJob): Promise<StepOutcome> {
  return runStep({
    ledger: worker.ledger,
    log: silent,
    limits: worker.limits,
    job,
    signal: never,
    act: (attempt) => worker[job.step](attempt),
    voidAttempt: (attempt, error) => (job.step === 'verify' ? Promise.reject(error) : worker.end(attempt, error)),
  });
}

/**
 * What the queue and the feeder do with one chunk: the next job follows a step at once; a step that did not move the
 * chunk on, or a job that broke, comes again later. Ends when nothing is left to do, or after `steps`.
 */
export async function workOn(worker: Worker, ref: ChunkRef, steps: number): Promise<string> {
  let job: StepJob | null = null;
  for (let step = 0; step < steps; step++) {
    try {
      job ??= await nextJobOf(worker, ref);
      if (job === null) return 'nothing left to do';
      job = (await doStep(worker, job)).next;
      if (job !== null) continue;
      job = await nextJobOf(worker, ref);
      if (job === null) return 'nothing left to do';
    } catch (thrown) {
      const { disposition } = asLakehaulError(thrown);
      // What only a person can settle ends the service; everything else leaves the queue and comes again.
      if (disposition !== 'retry' && disposition !== 'backpressure') throw thrown;
      job = null;
    }
    if (step < steps - 1) await worker.sleep(1_000);
  }
  return 'gave up';
}

export async function nextJobOf(worker: Worker, ref: ChunkRef): Promise<StepJob | null> {
  const state = await worker.ledger.chunkState(ref);
  const step = nextStep(state);
  return step === null ? null : { ...ref, attempt: nextAttempt(state), step };
}
