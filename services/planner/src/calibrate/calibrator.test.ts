import type { SourceSlices } from '@lakehaul/adapters';
import type { Log, ReceiptBodies, TablePlan } from '@lakehaul/core';
import { CALIBRATION, recordShape } from '@lakehaul/ledger';
import { jobIdOf } from '@lakehaul/queue';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../../test/support/ledger-world.ts';
import { type CalibrationSettings, Calibrator } from './calibrator.ts';

const GIB = 2n ** 30n;
/** 20 chunks; by rangeChunks each is planned for 2^53 + 1 bytes. */
const BIG = tablePlan(20, { estimatedBytes: String(20n * (2n ** 53n + 1n)) });
const SMALL = tablePlan(3, { tableId: 'public-small-00000000', estimatedBytes: String(GIB) });
const HOURS = 3_600_000;

class Room {
  readonly world = new LedgerWorld();
  readonly ledger = this.world.open();
  readonly scan = this.ledger.openScan();
  readonly lines: string[] = [];
  readonly inQueue = new Set<string>();
  readonly stopped = new Set<TablePlan>();
  slices: SourceSlices | null | Error = { slices: 16, nodes: 4 };
  nowMs = 0;
  plans: TablePlan[];

  constructor(plans: TablePlan[] = [SMALL, BIG]) {
    this.plans = plans;
  }

  async open(settings: Partial<CalibrationSettings> = {}): Promise<Calibrator> {
    for (const plan of this.plans) await this.ledger.writePlan(plan, rangeChunks(plan));
    const tell = (message: string) => void this.lines.push(message);
    const log: Log = { debug() {}, info: tell, warn: tell, error: tell, with: () => log };
    return new Calibrator({
      ...{ ledger: this.ledger, scan: this.scan, log, clock: { nowMs: () => this.nowMs } },
      source: {
        readSlices: async () => {
          if (this.slices instanceof Error) throw this.slices;
          return this.slices;
        },
      },
      settings: {
        ...{ minTableBytes: 2n ** 40n, chunks: 4, withinMs: HOURS, kind: 'provisioned', startSlots: 8 },
        ...{ timeoutMs: 6 * HOURS, ...settings },
      },
    });
  }

  /** Numbers of the planned chunks that may begin. */
  async mayBegin(calibrator: Calibrator, plan: TablePlan): Promise<number[]> {
    await this.scan.refresh();
    const { mayBegin, tooLarge } = await calibrator.look(this.plans, this.inQueue, {
      mayUnload: (each) => !this.stopped.has(each),
      jobId: (ref) => jobIdOf({ ...ref, attempt: 1, step: 'unload' }),
    });
    const chunks: number[] = [];
    this.scan.forEach(plan, (chunk, { attempt }) => {
      if (attempt === 0 && !tooLarge.has(plan) && mayBegin(plan, chunk)) chunks.push(chunk);
    });
    return chunks;
  }

  async begin(chunk: number): Promise<void> {
    const attempt = { ...chunkRef(BIG, chunk), attempt: 1 };
    await this.ledger.openAttempt(attempt, { attempt: 1, body: BODIES.opened, causedBy: null });
    this.world.tick();
  }

  async unload(chunk: number, more: Partial<ReceiptBodies['unloaded']> = {}): Promise<void> {
    const attempt = { ...chunkRef(BIG, chunk), attempt: 1 };
    const snapshotAt = `2026-01-01 00:${String(chunk % 60).padStart(2, '0')}:00.000000`;
    await this.ledger.write(attempt, 'unloaded', { ...BODIES.unloaded, durationMs: 60_000, snapshotAt, ...more }, null);
    this.world.tick();
  }

  async measure(chunks: readonly number[], more: Partial<ReceiptBodies['unloaded']> = {}): Promise<void> {
    for (const chunk of chunks) {
      await this.begin(chunk);
      await this.unload(chunk, more);
    }
  }
}

