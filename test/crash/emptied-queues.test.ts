/**
 * The queue store emptied at any moment, in one process: real feeder, real scan, real steps over a ledger in memory. What
 * had a receipt is never unloaded again, what runs is found again, and the migration ends (I4). The same with real
 * processes and a real Redis is in killed-workers.fleet.test.ts.
 */
import type { Source, SourceStatement, Stage } from '@lakehaul/adapters';
import {
  type AttemptRef,
  type Chunk,
  chunkName,
  isDone,
  type Log,
  NOTHING_STEERED,
  type Step,
  type TablePlan,
} from '@lakehaul/core';
import { type Ledger, runStep, type StepJob } from '@lakehaul/ledger';
import { feedQueues } from '@lakehaul/planner';
import { type ChunkQueues, jobIdOf } from '@lakehaul/queue';
import { OPEN_GATE, unloadChunk } from '@lakehaul/worker';
import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../support/ledger-world.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const RANGES = tablePlan(3);
/** One shared scan: its leader writes the receipts of all. */
const SHARED = tablePlan(3, { tableId: 'public-shared-5e6f7a8b', keyColumns: [] });
const PLANS = [RANGES, SHARED];
const LANES = 3;
const WINDOW = 4;

function* sharedChunks(): Generator<Chunk> {
  for (let bucket = 0; bucket < SHARED.chunkCount; bucket++)
    yield {
      number: bucket,
      generation: 1,
      parts: [{ kind: 'hash', modulus: SHARED.chunkCount, bucket }],
      estimatedRows: 1n,
      estimatedBytes: 1n,
      scanGroup: 0,
    };
}

/** A queue store that forgets: jobs by id, waiting or taken. */
class ForgetfulQueues {
  jobs = new Map<string, { job: StepJob; isTaken: boolean }>();

  get asQueues(): ChunkQueues {
    const own: Pick<ChunkQueues, 'jobIdsInQueue' | 'add'> = {
      jobIdsInQueue: async (step) =>
        new Set([...this.jobs].filter(([, { job }]) => job.step === step).map(([id]) => id)),
      add: async (jobs) => {
        for (const { job } of jobs) this.put(job);
      },
    };
    return own as ChunkQueues;
  }

  put(job: StepJob): void {
    const id = jobIdOf(job);
    if (!this.jobs.has(id)) this.jobs.set(id, { job, isTaken: false });
  }

  take(): StepJob | null {
    for (const entry of this.jobs.values())
      if (!entry.isTaken) {
        entry.isTaken = true;
        return entry.job;
      }
    return null;
  }

  /** A worker's job may be gone from the store, or be there again for another worker. */
  end(job: StepJob): void {
    if (this.jobs.get(jobIdOf(job))?.isTaken === true) this.jobs.delete(jobIdOf(job));
  }
}

/** Statements by name, as the Data API keeps them. */
class FakeSource {
  readonly unloads: string[] = [];
  readonly repeated: string[] = [];
  readonly #statements = new Map<string, SourceStatement>();
  readonly #world: LedgerWorld;

  constructor(world: LedgerWorld) {
    this.#world = world;
  }

  get asSource(): Source {
    const own: Partial<Source> = {
      findStatement: async (name) => this.#statements.get(name) ?? null,
      submitUnload: async (request) => {
        const chunk = /\/([^/]+\/g\d+\/\d+)\/a\d+-s\d+\/data\/$/.exec(request.dataUrl)?.[1] ?? request.dataUrl;
        this.unloads.push(chunk);
        if (this.#hasReceipt(chunk)) this.repeated.push(chunk);
        const statementId = `st-${this.unloads.length}`;
        const { statementName } = request;
        const ended = { status: 'finished' as const, error: null, queryIds: [], durationMs: 1 };
        this.#statements.set(statementName, { statementId, statementName, ...ended });
        return { statementId };
      },
      awaitStatement: async (id) =>
        [...this.#statements.values()].find((each) => each.statementId === id) as SourceStatement,
      readUnloadAnswer: async (_id, { buckets }) => ({
        counts: Array.from({ length: buckets ?? 1 }, (_, bucket) => ({
          bucket: buckets === null ? null : bucket,
          rowCount: '1',
          maxRowBytes: '10',
        })),
        columnListHash: RANGES.source.columnListHash,
        policies: [],
        snapshotAt: '2026-01-01 00:00:00.000000',
        fingerprints: [],
      }),
    };
    return own as Source;
  }

  #hasReceipt(chunk: string): boolean {
    const [path, number = ''] = chunk.split(/\/(?=\d+$)/);
    return this.#world.store.keys.some((key) =>
      key.includes(`/${path}/${number.padStart(10, '0')}/00001.unloaded.json`),
    );
  }
}

