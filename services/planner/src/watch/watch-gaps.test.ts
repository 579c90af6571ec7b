/** How the watch could call a table unwritten that was written: each way once, over a ledger in memory. */
import type { ProbeRequest, Source, TransactionOutcome, WriteSample, WriteSampleRequest } from '@lakehaul/adapters';
import type { Log, TablePlan } from '@lakehaul/core';
import { judgeWrites, latestCleanUntil, latestSample, sampledMs } from '@lakehaul/ledger';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, PROOF, rangeChunks, tablePlan } from '../../../../test/support/ledger-world.ts';
import { foldSample, NOTHING_KNOWN } from './fold-sample.ts';
import { sampleWrites } from './sample-writes.ts';
import { watchOnce } from './watch-once.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const clock = { nowMs: () => 0, sleep: () => Promise.resolve() };
const day = (date: number, time = '00:00:00'): string => `2026-01-${String(date).padStart(2, '0')} ${time}.000000`;

const flights = tablePlan(1);
const fares = tablePlan(1, {
  tableId: 'public-fares-2b3c4d5e',
  source: { ...flights.source, table: 'fares', oid: '200' },
});

interface Commit {
  oid: string;
  transactionId: string;
  endedAt: string;
  committedAt: string;
}

/** A source with a clock to set and a history of transactions. */
class SourceWithHistory {
  now = day(10);
  commits: Commit[] = [];
  whileReading: () => Promise<void> = () => Promise.resolve();
  strayRows = '0';
  probed: ProbeRequest[] = [];

  readonly port = {
    clock: () => Promise.resolve({ now: this.now, seesAllStatements: true }),
    sampleWrites: async (request: WriteSampleRequest): Promise<WriteSample> => {
      const asked = new Set(request.tables.map((table) => table.oid));
      const seen = this.commits.filter(
        ({ oid, endedAt }) => asked.has(oid) && endedAt >= request.from && endedAt < request.to,
      );
      await this.whileReading();
      const known = [...seen.map((commit) => commit.transactionId), ...request.pending];
      const ended = this.commits.filter(
        ({ transactionId, committedAt }) => known.includes(transactionId) && committedAt <= this.now,
      );
      return {
        readAt: this.now,
        writes: seen.map(({ oid, transactionId, endedAt }) => ({
          ...{ oid, transactionId, kind: 'insert', statements: 1, knownFrom: 'steps' as const },
          ...{ firstAt: endedAt, lastAt: endedAt },
        })),
        open: known.filter((id) => !ended.some((commit) => commit.transactionId === id)),
        outcomes: new Map(
          ended.map(({ transactionId, committedAt }): [string, TransactionOutcome] => [
            transactionId,
            { kind: 'committed', at: committedAt },
          ]),
        ),
        outcomesReadable: true,
        displaced: [],
      };
    },
    probe: async (request: ProbeRequest) => {
      this.probed.push(request);
      await this.whileReading();
      return {
        snapshotAt: this.now,
        scans: 1,
        tooLong: new Set<number>(),
        strayRows: this.strayRows,
        rowsScanned: '10',
        sums: new Map(request.chunks.map((chunk) => [chunk.number, PROOF.carried])),
      };
    },
  } as unknown as Source;
}

async function kindOf(world: LedgerWorld, plan: TablePlan, clean: string): Promise<string> {
  const sample = await latestSample(world.open('judge'));
  return judgeWrites(sample?.body.state ?? null, plan.source.oid, clean).kind;
}

describe('a sample', () => {
  it('of a watcher that does not know a table yet ends what is known of that table', async () => {
    const world = new LedgerWorld();
    const source = new SourceWithHistory();
    const deps = { ledger: world.open(), source: source.port, lagMs: 0, overlapMs: 0, clockMarginMs: 0 };
    await sampleWrites(deps, [flights, fares]);
    source.commits.push({
      oid: '200',
      transactionId: '7',
      endedAt: day(11, '06:00:00'),
      committedAt: day(11, '06:00:00'),
    });
    source.now = day(11, '12:00:00');
    // A process that read the plans before the second table was planned.
    await sampleWrites(deps, [flights]);
    expect(await kindOf(world, fares, day(11))).toBe('gap');
    source.now = day(12);
    await sampleWrites(deps, [flights, fares]);
    expect(await kindOf(world, fares, day(11))).toBe('written');
    expect(await kindOf(world, fares, day(11, '07:00:00'))).toBe('unwritten');
    expect(await kindOf(world, flights, day(11))).toBe('unwritten');
  });

  it('is as old as its reading, however late its record was written', async () => {
    const world = new LedgerWorld();
    const source = new SourceWithHistory();
    const askedMs = world.nowMs;
    source.whileReading = () => Promise.resolve(world.tick(3 * 3600));
    await sampleWrites({ ledger: world.open(), source: source.port, lagMs: 0, overlapMs: 0, clockMarginMs: 0 }, [
      flights,
    ]);
    const sample = await latestSample(world.open('b'));
    expect(sample?.lastModifiedMs).toBe(askedMs + 3 * 3_600_000);
    expect(sample === null ? null : sampledMs(sample)).toBe(askedMs);
  });

  it('begins before the one before it ended, and finds what the history had not told by then', async () => {
    const world = new LedgerWorld();
    const source = new SourceWithHistory();
    const OVERLAP_MS = 300_000;
    const deps = { ledger: world.open(), source: source.port, lagMs: 0, overlapMs: OVERLAP_MS, clockMarginMs: 60_000 };
    source.now = day(10, '12:00:00');
    await sampleWrites(deps, [flights]);
    // Ended before that look; its row came after it.
    const endedAt = day(10, '11:56:00');
    source.commits = [{ oid: '100', transactionId: '7', endedAt, committedAt: endedAt }];
    source.now = day(10, '12:10:00');
    const sample = await sampleWrites(deps, [flights]);
    expect(sample?.body).toMatchObject({ from: day(10, '11:55:00'), joinsAt: day(10, '12:00:00'), gap: null });
    expect(await kindOf(world, flights, day(10, '11:50:00'))).toBe('written');
    // A minute of clock margin.
    expect(await kindOf(world, flights, day(10, '11:57:00'))).toBe('written');
    expect(await kindOf(world, flights, day(10, '11:57:01'))).toBe('unwritten');
  });

  it('after a gap still waits for the transactions that had written before it', async () => {
    const world = new LedgerWorld();
    const source = new SourceWithHistory();
    const deps = { ledger: world.open(), source: source.port, lagMs: 0, overlapMs: 0, clockMarginMs: 0 };
    source.commits = [{ oid: '100', transactionId: '7', endedAt: day(9), committedAt: day(18) }];
    await sampleWrites(deps, [flights]);
    expect(await kindOf(world, flights, day(9, '12:00:00'))).toBe('open-transaction');
    source.now = day(20);
    await sampleWrites(deps, [flights]);
    expect((await latestSample(deps.ledger))?.body.gap).not.toBeNull();
    // Read after what the history still tells, and before the commit.
    expect(await kindOf(world, flights, day(15))).toBe('written');
    expect(await kindOf(world, flights, day(19))).toBe('unwritten');
  });

  it('that finds another table under the name, or none, calls it written until somebody has settled that', () => {
    const sample: WriteSample = {
      ...{ readAt: day(11), writes: [], open: [], outcomes: new Map(), outcomesReadable: true },
      displaced: ['100'],
    };
    const state = foldSample(NOTHING_KNOWN, { from: day(9), to: day(11) }, ['100', '200'], sample);
    expect(judgeWrites(state, '100', day(10)).kind).toBe('written');
    expect(judgeWrites(state, '200', day(10)).kind).toBe('unwritten');
  });
});

