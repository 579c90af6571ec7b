/**
 * The watch over a ledger in memory and a source whose history and rows are scripted: what it says when it cannot look, what
 * it says of moments that the history has not heard of yet, and whom a probe opens while others are at work.
 */

import type { ProbeRequest, Source, SourceWrite, WriteSampleRequest } from '@lakehaul/adapters';
import {
  addMs,
  type Chunk,
  type ChunkState,
  type Fingerprint,
  LakehaulError,
  type Log,
  must,
  type SourceTime,
} from '@lakehaul/core';
import { latestSample } from '@lakehaul/ledger';
import { statusReport } from '@lakehaul/operate';
import { watchPass } from '@lakehaul/planner';
import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, PROOF, rangeChunks, submitBody, tablePlan } from '../support/ledger-world.ts';

const PLAN = tablePlan(3);
const NULLS = 2;
const PROVEN = must(PROOF.carried, 'sums of the proof');
const OTHER: Fingerprint = { rowCount: '9', groups: [{ sum1: '1', sum2: '2' }] };
const LAG_MS = 60_000;
const MINUTE_MS = 60_000;
const STALE_AFTER_MS = 30 * MINUTE_MS;
const READ_AT: SourceTime = '2026-01-01 10:00:00.000000';

/** The last chunk has the NULL keys. */
function* chunks(): Generator<Chunk> {
  for (const chunk of rangeChunks(PLAN))
    yield chunk.number === NULLS ? { ...chunk, parts: [{ kind: 'null', column: 'k' }] } : chunk;
}

/** What the source would tell; its history hears of a statement LAG_MS after its end. */
class ScriptedSource {
  now: SourceTime = addMs(READ_AT, 10 * MINUTE_MS);
  readonly writes: SourceWrite[] = [];
  readonly changed = new Set<number>();
  readonly tooLong = new Set<number>();
  readonly windows: WriteSampleRequest[] = [];
  readonly probes: number[][] = [];
  outcomesReadable = true;
  fails: LakehaulError | null = null;
  whileProbing: () => Promise<void> = () => Promise.resolve();

  write(at: SourceTime): void {
    const transactionId = String(this.writes.length + 1);
    const times = { firstAt: at, lastAt: at };
    this.writes.push({ oid: '100', transactionId, kind: 'insert', statements: 1, ...times, knownFrom: 'steps' });
  }

  get port(): Source {
    const source: Partial<Source> = {
      clock: async () => ({ now: this.now, seesAllStatements: true }),
      renderWriteSample: () => [],
      sampleWrites: async (request) => {
        if (this.fails !== null) throw this.fails;
        this.windows.push(request);
        const heard = addMs(this.now, -LAG_MS);
        const writes = this.writes.filter(
          ({ lastAt }) => lastAt >= request.from && lastAt < request.to && lastAt <= heard,
        );
        const ended = (write: SourceWrite) => [write.transactionId, { kind: 'committed', at: write.lastAt }] as const;
        const { outcomesReadable } = this;
        const outcomes = new Map(outcomesReadable ? writes.map(ended) : []);
        // As the source's own clock has it: the next whole second after the reading.
        return { readAt: addMs(this.now, 1000), writes, open: [], outcomes, outcomesReadable, displaced: [] };
      },
      probe: async (request: ProbeRequest) => {
        this.probes.push(request.chunks.map((chunk) => chunk.number));
        await this.whileProbing();
        const sums = request.chunks.map(({ number }) => [number, this.changed.has(number) ? OTHER : PROVEN] as const);
        return {
          snapshotAt: this.now,
          sums: new Map(sums),
          tooLong: this.tooLong,
          strayRows: '0',
          scans: 1,
          rowsScanned: '30',
        };
      },
    };
    return source as Source;
  }
}

