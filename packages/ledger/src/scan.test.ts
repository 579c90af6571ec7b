import { type ChunkRef, type ChunkStage, isDone, JOURNEY } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BODIES,
  chunkRef,
  LedgerWorld,
  rangeChunks,
  submitBody,
  tablePlan,
} from '../../../test/support/ledger-world.ts';
import { shardOf } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerScan } from './scan.ts';

const SMALL = { blockChunks: 4, jumpChunks: 4, parallelShards: 64 };
const PLAN = tablePlan(10);
const TOP_UP = tablePlan(5, { generation: 2, firstChunk: 10 });
const OTHER = tablePlan(3, { tableId: 'public-airports-00000000' });

async function planned(world: LedgerWorld, plans = [PLAN]): Promise<Ledger> {
  const ledger = world.open();
  for (const plan of plans) await ledger.writePlan(plan, rangeChunks(plan));
  return ledger;
}

/** One step on, as the services do; a finished chunk stays as it is. */
async function advance(ledger: Ledger, ref: ChunkRef): Promise<boolean> {
  const state = await ledger.chunkState(ref);
  const current = { ...ref, attempt: state.attempt };
  if (state.stage === 'opened') {
    await ledger.recordSubmission(current, submitBody('unload', 's'));
    await ledger.write(current, 'unloaded', BODIES.unloaded, null);
  } else if (state.stage === 'unloaded') await ledger.write(current, 'loaded', BODIES.loaded, null);
  else if (state.stage === 'loaded') await ledger.write(current, 'verified', BODIES.verified, null);
  else if (isDone(state) && state.isCleaned) return false;
  else if (isDone(state)) await ledger.write(current, 'cleaned', BODIES.cleaned, null);
  else await ledger.openAttempt(ref, { attempt: state.attempt + 1, body: BODIES.opened, causedBy: null });
  return true;
}

async function finish(ledger: Ledger, plan: typeof PLAN, chunk: number): Promise<void> {
  while (await advance(ledger, chunkRef(plan, chunk)));
}

async function finishAll(ledger: Ledger, plan: typeof PLAN): Promise<void> {
  for (let place = 0; place < plan.chunkCount; place++) await finish(ledger, plan, plan.firstChunk + place);
}

function stages(scan: LedgerScan, plan: typeof PLAN): Record<number, ChunkStage> {
  const found: Record<number, ChunkStage> = {};
  scan.forEach(plan, (chunk, state) => {
    found[chunk] = state.stage;
  });
  return found;
}

/** The scan and a LIST of each single chunk must say the same. */
async function expectTrue(ledger: Ledger, scan: LedgerScan, plans = [PLAN]): Promise<void> {
  for (const plan of plans)
    for (let place = 0; place < plan.chunkCount; place++) {
      const ref = chunkRef(plan, plan.firstChunk + place);
      const { lastModifiedMs: _, proofMs: __, ...state } = scan.state(ref);
      expect(state).toEqual(await ledger.chunkState(ref));
    }
  for (const plan of plans) expectSummed(scan, plan);
}

/** What a summary and a search say is what a look at each chunk says. */
function expectSummed(scan: LedgerScan, plan: typeof PLAN): void {
  const all: { chunk: number; stage: ChunkStage; attempt: number; proofMs: number; isRepaired: boolean }[] = [];
  scan.forEach(plan, (chunk, state) => all.push({ chunk, ...state }));
  const summary = scan.summary(plan);
  expect([...scan.cells(plan)]).toEqual(
    all.map(({ stage, attempt }) => JOURNEY.findIndex((row) => row.stage === stage) + 16 * Math.min(attempt, 15)),
  );
  const provenMs = all.filter(isDone).map((each) => each.proofMs);
  expect([...scan.provenSeconds(plan)].map((seconds) => seconds * 1_000)).toEqual(provenMs);
  for (const [stage, chunks] of Object.entries(summary.stages)) {
    const ofStage = all.filter((each) => each.stage === stage);
    expect(chunks).toBe(ofStage.length);
    expect(scan.find(plan, { stage: stage as ChunkStage }, 0, 100)).toEqual(ofStage.map((each) => each.chunk));
  }
  expect(summary.done).toBe(all.filter(isDone).length);
  expect(summary.repaired).toBe(all.filter((each) => each.isRepaired).length);
  expect(summary.newestProofMs).toBe(Math.max(0, ...all.map((each) => each.proofMs)));
  const second = all.filter((each) => each.attempt === 2 && each.chunk > plan.firstChunk).slice(0, 2);
  expect(scan.find(plan, { attempt: 2 }, plan.firstChunk + 1, 2)).toEqual(second.map((each) => each.chunk));
}