/** Two chunks read on the 9th, one of them accepted as it is; the source was written since. */
async function withAccepted(chunks = 2) {
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(chunks);
  await ledger.writePlan(plan, rangeChunks(plan));
  for (let chunk = 0; chunk < chunks; chunk++) {
    const ref = { ...chunkRef(plan, chunk), attempt: 1 };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(ref, 'unloaded', { ...BODIES.unloaded, snapshotAt: day(9) }, null);
    await ledger.write(ref, 'loaded', BODIES.loaded, null);
    if (chunk === 0) await ledger.write(ref, 'verified', BODIES.verified, null);
    else {
      await ledger.write(ref, 'quarantined', BODIES.quarantined, null);
      await ledger.write(ref, 'accepted', BODIES.accepted, null);
    }
  }
  const source = new SourceWithHistory();
  source.commits = [{ oid: '100', transactionId: '7', endedAt: day(9, '06:00:00'), committedAt: day(9, '06:00:00') }];
  world.tick();
  const deps = {
    ledger,
    source: source.port,
    scan: ledger.openScan(),
    clock,
    log,
    lagMs: 0,
    overlapMs: 0,
    clockMarginMs: 0,
    probeEveryMs: 0,
  };
  return { world, plan, ledger, source, look: () => watchOnce(deps, [plan]) };
}

describe('a probe', () => {
  it('moves clean-until while what it left out is still accepted', async () => {
    const { ledger, plan, look, source } = await withAccepted();
    expect((await look()).tables[0]?.probe?.reopened).toEqual([]);
    expect((await latestCleanUntil(ledger, plan.tableId))?.body.cleanUntil).toBe(source.now);
  });

  it('says nothing of the table when a chunk that it left out as accepted was replayed meanwhile', async () => {
    const { world, ledger, plan, source, look } = await withAccepted();
    const replayed = { ...chunkRef(plan, 1), attempt: 2 };
    source.whileReading = async () => {
      if (source.probed.length === 0 || (await ledger.read(replayed, 'opened')) !== null) return;
      // Replayed, hauled and proven before the probe's snapshot: a write since then is nobody's.
      await ledger.openAttempt(replayed, { attempt: 2, body: { ...BODIES.opened, cause: 'operator' }, causedBy: null });
      await ledger.write(replayed, 'unloaded', { ...BODIES.unloaded, snapshotAt: day(9, '08:00:00') }, null);
      await ledger.write(replayed, 'loaded', BODIES.loaded, null);
      await ledger.write(replayed, 'verified', BODIES.verified, null);
    };
    expect((await look()).tables[0]?.probe).not.toBeNull();
    expect((await latestCleanUntil(ledger, plan.tableId))?.body.cleanUntil).toBe(day(9));
    world.tick();
    // The next look asks for both.
    await look();
    expect(source.probed.at(-1)?.chunks).toHaveLength(2);
    expect((await latestCleanUntil(ledger, plan.tableId))?.body.cleanUntil).toBe(source.now);
  });

  it.each([
    ['of all chunks', 1],
    ['that leaves an accepted one out', 2],
  ])('%s that finds rows of none of them proves nothing', async (_name, chunks) => {
    const { ledger, plan, source, look } = await withAccepted(chunks);
    source.strayRows = '3';
    expect((await look()).tables).toMatchObject([{ probe: null, held: { code: 'INTERNAL' } }]);
    expect((await latestCleanUntil(ledger, plan.tableId))?.body.cleanUntil).toBe(day(9));
  });
});
