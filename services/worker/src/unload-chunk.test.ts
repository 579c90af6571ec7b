import type { Source, Stage, UnloadRequest } from '@lakehaul/adapters';
import { type AttemptRef, type Chunk, LakehaulError, type Log, type TablePlan } from '@lakehaul/core';
import { type Ledger, runStep } from '@lakehaul/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { unloadChunk } from './unload-chunk.ts';
import { OPEN_GATE } from './unload-gate.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const BUCKETS = 3;
const plan = tablePlan(BUCKETS, { keyColumns: [] });

function* bucketChunks(): Generator<Chunk> {
  for (let bucket = 0; bucket < BUCKETS; bucket++)
    yield {
      number: bucket,
      generation: 1,
      parts: [{ kind: 'hash', modulus: BUCKETS, bucket }],
      estimatedRows: 1n,
      estimatedBytes: 1n,
      scanGroup: 0,
    };
}

/** One row in each bucket; `manifest` may refuse. */
function clouds(manifest: () => void): { source: Source; stage: Stage; asked: UnloadRequest[] } {
  const asked: UnloadRequest[] = [];
  const statement = { statementName: '', status: 'finished' as const, error: null, queryIds: [], durationMs: 1 };
  const source: Partial<Source> = {
    findStatement: async () => null,
    submitUnload: async (request) => ({ statementId: `st-${asked.push(request)}` }),
    awaitStatement: async (statementId) => ({ ...statement, statementId }),
    readUnloadAnswer: async (_id, request) => ({
      counts: Array.from({ length: request.buckets ?? 1 }, (_, bucket) => ({
        bucket: request.buckets === null ? null : bucket,
        rowCount: '1',
        maxRowBytes: '10',
      })),
      columnListHash: plan.source.columnListHash,
      policies: [],
      snapshotAt: '2026-01-01 00:00:00.000000',
      fingerprints: [],
    }),
  };
  const stage: Partial<Stage> = {
    url: (key) => `s3://b/${key}`,
    readManifest: async (prefix) => {
      manifest();
      const last = asked.at(-1);
      const folders = last?.buckets == null ? [''] : [0, 1, 2].map((bucket) => `lakehaul_bucket=${bucket}/`);
      const files = folders.map((folder) => ({
        key: `${prefix}${folder}0.parquet`,
        sizeBytes: 1,
        etag: 'e',
        rowCount: '1',
      }));
      return { manifestKey: `${prefix}manifest`, files, rowCount: String(files.length), sizeBytes: '3' };
    },
  };
  return { source: source as Source, stage: stage as Stage, asked };
}

let world: LedgerWorld;
let ledger: Ledger;

async function unload(on: { source: Source; stage: Stage }, chunk: number, attempt: number): Promise<void> {
  const deps = {
    ledger,
    ...on,
    clock: { nowMs: () => 0, sleep: async () => undefined },
    stagingPrefix: 'stage',
    sourceTimeoutMs: 1000,
    inFlightMs: 0,
    gate: OPEN_GATE,
    serverTimeMs: () => ledger.serverTimeMs(),
  };
  const signal = new AbortController().signal;
  await runStep({
    ledger,
    log,
    limits: { maxAttempts: 5, maxFailures: 5 },
    job: { ...chunkRef(plan, chunk), attempt, step: 'unload' },
    signal,
    act: (ref) => unloadChunk(deps, ref, signal, log),
    voidAttempt: async (ref: AttemptRef, error) => {
      const body = { ...BODIES.void, code: error.code, message: error.message };
      await ledger.write(ref, 'void', body, null);
    },
  });
  world.tick();
}

async function stages(): Promise<string[]> {
  const states = await Promise.all([0, 1, 2].map((chunk) => ledger.chunkState(chunkRef(plan, chunk))));
  return states.map((state) => `${state.stage} ${state.attempt}`);
}

async function withPlan(of: TablePlan, chunks: Iterable<Chunk>): Promise<void> {
  world = new LedgerWorld();
  ledger = world.open();
  await ledger.writePlan(of, chunks);
}