describe('a scan', () => {
  it('knows every attempt that differed, replaced by now or not', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    const scan = ledger.openScan(SMALL);
    for (const [chunk, attempts] of [
      [7, 2],
      [2, 1],
    ] as const)
      for (let attempt = 1; attempt <= attempts; attempt++) {
        while ((await ledger.chunkState(chunkRef(PLAN, chunk))).stage !== 'loaded')
          await advance(ledger, chunkRef(PLAN, chunk));
        await ledger.write({ ...chunkRef(PLAN, chunk), attempt }, 'mismatched', BODIES.mismatched, null);
        if (attempt === 1) await scan.refresh();
      }
    await finishAll(ledger, PLAN);
    await scan.refresh();
    const all = [
      { chunk: 2, attempt: 1 },
      { chunk: 7, attempt: 1 },
      { chunk: 7, attempt: 2 },
    ];
    expect(scan.mismatches(PLAN)).toEqual(all);
    const fresh = ledger.openScan(SMALL);
    await fresh.refresh();
    expect(fresh.mismatches(PLAN)).toEqual(all);
    expect(fresh.state(chunkRef(PLAN, 7)).stage).toBe('verified');
  });

  it('tells where every chunk stands, and when S3 saw it last', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world, [PLAN, OTHER]);
    await finish(ledger, PLAN, 3);
    const provenMs = world.nowMs;
    world.tick(10);
    await ledger.openAttempt(chunkRef(PLAN, 4), { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.recordFailure({ ...chunkRef(PLAN, 4), attempt: 1 }, BODIES.failed);
    await ledger.recordReproof({ ...chunkRef(PLAN, 3), attempt: 1 }, BODIES.verified);
    const scan = ledger.openScan();
    await scan.refresh();
    await expectTrue(ledger, scan, [PLAN, OTHER]);
    expect(scan.state(chunkRef(PLAN, 4))).toMatchObject({ stage: 'opened', failures: 1, lastModifiedMs: world.nowMs });
    expect(scan.state(chunkRef(PLAN, 3)).proofMs).toBe(provenMs + 10_000);
    expect(scan.counts(PLAN.tableId)).toEqual(
      new Map([
        ['planned', 8],
        ['opened', 1],
        ['verified', 1],
      ]),
    );
    expect(scan.counts(OTHER.tableId)).toEqual(new Map([['planned', 3]]));
    expect(scan.counts('unknown-table-00000000').size).toBe(0);
  });

  it('is as old as its beginning: what was written while it ran it may have missed', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    const scan = ledger.openScan();
    expect(scan.observedMs).toBe(0);
    const startedMs = world.nowMs;
    world.store.intercept = ({ operation, when }) => {
      if (operation === 'list' && when === 'before') world.tick();
    };
    await scan.refresh();
    expect(world.nowMs).toBeGreaterThan(startedMs);
    expect(scan.observedMs).toBe(startedMs);
  });

  it('cleaning changes the time of the last receipt and not that of the proof', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    const ref = { ...chunkRef(PLAN, 0), attempt: 1 };
    await ledger.write(ref, 'loaded', BODIES.loaded, null);
    const loadedMs = world.nowMs;
    world.tick(60);
    await ledger.write(ref, 'cleaned', BODIES.cleaned, null);
    const scan = ledger.openScan();
    await scan.refresh();
    expect(scan.state(ref)).toMatchObject({ proofMs: loadedMs, lastModifiedMs: world.nowMs, isCleaned: true });
  });

  it('sees plans, generations and tables that were written after it was opened', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    const scan = ledger.openScan();
    expect(() => stages(scan, PLAN)).toThrow(/refresh it first/);
    await scan.refresh();
    expect(() => stages(scan, TOP_UP)).toThrow(/refresh it first/);
    await ledger.writePlan(TOP_UP, rangeChunks(TOP_UP));
    await finish(ledger, TOP_UP, 12);
    await scan.refresh();
    expect(stages(scan, TOP_UP)).toEqual({
      10: 'planned',
      11: 'planned',
      12: 'verified',
      13: 'planned',
      14: 'planned',
    });
    expect(scan.counts(PLAN.tableId).get('planned')).toBe(14);
  });

  it('is one pass for those who ask at once, and passes over keys that it does not know', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    await finish(ledger, PLAN, 0);
    const known = world.store.keys.find((key) => key.endsWith('.opened.json')) ?? '';
    await world.store.put(known.replace('.opened.json', '.approved.json'), '{}');
    await world.store.put(known.replace('.opened.json', '.opened.json.bak'), '{}');
    const scan = ledger.openScan();
    await Promise.all([scan.refresh(), scan.refresh(), scan.refresh()]);
    // Segments, markers, and the shards that its chunks fall into.
    const shards = new Set(Array.from({ length: PLAN.chunkCount }, (_, chunk) => shardOf(chunkRef(PLAN, chunk)))).size;
    expect(scan.cost).toEqual({ lists: 2 + shards, keys: 8, ignoredKeys: 2 });
    expect(scan.state(chunkRef(PLAN, 0)).stage).toBe('verified');
  });

  it('tells the staged bytes that are not cleaned yet', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    for (const chunk of [0, 1, 2])
      await ledger.write(
        { ...chunkRef(PLAN, chunk), attempt: 1 },
        'unloaded',
        { ...BODIES.unloaded, sizeBytes: '9007199254740993' },
        null,
      );
    const scan = ledger.openScan();
    await scan.refresh();
    expect(await scan.stagedBytes()).toBe(3n * 9_007_199_254_740_993n);
    world.store.calls.clear();
    await ledger.write({ ...chunkRef(PLAN, 1), attempt: 1 }, 'cleaned', BODIES.cleaned, null);
    await scan.refresh();
    expect(await scan.stagedBytes()).toBe(2n * 9_007_199_254_740_993n);
    expect(world.store.calls.get('get')).toBeUndefined();
  });
});