/** Three chunks, proven as of READ_AT. */
async function proven() {
  const world = new LedgerWorld();
  const ledger = world.open();
  await ledger.writePlan(PLAN, chunks());
  for (let chunk = 0; chunk < PLAN.chunkCount; chunk++) {
    const ref = { ...chunkRef(PLAN, chunk), attempt: 1 };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(ref, 'unloaded', { ...BODIES.unloaded, snapshotAt: READ_AT }, null);
    await ledger.write(ref, 'loaded', BODIES.loaded, null);
    await ledger.write(ref, 'verified', PROOF, null);
  }
  world.tick();
  const source = new ScriptedSource();
  const warned: unknown[] = [];
  const log: Log = {
    ...{ debug() {}, info() {}, error() {}, with: () => log },
    warn: (message, fields) => void warned.push([message, fields?.['code']]),
  };
  const scan = ledger.openScan();
  const sleep = async (ms: number) => {
    source.now = addMs(source.now, ms);
  };
  const clock = { nowMs: () => 0, sleep };
  const deps = {
    ledger,
    source: source.port,
    scan,
    clock,
    log,
    lagMs: LAG_MS,
    overlapMs: 0,
    clockMarginMs: 0,
    probeEveryMs: 0,
  };
  return {
    ...{ world, ledger, source, warned },
    look: () => watchPass(deps, [PLAN]),
    /** Without a probe: what the log alone says. */
    codes: async () => {
      await scan.refresh();
      const { decision } = await statusReport(ledger, [PLAN], scan, { staleAfterMs: STALE_AFTER_MS });
      return decision.reasons.map((reason) => reason.code).filter((code) => /WRIT/.test(code));
    },
    pass: (ms: number) => {
      world.tick(ms / 1000);
      source.now = addMs(source.now, ms);
    },
    chunk: (number: number): Promise<ChunkState> => ledger.chunkState(chunkRef(PLAN, number)),
  };
}

/** As the local Redshift answers what it cannot run faithfully, and a real one a function that it lacks. */
const REFUSED = new LakehaulError('SOURCE_STATEMENT_FAILED', 'upper of a text with letters beyond ASCII');

it('a look that fails is no look without writes: the log stands still, grows stale, and what was missed is found', async () => {
  const { source, ledger, warned, look, codes, pass } = await proven();
  await look();
  // The history tells with a lag: of the time in which the chunks were read it does not know enough yet.
  expect(await codes()).toEqual(['WRITE_LOG_STALE']);
  pass(LAG_MS + 2_000);
  await look();
  expect(await codes()).toEqual([]);
  const before = must(await latestSample(ledger), 'first sample');

  source.fails = REFUSED;
  pass(10 * MINUTE_MS);
  source.write(addMs(source.now, -5 * MINUTE_MS));
  source.changed.add(1);
  expect(await look()).toBeNull();
  expect(warned).toEqual([['source not watched', 'SOURCE_STATEMENT_FAILED']]);
  expect((await latestSample(ledger))?.key).toBe(before.key);
  pass(21 * MINUTE_MS);
  expect(await look()).toBeNull();
  expect(await codes()).toEqual(['WRITE_LOG_STALE']);

  source.fails = null;
  const seen = await look();
  expect(source.windows.at(-1)?.from).toBe(before.body.to);
  expect(seen?.tables).toMatchObject([{ writes: { kind: 'written' }, probe: { reopened: [{ chunk: 1 }] } }]);
});

it('a source that never let itself be looked at leaves the evidence without a log', async () => {
  const { source, look, codes } = await proven();
  source.fails = REFUSED;
  expect(await look()).toBeNull();
  expect(await codes()).toEqual(['WRITE_LOG_STALE']);
});

it('the mark does not pass what the history has not heard of yet', async () => {
  const { source, look, pass } = await proven();
  source.write(addMs(source.now, -LAG_MS / 2));
  source.changed.add(0);
  expect((await look())?.tables).toMatchObject([{ writes: { kind: 'unwritten' } }]);
  expect(source.windows.at(-1)?.to).toBe(addMs(source.now, -LAG_MS));
  pass(LAG_MS);
  expect((await look())?.tables).toMatchObject([{ writes: { kind: 'written' }, probe: { reopened: [{ chunk: 0 }] } }]);
});

it('a pause longer than the history is kept is a gap: told, and closed only by a probe of the whole table', async () => {
  const { source, ledger, look, codes, pass } = await proven();
  await look();
  pass(8 * 24 * 60 * MINUTE_MS);
  // Written and forgotten: no window holds it.
  source.changed.add(1);
  source.whileProbing = async () => {
    expect(await codes()).toContain('WRITE_LOG_GAP');
  };
  const seen = await look();
  expect((await latestSample(ledger))?.body.gap).not.toBeNull();
  expect(seen?.tables).toMatchObject([{ writes: { kind: 'gap' }, probe: { reopened: [{ chunk: 1 }] } }]);
  expect(source.probes).toEqual([[0, 1, NULLS]]);
});