describe('before the first big table', () => {
  it('one chunk of it runs alone, from the middle; small tables go on', async () => {
    const room = new Room();
    const calibrator = await room.open();
    expect(await room.mayBegin(calibrator, BIG)).toEqual([10]);
    expect(await room.mayBegin(calibrator, SMALL)).toEqual([0, 1, 2]);
    // Let in but not begun yet, and begun: either way no other one.
    room.inQueue.add(jobIdOf({ ...chunkRef(BIG, 10), attempt: 1, step: 'unload' }));
    expect(await room.mayBegin(calibrator, BIG)).toEqual([10]);
    await room.begin(10);
    expect(await room.mayBegin(calibrator, BIG)).toEqual([]);
  });

  it('then as many as the throttle begins with and the measurement wants; then all, with a record of what was seen', async () => {
    const room = new Room();
    const calibrator = await room.open();
    await room.measure([10]);
    expect(await room.mayBegin(calibrator, BIG)).toEqual([11, 12, 13]);
    await room.begin(11);
    expect(await room.mayBegin(calibrator, BIG)).toEqual([12, 13]);
    await room.unload(11);
    await room.measure([12]);
    expect(await room.mayBegin(calibrator, BIG)).toEqual([13]);
    expect(await room.ledger.calibration.current()).toBeNull();
    await room.measure([13]);
    expect((await room.mayBegin(calibrator, BIG)).length).toBe(16);
    const body = (await room.world.open().calibration.current())?.body;
    // A minute each, one after the other.
    const rate = String(BigInt(Math.round(Number(2n ** 53n + 1n) / 60)));
    expect(body).toMatchObject({
      ...{ chunks: 4, atOnce: 1, bytesPerSecond: rate, fastestBytesPerSecond: rate, slowestBytesPerSecond: rate },
      conditions: { kind: 'provisioned', slices: 16, nodes: 4, startSlots: 8 },
    });
    expect(recordShape(CALIBRATION)?.safeParse(body).success).toBe(true);
    expect(room.lines).toContain('unload calibrated');
  });

  it('few slots of the throttle are not exceeded', async () => {
    const room = new Room();
    const calibrator = await room.open({ startSlots: 2, chunks: 9 });
    await room.measure([10]);
    expect(await room.mayBegin(calibrator, BIG)).toEqual([11, 12]);
  });

  it('a chunk that took no time or has no bytes is not counted, and another one is let in', async () => {
    const room = new Room();
    const calibrator = await room.open();
    await room.measure([10], { sizeBytes: '0' });
    expect(await room.mayBegin(calibrator, BIG)).toEqual([11]);
  });

  it('it holds nothing longer than an hour, nor when the table that it waits for may not go on', async () => {
    const room = new Room();
    const calibrator = await room.open();
    await room.begin(10);
    expect(await room.mayBegin(calibrator, BIG)).toEqual([]);
    room.nowMs += HOURS + 1;
    expect((await room.mayBegin(calibrator, BIG)).length).toBe(19);
    expect(room.lines).toEqual(['unload not calibrated in time']);

    const other = tablePlan(20, { ...BIG, tableId: 'public-other-00000000', priority: 5 });
    const two = new Room([BIG, other]);
    const second = await two.open();
    two.stopped.add(BIG);
    expect(await two.mayBegin(second, other)).toEqual([10]);
  });

  it('a haul that is under way already, a table of one shared scan and small tables alone are not held', async () => {
    const room = new Room();
    await room.open();
    await room.measure(Array.from({ length: 13 }, (_, chunk) => chunk));
    const late = new Calibrator({ ...(await depsOf(room)) });
    expect((await room.mayBegin(late, BIG)).length).toBe(7);
    expect(await room.ledger.calibration.current()).toBeNull();

    const shared = { ...BIG, keyColumns: [] };
    const one = new Room([shared]);
    expect((await one.mayBegin(await one.open(), shared)).length).toBe(20);
    const small = new Room([SMALL]);
    const gets = small.world.store;
    const calibrator = await small.open();
    let asked = 0;
    gets.intercept = ({ key }) => void (key.includes(CALIBRATION) && asked++);
    expect((await small.mayBegin(calibrator, SMALL)).length).toBe(3);
    expect(asked).toBe(0);
    expect((await room.mayBegin(await new Room().open({ chunks: 0 }), BIG)).length).toBe(7);
  });

  it('slices that cannot be read leave the rate of the whole; serverless is not asked', async () => {
    for (const [kind, slices] of [
      ['provisioned', new Error('denied')],
      ['provisioned', null],
      ['serverless', { slices: 16, nodes: 4 }],
    ] as const) {
      const room = new Room();
      room.slices = slices;
      const calibrator = await room.open({ kind });
      await room.measure([10, 11, 12, 13]);
      await room.mayBegin(calibrator, BIG);
      expect((await room.ledger.calibration.current())?.body.conditions).toMatchObject({ kind, slices: null });
    }
  });
});

describe('afterwards', () => {
  it('no chunk is begun that cannot end before its time-out, and the log tells what to do; with time enough all are', async () => {
    const room = new Room();
    await room.measure([]);
    const calibrator = await room.open({ timeoutMs: 59_000 });
    await room.measure([10, 11, 12, 13]);
    expect(await room.mayBegin(calibrator, BIG)).toEqual([]);
    expect(await room.mayBegin(calibrator, BIG)).toEqual([]);
    expect(room.lines.filter((line) => line === 'chunks are too large')).toHaveLength(1);
    expect((await room.mayBegin(calibrator, SMALL)).length).toBe(3);

    const patient = new Calibrator({ ...(await depsOf(room, { timeoutMs: 61_000 })) });
    expect((await room.mayBegin(patient, BIG)).length).toBe(16);
    expect(room.lines).toContain('chunks are large');
  });
});

async function depsOf(room: Room, settings: Partial<CalibrationSettings> = {}) {
  const tell = (message: string) => void room.lines.push(message);
  const log: Log = { debug() {}, info: tell, warn: tell, error: tell, with: () => log };
  return {
    ...{ ledger: room.world.open(), scan: room.scan, log, clock: { nowMs: () => room.nowMs } },
    source: { readSlices: async () => null },
    settings: {
      ...{ minTableBytes: 2n ** 40n, chunks: 4, withinMs: HOURS, kind: 'provisioned' as const, startSlots: 8 },
      ...{ timeoutMs: 6 * HOURS, ...settings },
    },
  };
}