describe('one scan for many chunks', () => {
  beforeEach(() => withPlan(plan, bucketChunks()));

  it('is made again when its first attempt ended before it had staged anything', async () => {
    let isBroken = true;
    const on = clouds(() => {
      if (isBroken) throw new LakehaulError('MANIFEST_INVALID', 'no JSON');
    });
    await unload(on, 0, 1);
    expect(await stages()).toEqual(['void 1', 'planned 0', 'planned 0']);
    isBroken = false;
    await unload(on, 0, 2);
    expect(on.asked.map((request) => request.buckets)).toEqual([3, 3]);
    expect(await stages()).toEqual(['unloaded 2', 'unloaded 1', 'unloaded 1']);
  });

  it('goes on past a member that has moved to an attempt of its own since', async () => {
    const on = clouds(() => undefined);
    // A leader that died between the receipts of its members.
    const member = { ...chunkRef(plan, 1), attempt: 1 };
    await ledger.openAttempt(member, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(member, 'unloaded', BODIES.unloaded, null);
    await ledger.write(member, 'void', BODIES.void, null);
    const second = { ...BODIES.opened, cause: 'void' as const, observedAt: world.nowText };
    await ledger.openAttempt(member, { attempt: 2, body: second, causedBy: null });
    await unload(on, 0, 1);
    expect(await stages()).toEqual(['unloaded 1', 'opened 2', 'unloaded 1']);
  });

  it('goes on past a member that was replayed before it had its receipt', async () => {
    const member = { ...chunkRef(plan, 2), attempt: 1 };
    await ledger.openAttempt(member, { attempt: 1, body: BODIES.opened, causedBy: null });
    const second = { ...BODIES.opened, cause: 'operator' as const };
    await ledger.openAttempt(member, { attempt: 2, body: second, causedBy: null });
    await unload(
      clouds(() => undefined),
      0,
      1,
    );
    expect(await stages()).toEqual(['unloaded 1', 'unloaded 1', 'opened 2']);
  });

  it('stages nobody when its leader was reopened while it ran: what it saw may be what the reopening is about', async () => {
    const leader = { ...chunkRef(plan, 0), attempt: 1 };
    const on = clouds(() => undefined);
    const { awaitStatement } = on.source;
    on.source.awaitStatement = async (...args) => {
      const second = { ...BODIES.opened, cause: 'operator' as const };
      await ledger.openAttempt(leader, { attempt: 2, body: second, causedBy: null });
      return awaitStatement(...args);
    };
    await unload(on, 0, 1);
    expect(await stages()).toEqual(['opened 2', 'planned 0', 'planned 0']);
    on.source.awaitStatement = awaitStatement;
    await unload(on, 0, 2);
    expect(await stages()).toEqual(['unloaded 2', 'unloaded 1', 'unloaded 1']);
  });

  it('is over once the leader has its receipt: a later attempt of it is its own', async () => {
    const on = clouds(() => undefined);
    await unload(on, 0, 1);
    await ledger.write({ ...chunkRef(plan, 0), attempt: 1 }, 'void', BODIES.void, null);
    await unload(on, 0, 2);
    expect(on.asked.map((request) => request.buckets)).toEqual([3, null]);
  });
});

describe('a new attempt', () => {
  beforeEach(() => withPlan(plan, rangeChunks(plan)));

  it('is opened although it failed once before it was', async () => {
    const on = clouds(() => undefined);
    const first = { ...chunkRef(plan, 0), attempt: 1 };
    await unload(on, 0, 1);
    await ledger.write(first, 'loaded', BODIES.loaded, null);
    await ledger.write(first, 'mismatched', BODIES.mismatched, null);
    await ledger.recordFailure({ ...first, attempt: 2 }, BODIES.failed);
    await unload(on, 0, 2);
    expect((await stages())[0]).toBe('unloaded 2');
    expect((await ledger.read({ ...first, attempt: 2 }, 'opened'))?.body.cause).toBe('mismatched');
  });
});

describe('an unload', () => {
  beforeEach(() => withPlan(plan, rangeChunks(plan)));
  const first = { ...chunkRef(plan, 0), attempt: 1 };

  /** The clouds of above with something changed. */
  function but(change: { source?: (source: Source) => Partial<Source>; stage?: (stage: Stage) => Partial<Stage> }) {
    const on = clouds(() => undefined);
    const source = { ...on.source, ...change.source?.(on.source) };
    return { ...on, source, stage: { ...on.stage, ...change.stage?.(on.stage) } };
  }

  it('is recorded before it is sent, under the name and to the prefix that are sent', async () => {
    let seen: unknown[] = [];
    const on = but({
      source: (source) => ({
        submitUnload: async (request) => {
          const submissions = await ledger.submissions(first);
          seen = submissions.map(({ body }) => [body.statementName, `s3://b/${body.dataPrefix}`]);
          expect(seen).toContainEqual([request.statementName, request.dataUrl]);
          return source.submitUnload(request);
        },
      }),
    });
    await unload(on, 0, 1);
    expect(seen).toHaveLength(1);
    expect((await stages())[0]).toBe('unloaded 1');
  });

  it('of every attempt and submission writes to a prefix of its own', async () => {
    let isFailing = true;
    const on = but({
      source: (source) => ({
        awaitStatement: async (id, signal) => ({
          ...(await source.awaitStatement(id, signal)),
          status: isFailing ? 'failed' : 'finished',
        }),
      }),
    });
    await unload(on, 0, 1);
    isFailing = false;
    await unload(on, 0, 1);
    await ledger.write(first, 'void', BODIES.void, null);
    await unload(on, 0, 2);
    await unload(on, 1, 1);
    expect((await stages()).slice(0, 2)).toEqual(['unloaded 2', 'unloaded 1']);
    expect(new Set(on.asked.map((request) => request.dataUrl)).size).toBe(4);
  });

  it.each(['failed', 'aborted'] as const)(
    'whose statement %s is no unload, whatever lies at its prefix',
    async (status) => {
      const on = but({
        source: (source) => ({
          awaitStatement: async (id, signal) => ({ ...(await source.awaitStatement(id, signal)), status }),
        }),
      });
      await unload(on, 0, 1);
      expect(await ledger.read(first, 'unloaded')).toBeNull();
    },
  );

  it('whose files hold fewer rows than its transaction counted is no unload', async () => {
    const on = but({
      source: (source) => ({
        readUnloadAnswer: async (id, request) => {
          const answer = await source.readUnloadAnswer(id, request);
          return { ...answer, counts: [{ bucket: null, rowCount: '2', maxRowBytes: '10' }] };
        },
      }),
    });
    await unload(on, 0, 1);
    expect(await ledger.read(first, 'unloaded')).toBeNull();
  });

  it('that counted rows and left no file is no unload', async () => {
    await unload(but({ stage: () => ({ readManifest: async () => null }) }), 0, 1);
    expect(await ledger.read(first, 'unloaded')).toBeNull();
  });

  it('of a table that is not the planned one any more is no unload', async () => {
    const on = but({
      source: (source) => ({
        readUnloadAnswer: async (id, request) => ({
          ...(await source.readUnloadAnswer(id, request)),
          columnListHash: 'another',
        }),
      }),
    });
    // Only a person can settle it: the run hears of it.
    await unload(on, 0, 1).catch(() => undefined);
    expect(await ledger.read(first, 'unloaded')).toBeNull();
  });
});

describe('a shared scan that dies while it writes its receipts', () => {
  beforeEach(() => withPlan(plan, bucketChunks()));

  it('leaves no leader that is unloaded and members that nobody stages', async () => {
    const on = clouds(() => undefined);
    let isDead = false;
    world.store.intercept = ({ operation, key, when }) => {
      if (operation === 'putIfAbsent' && when === 'after' && key.endsWith('.unloaded.json')) isDead = true;
      if (isDead) throw new Error('killed');
    };
    await unload(on, 0, 1).catch(() => undefined);
    world.store.intercept = undefined;
    const isStaged = (await stages()).map((stage) => stage.startsWith('unloaded'));
    expect(isStaged).toEqual([false, true, false]);
    await unload(on, 0, 1);
    expect((await stages()).every((stage) => stage.startsWith('unloaded'))).toBe(true);
  });
});
