import type { SourcePressure } from '@lakehaul/adapters';
import { LakehaulError, type Log, THROTTLE_DEFAULTS } from '@lakehaul/core';
import { recordShape, THROTTLE } from '@lakehaul/ledger';
import { createMetrics } from '@lakehaul/runtime';
import { describe, expect, it } from 'vitest';
import { LedgerWorld } from '../../../../test/support/ledger-world.ts';
import { Governor, type GovernorDeps } from './governor.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const CALM: SourcePressure = {
  ...{ seesAllStatements: true, queued: 0, running: 5, runningOurs: 2, queueTimeMs: 0 },
  ...{ canaryMs: 100, storagePercent: 10, storageUnread: null },
};
const NONE = { waiting: 0, active: 0, delayed: 0 };

class Room {
  readonly world = new LedgerWorld();
  pressure: SourcePressure | Error = CALM;
  /** What the queue store holds; an emptied one holds nothing. */
  slots: number | null = null;
  isQueueAway = false;
  slowDowns = 0;
  nowMs = 1_000_000;
  readonly gauges = new Map<string, number>();

  governor(more: Partial<GovernorDeps> = {}): Governor {
    return new Governor({
      ...{ ledger: this.world.open(), log, configured: THROTTLE_DEFAULTS, blackouts: { hours: [], dates: [] } },
      ...{
        flagKey: null,
        hasObject: async () => false,
        takeS3SlowDowns: async () => ({ calls: this.slowDowns, processes: 3 }),
        readingTimeoutMs: 1_000,
      },
      clock: { nowMs: () => this.nowMs, sleep: async () => undefined },
      metrics: {
        set: (name, labels, value) => void this.gauges.set(`${name} ${Object.values(labels).join()}`, Number(value)),
        remove: (name, labels) => void this.gauges.delete(`${name} ${Object.values(labels).join()}`),
      },
      source: {
        readPressure: async () => {
          if (this.pressure instanceof Error) throw this.pressure;
          return this.pressure;
        },
      },
      target: { queuedStatements: async () => 0 },
      queues: {
        counts: async () => ({ unload: { ...NONE, active: this.slots ?? 0 }, load: NONE, verify: NONE }),
        setConcurrency: async (_step, slots) => {
          if (this.isQueueAway) throw new LakehaulError('QUEUE_UNAVAILABLE', 'away');
          this.slots = slots;
        },
      },
      ...more,
    });
  }

  async pass(governor: Governor, ms = 60_000): Promise<number> {
    this.nowMs += ms;
    this.world.tick(ms / 1_000);
    return (await governor.runOnce([])).slots;
  }

  records = () => this.world.open().throttle.recent(100);
}