const stage: Partial<Stage> = {
  url: (key) => `s3://b/${key}`,
  readManifest: async (prefix) => {
    const folders = prefix.includes(SHARED.tableId) ? [0, 1, 2].map((bucket) => `lakehaul_bucket=${bucket}/`) : [''];
    const files = folders.map((folder) => ({
      key: `${prefix}${folder}0.parquet`,
      sizeBytes: 1,
      etag: 'e',
      rowCount: '1',
    }));
    return { manifestKey: `${prefix}manifest`, files, rowCount: String(files.length), sizeBytes: '3' };
  },
};

interface Fleet {
  ledger: Ledger;
  world: LedgerWorld;
  queues: ForgetfulQueues;
  source: FakeSource;
}

async function act(
  { ledger, source }: Fleet,
  step: Step,
  attempt: AttemptRef,
): Promise<{ moved: { rowCount: bigint; sizeBytes: bigint } }> {
  const moved = { rowCount: 1n, sizeBytes: 1n };
  if (step === 'load') await ledger.write(attempt, 'loaded', BODIES.loaded, null);
  if (step === 'verify') await ledger.write(attempt, 'verified', BODIES.verified, null);
  if (step !== 'unload') return { moved };
  const deps = {
    ledger,
    source: source.asSource,
    stage: stage as Stage,
    clock: { nowMs: () => 0, sleep: async () => undefined },
    stagingPrefix: 'stage',
    sourceTimeoutMs: 1_000,
    inFlightMs: 10_000,
    gate: OPEN_GATE,
    serverTimeMs: () => ledger.serverTimeMs(),
  };
  return unloadChunk(deps, attempt, new AbortController().signal, log);
}

/** Takes jobs until none waits: what runs here goes on whatever the store forgets. */
async function lane(fleet: Fleet): Promise<void> {
  const { ledger, queues } = fleet;
  for (let job = queues.take(); job !== null; job = queues.take()) {
    const { step } = job;
    const { next } = await runStep({
      ledger,
      log,
      limits: { maxAttempts: 3, maxFailures: 3 },
      job,
      signal: new AbortController().signal,
      act: (attempt) => act(fleet, step, attempt),
      voidAttempt: async () => undefined,
    });
    if (next !== null) queues.put(next);
    queues.end(job);
  }
}

/** Hauls everything while the store is emptied at its `emptiedAt`th call to S3; tells how many calls there were. */
async function haul(emptiedAt: number): Promise<{ calls: number; source: FakeSource; stages: string[] }> {
  const world = new LedgerWorld();
  const ledger = world.open();
  await ledger.writePlan(RANGES, rangeChunks(RANGES));
  await ledger.writePlan(SHARED, sharedChunks());
  const queues = new ForgetfulQueues();
  const source = new FakeSource(world);
  const fleet: Fleet = { ledger, world, queues, source };
  let calls = 0;
  world.store.intercept = ({ when }) => {
    if (when === 'before' && ++calls === emptiedAt) queues.jobs.clear();
  };
  const scan = ledger.openScan();
  const clock = { nowMs: () => 0, sleep: async () => undefined };
  const feed = () =>
    feedQueues(
      {
        ...{ ledger, scan, queues: queues.asQueues, clock, log, windowSize: WINDOW },
        ...{ limits: [], steering: NOTHING_STEERED, stopped: new Set<string>() },
      },
      PLANS,
    );
  for (let pass = 0; pass < 60; pass++) {
    const { open } = await feed();
    if (open === 0) break;
    // The feeder looks again while the lanes run, as it does in a fleet: it brings back what the store has just forgotten.
    await Promise.all([...Array.from({ length: LANES }, () => lane(fleet)), feed()]);
    world.tick(3);
  }
  const stages = await Promise.all(PLANS.flatMap((plan) => stagesOf(ledger, plan)));
  return { calls, source, stages };
}

function stagesOf(ledger: Ledger, plan: TablePlan): Promise<string>[] {
  return Array.from({ length: plan.chunkCount }, async (_, chunk) => {
    const state = await ledger.chunkState(chunkRef(plan, chunk));
    return isDone(state) && state.attempt === 1
      ? 'done'
      : `${chunkName(chunkRef(plan, chunk))} ${state.stage} ${state.attempt}`;
  });
}

const EXPECTED = [
  ...[0, 1, 2].map((chunk) => chunkName(chunkRef(RANGES, chunk))),
  chunkName(chunkRef(SHARED, 0)),
].sort();

it('nothing that has a receipt is unloaded again, and every UNLOAD runs once, whenever the queues are emptied', async () => {
  const { calls } = await haul(0);
  expect(calls).toBeGreaterThan(100);
  for (let at = 1; at <= calls; at++) {
    const { source, stages } = await haul(at);
    expect({ at, repeated: source.repeated, unloads: [...source.unloads].sort() }).toEqual({
      at,
      repeated: [],
      unloads: EXPECTED,
    });
    expect(stages.filter((each) => each !== 'done')).toEqual([]);
  }
});