describe('folding', () => {
  it('shortens the next scan to what is not finished', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world, [PLAN, TOP_UP, OTHER]);
    for (const plan of [PLAN, TOP_UP, OTHER]) await finishAll(ledger, plan);
    const scan = ledger.openScan(SMALL);
    await scan.refresh();
    expect(scan.cost.keys).toBe(18 * 6);
    expect(await scan.fold()).toBe(3 + 2 + 1);
    await scan.refresh();
    expect(scan.cost.keys).toBe(0);
    const fresh = world.open('b').openScan(SMALL);
    await fresh.refresh();
    // Nothing is left to list but segments and markers.
    expect(fresh.cost).toEqual({ lists: 2, keys: 0, ignoredKeys: 0 });
    await expectTrue(ledger, fresh, [PLAN, TOP_UP, OTHER]);
    expect(fresh.state(chunkRef(PLAN, 1))).toEqual(scan.state(chunkRef(PLAN, 1)));
    expect(await scan.fold()).toBe(0);
  });

  it('leaves out a block with a chunk that is not done or not cleaned', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    for (const chunk of [0, 1, 2, 4, 5, 6, 7]) await finish(ledger, PLAN, chunk);
    const scan = ledger.openScan(SMALL);
    await scan.refresh();
    expect(await scan.fold()).toBe(1);
    expect(world.store.keys.filter((key) => key.includes('/folds/'))).toEqual([
      'ledger/m1/folds/public-flights-1a2b3c4d/g1/0000000004-00001.json',
    ]);
    const fresh = world.open('b').openScan(SMALL);
    await fresh.refresh();
    await expectTrue(ledger, fresh);

    // Proven now, but its staged files are still there.
    const last = chunkRef(PLAN, 3);
    while (!isDone(await ledger.chunkState(last))) await advance(ledger, last);
    await scan.refresh();
    expect(await scan.fold()).toBe(0);
    await advance(ledger, last);
    await scan.refresh();
    expect(await scan.fold()).toBe(1);
  });

  it('lets a scan jump over folded blocks and over the ends of tables, and never over a block that is not folded', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world, [PLAN, TOP_UP, OTHER]);
    for (const plan of [OTHER, PLAN, TOP_UP]) await finishAll(ledger, plan);
    const scan = ledger.openScan(SMALL);
    await scan.refresh();
    expect(await scan.fold()).toBe(6);
    for (const chunk of [9, 5]) {
      await ledger.openAttempt(chunkRef(PLAN, chunk), { attempt: 2, body: BODIES.opened, causedBy: null });
      for (const jumpChunks of [1, 5, 9, 1_000]) {
        const fresh = world.open().openScan({ ...SMALL, jumpChunks });
        await fresh.refresh();
        await expectTrue(ledger, fresh, [PLAN, TOP_UP, OTHER]);
        expect(fresh.state(chunkRef(PLAN, chunk))).toMatchObject({ stage: 'opened', attempt: 2 });
      }
    }
  });

  it.each(['opened', 'mismatched', 'quarantined'] as const)(
    'never hides a chunk that is %s afterwards',
    async (stage) => {
      const world = new LedgerWorld();
      const ledger = await planned(world);
      await finishAll(ledger, PLAN);
      const scan = ledger.openScan(SMALL);
      await scan.refresh();
      await scan.fold();
      await scan.refresh();
      const ref = chunkRef(PLAN, 6);
      if (stage === 'opened') await ledger.openAttempt(ref, { attempt: 2, body: BODIES.opened, causedBy: null });
      if (stage === 'mismatched') await ledger.write({ ...ref, attempt: 1 }, stage, BODIES.mismatched, null);
      if (stage === 'quarantined') await ledger.write({ ...ref, attempt: 1 }, stage, BODIES.quarantined, null);
      for (const reader of [scan, world.open('b').openScan(SMALL)]) {
        await reader.refresh();
        expect(isDone(reader.state(ref))).toBe(false);
        await expectTrue(ledger, reader);
      }
      await finish(ledger, PLAN, 6);
      await scan.refresh();
      expect(scan.cost.keys).toBeGreaterThan(0);
      expect(await scan.fold()).toBe(1);
      await scan.refresh();
      expect(scan.cost.keys).toBe(0);
      expect(scan.state(ref)).toMatchObject({ stage: 'verified', attempt: 2, isRepaired: true });
    },
  );

  it('by another folder reaches a scan that last saw the same attempt unfinished', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    for (const chunk of [0, 1, 2]) await finish(ledger, PLAN, chunk);
    const ref = chunkRef(PLAN, 3);
    await advance(ledger, ref);
    const behind = ledger.openScan(SMALL);
    await behind.refresh();
    expect(behind.state(ref).stage).toBe('opened');
    await finish(ledger, PLAN, 3);
    const folder = world.open('folder').openScan(SMALL);
    await folder.refresh();
    expect(await folder.fold()).toBe(1);
    await behind.refresh();
    expect(behind.state(ref)).toEqual(folder.state(ref));
  });

  it('stops the run at a segment that somebody changed', async () => {
    const world = new LedgerWorld();
    const ledger = await planned(world);
    await finishAll(ledger, PLAN);
    const scan = ledger.openScan(SMALL);
    await scan.refresh();
    await scan.fold();
    const key = world.store.keys.find((name) => name.includes('/folds/')) ?? '';
    const original = Buffer.from((await world.store.get(key))?.body ?? []).toString();
    for (const change of [
      original.replace('"verified"', '"counted"'),
      original.replace('"firstChunk":0', '"firstChunk":4'),
      original.replace('"schemaVersion":1', '"schemaVersion":2'),
    ]) {
      expect(change).not.toBe(original);
      await world.store.put(key, change);
      await expect(world.open('b').openScan(SMALL).refresh()).rejects.toMatchObject({
        code: 'LEDGER_CONFLICT',
        where: key,
      });
    }
  });

  it('by folders with old scans never makes any scan say something untrue', async () => {
    const plan = tablePlan(4);
    const tiny = { ...SMALL, blockChunks: 2, jumpChunks: 2 };
    const onChunk = fc.record({
      what: fc.constantFrom('advance', 'advance', 'finish', 'reopen', 'mismatch'),
      which: fc.nat(3),
    });
    const onScan = fc.record({ what: fc.constantFrom('refresh', 'fold', 'keep'), which: fc.nat(1) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(onChunk, onScan), { minLength: 10, maxLength: 40 }), async (actions) => {
        const world = new LedgerWorld();
        const ledger = await planned(world, [plan]);
        for (let chunk = 0; chunk < 3; chunk++) await finish(ledger, plan, chunk);
        const scans = ['x', 'y'].map((name) => world.open(name).openScan(tiny));
        for (const scan of scans) await scan.refresh();
        for (const { what, which } of actions) {
          world.tick();
          const ref = chunkRef(plan, which);
          const { attempt } = await ledger.chunkState(ref);
          if (what === 'refresh' || what === 'keep') await scans[which]?.refresh();
          if (what === 'fold' || what === 'keep') await scans[which]?.fold();
          if (what === 'advance') await advance(ledger, ref);
          if (what === 'finish') await finish(ledger, plan, which);
          if (what === 'reopen')
            await ledger.openAttempt(ref, { attempt: attempt + 1, body: BODIES.opened, causedBy: null });
          if (what === 'mismatch' && attempt > 0)
            await ledger.write({ ...ref, attempt }, 'mismatched', BODIES.mismatched, null);
        }
        for (const scan of [
          ...scans,
          world.open('fresh').openScan(tiny),
          world.open('slow').openScan({ ...tiny, jumpChunks: 1_000 }),
        ]) {
          await scan.refresh();
          await expectTrue(ledger, scan, [plan]);
        }
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