describe('the governor', () => {
  it('does not wait for a queue store or a warehouse that hangs', async () => {
    const room = new Room();
    const hangs = () => new Promise<never>(() => {});
    const governor = room.governor({
      readingTimeoutMs: 20,
      target: { queuedStatements: hangs },
      hasObject: hangs,
      flagKey: 'stop',
    });
    await governor.open();
    await room.pass(governor);
    const unread = (await room.records())
      .at(-1)
      ?.body.checks.filter(({ reason }) => reason.includes('no answer within 20 ms'));
    expect(unread?.map(({ name }) => name).sort()).toEqual(['flag', 'warehouse-queue']);
  });

  it('that is stopped while it reads decides nothing of what it could not read', async () => {
    const room = new Room();
    const stopping = new AbortController();
    let isReading = () => {};
    const reading = new Promise<void>((begun) => {
      isReading = begun;
    });
    const readPressure = ({ signal }: { signal?: AbortSignal | undefined }) =>
      new Promise<never>((_, refuse) => {
        signal?.addEventListener('abort', () => refuse(signal.reason));
        isReading();
      });
    const governor = room.governor({ source: { readPressure } });
    await governor.open();
    const slots = room.slots;
    const pass = governor.runOnce([], stopping.signal);
    await reading;
    stopping.abort();
    await expect(pass).rejects.toBe(stopping.signal.reason);
    expect([room.slots, await room.records()]).toEqual([slots, []]);
  });

  it('sets slots before it has read anything, and at each pass again: an emptied queue store is bound once more', async () => {
    const room = new Room();
    const governor = room.governor();
    await governor.open();
    expect(room.slots).toBe(THROTTLE_DEFAULTS.startSlots);
    room.slots = null;
    expect(await room.pass(governor)).toBe(room.slots);
    room.slots = null;
    await room.pass(governor);
    expect(room.slots).toBe(9);
    expect(room.gauges.get('lakehaul_throttle_slots unload')).toBe(9);
    expect(room.gauges.get('lakehaul_throttle_hit queue-time')).toBe(0);
  });

  it('records each change with its reason, and otherwise once a minute', async () => {
    const room = new Room();
    const governor = room.governor();
    for (let pass = 0; pass < 4; pass++) await room.pass(governor, 15_000);
    room.pressure = { ...CALM, queueTimeMs: 20_000 };
    await room.pass(governor, 15_000);
    const bodies = (await room.records()).map((record) => record.body);
    expect(bodies.map(({ change, slots, winner }) => [change, slots, winner])).toEqual([
      ['start', 8, null],
      ['climb', 9, null],
      ['fall', 4, 'queue-time'],
    ]);
    expect(bodies.at(-1)?.reason).toMatch(/^queue-time: one statement in twenty waits 20 s/);
    for (const record of await room.records()) {
      const path = record.key.slice(record.key.indexOf(`${THROTTLE}/`)).replace('.json', '');
      expect(recordShape(path)?.safeParse(record.body).success).toBe(true);
    }
    for (let pass = 0; pass < 8; pass++) await room.pass(governor, 15_000);
    expect((await room.records()).length).toBeLessThanOrEqual(3 + 3);
  });

  it('a new one goes on from the last record, unless it is old', async () => {
    const room = new Room();
    const first = room.governor();
    await room.pass(first);
    room.pressure = { ...CALM, queueTimeMs: 90_000 };
    await room.pass(first);
    await room.pass(first);
    expect(room.slots).toBe(0);

    room.slots = null;
    await room.governor().open();
    expect(room.slots).toBe(0);
    room.world.tick(3_700);
    await room.governor().open();
    expect(room.slots).toBe(THROTTLE_DEFAULTS.startSlots);
  });

  it('a source that cannot be read twice in a row is spared, and nothing is thrown', async () => {
    const room = new Room();
    const governor = room.governor();
    await room.pass(governor);
    room.pressure = new LakehaulError('ANSWER_LOST', 'no answer within 60000 ms');
    expect(await room.pass(governor)).toBe(8);
    expect(await room.pass(governor)).toBe(4);
    expect((await room.records()).at(-1)?.body).toMatchObject({ winner: 'reading' });
  });

  it('halves when S3 asks the processes of the fleet to slow down', async () => {
    const room = new Room();
    const governor = room.governor();
    await room.pass(governor);
    room.slowDowns = 25;
    expect(await room.pass(governor)).toBe(4);
    const { reason, winner } = (await room.records()).at(-1)?.body ?? {};
    expect(winner).toBe('s3-slow-downs');
    expect(reason).toContain('S3 asked 25 calls of 3 processes to slow down');
  });

  it('a check that cannot be read any more exports no last value, and exports again when it can', async () => {
    const room = new Room();
    const metrics = createMetrics();
    const governor = room.governor({ metrics });
    const series = async () => (await metrics.text()).match(/^lakehaul_throttle_check_\w+\{check="queue-time"\}/gm);
    await room.pass(governor);
    expect(await series()).toHaveLength(2);
    room.pressure = { ...CALM, seesAllStatements: false };
    await room.pass(governor);
    expect(await series()).toBeNull();
    expect(await metrics.text()).toContain('lakehaul_throttle_hit{check="queue-time"} 0');
    room.pressure = CALM;
    await room.pass(governor);
    expect(await series()).toHaveLength(2);
  });

  it('a user who sees only its own statements does not take silence for calm', async () => {
    const room = new Room();
    room.pressure = { ...CALM, seesAllStatements: false };
    await room.pass(room.governor());
    const [record] = await room.records();
    expect(record?.body.checks.find((check) => check.name === 'queue-time')).toMatchObject({
      value: null,
      verdict: 'ok',
    });
  });

  it('what people set counts at the next pass; a queue store that is away makes it forget nothing', async () => {
    const room = new Room();
    const governor = room.governor();
    await room.pass(governor);
    const set = (name: string, value: number | null) =>
      room.world.open().steering.change({
        ...{ change: { action: 'throttle', name, value }, who: 'ada', reason: 'test', requestId: `${name} ${value}` },
      });
    await set('maxSlots', 3);
    expect(await room.pass(governor)).toBe(3);
    await set('hold', 1);
    room.isQueueAway = true;
    await expect(room.pass(governor)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    expect(room.slots).toBe(3);
    room.isQueueAway = false;
    expect(await room.pass(governor)).toBe(0);
    expect((await room.records()).at(-1)?.body).toMatchObject({ slots: 0, winner: 'manual' });
    await set('hold', 0);
    expect(await room.pass(governor)).toBe(1);
  });

  it('a flag object that migrations share stops all of them while it is there', async () => {
    const room = new Room();
    let isUp = true;
    const governor = room.governor({ flagKey: 'stop', hasObject: async (key) => key === 'stop' && isUp });
    expect(await room.pass(governor)).toBe(0);
    isUp = false;
    expect(await room.pass(governor)).toBe(4);
  });
});