it.each([
  ['with a row too long for the form of its proof is hashed column by column', true, 'digest'],
  ['with other rows keeps its form', false, 'joined'],
])('a changed chunk %s', async (_name, isTooLong, hashForm) => {
  const { source, ledger, look } = await proven();
  source.write(addMs(source.now, -2 * LAG_MS));
  // Its sums say nothing then: they may even look equal.
  (isTooLong ? source.tooLong : source.changed).add(1);
  const [written] = (await look())?.tables ?? [];
  expect(written?.probe?.reopened).toMatchObject([{ chunk: 1, attempt: 2 }]);
  const opened = await ledger.read({ ...chunkRef(PLAN, 1), attempt: 2 }, 'opened');
  expect(opened?.body).toMatchObject({ cause: 'late-rows', hashForm });
});

it('a probe asks for the NULL keys as well, and opens their chunk', async () => {
  const { source, look, chunk } = await proven();
  source.write(addMs(source.now, -2 * LAG_MS));
  source.changed.add(NULLS);
  await look();
  expect(source.probes).toEqual([[0, 1, NULLS]]);
  expect([await chunk(0), await chunk(1), await chunk(NULLS)]).toMatchObject([
    { stage: 'verified', attempt: 1 },
    { stage: 'verified', attempt: 1 },
    { stage: 'opened', attempt: 2 },
  ]);
});

it('an attempt that was sent before the probe’s record is not taken for the cure, one that was sent after it is', async () => {
  const { world, source, ledger, look, chunk } = await proven();
  source.write(addMs(source.now, -2 * LAG_MS));
  // Chunk 0 is as it was proven when the probe looks: what its new attempt read nobody knows.
  source.changed.add(1);
  const rehaul = async (number: number) => {
    const ref = { ...chunkRef(PLAN, number), attempt: 2 };
    await ledger.openAttempt(ref, { attempt: 2, body: { ...BODIES.opened, cause: 'operator' }, causedBy: null });
    await ledger.recordSubmission(ref, submitBody('unload', `again-${number}`));
  };
  source.whileProbing = () => rehaul(0);
  let isNext = true;
  world.store.intercept = async ({ operation, key, when }) => {
    if (operation !== 'putIfAbsent' || when !== 'after' || !key.includes('/probes/') || !isNext) return;
    isNext = false;
    world.tick();
    await rehaul(1);
  };
  await look();
  expect([await chunk(0), await chunk(1)]).toMatchObject([{ attempt: 3 }, { attempt: 2 }]);
  expect((await ledger.read({ ...chunkRef(PLAN, 0), attempt: 3 }, 'opened'))?.body.cause).toBe('late-rows');
});

it('a probe that died before its chunks were open counts for nothing: the next look probes again', async () => {
  const { world, source, look, chunk } = await proven();
  source.write(addMs(source.now, -2 * LAG_MS));
  source.changed.add(1);
  world.store.intercept = ({ operation, key, when }) => {
    if (operation === 'putIfAbsent' && when === 'before' && key.includes('.opened'))
      throw new LakehaulError('UNAVAILABLE', 'S3 is away');
  };
  expect((await look())?.tables).toMatchObject([{ probe: null, held: { code: 'UNAVAILABLE' } }]);
  world.store.intercept = undefined;
  world.tick();
  source.now = addMs(source.now, LAG_MS);
  expect((await look())?.tables).toMatchObject([{ probe: { reopened: [{ chunk: 1 }] } }]);
  expect(source.probes).toHaveLength(2);
  expect(await chunk(1)).toMatchObject({ stage: 'opened', attempt: 2 });
});

it('a write whose commit is not told is probed once it is certainly visible, so that one probe settles it', async () => {
  const { source, look, codes, pass } = await proven();
  pass(LAG_MS + 2_000);
  source.outcomesReadable = false;
  source.write(addMs(source.now, -2 * LAG_MS));
  expect((await look())?.tables).toMatchObject([{ writes: { kind: 'written' }, probe: { reopened: [] } }]);
  expect(await codes()).toEqual([]);
});
