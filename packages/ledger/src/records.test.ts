import { createHash } from 'node:crypto';
import { LakehaulError, type Log } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BODIES, chunkRef, LedgerWorld, tablePlan } from '../../../test/support/ledger-world.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLog };

describe('records', () => {
  it('under one name are written once', async () => {
    const world = new LedgerWorld();
    const first = await world.open('a').writeRecord('tables/t-t-00000000/prepared', { ddl: ['x'] });
    const second = await world.open('b').writeRecord('tables/t-t-00000000/prepared', { ddl: ['y'] });
    expect([first.isMine, second.isMine]).toEqual([true, false]);
    expect(second.record).toEqual(first.record);
    expect((await world.open('c').readRecord('tables/t-t-00000000/prepared'))?.body).toEqual({ ddl: ['x'] });
    expect(await world.open('c').readRecord('tables/t-t-00000000/other')).toBeNull();
  });

  it('of a series are numbered without loss or double, whoever writes at once, and the last one counts', async () => {
    const world = new LedgerWorld();
    await Promise.all(Array.from({ length: 12 }, (_, n) => world.open(`w${n}`).appendSetting('limits', { max: n })));
    const records = await world.open().readRecords<{ max: number }>('settings/limits');
    expect(records).toHaveLength(12);
    expect(new Set(records.map((record) => record.body.max)).size).toBe(12);
    await world.open('last').appendSetting('limits', { max: 99 });
    const latest = await world.open().latestSetting('limits', z.object({ max: z.number() }));
    expect(latest?.body).toEqual({ max: 99 });
    expect(latest?.by.instance).toBe('last');
    expect(await world.open().latestSetting('pause')).toBeNull();
  });

  it('of another shape or migration stop the run', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const { record } = await ledger.appendSetting('limits', { max: 'many' });
    const shape = z.object({ max: z.number() });
    await expect(ledger.latestSetting('limits', shape)).rejects.toMatchObject({
      code: 'LEDGER_CONFLICT',
      where: record.key,
    });
    const text = Buffer.from((await world.store.get(record.key))?.body ?? []).toString();
    await world.store.put(record.key, text.replace('"migration":"m1"', '"migration":"m2"'));
    await expect(ledger.latestSetting('limits')).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
    await world.store.put(record.key, 'not json');
    await expect(ledger.readRecords('settings/limits')).rejects.toThrow(/is not JSON/);
  });
});

describe('rows of a diff', () => {
  it('lie apart from the receipts, each diff under a key of its own', async () => {
    const ledger = new LedgerWorld().open();
    const ref = { ...chunkRef(tablePlan(1), 0), attempt: 1 };
    const keys = [await ledger.writeDiff(ref, 'one'), await ledger.writeDiff(ref, 'two')];
    expect(await ledger.readDiff(keys[0] ?? '', sha256('one'))).toBe('one');
    expect(await ledger.readDiff(keys[1] ?? '', sha256('two'))).toBe('two');
    expect(await ledger.readDiff('ledger/m1/diffs/expired', '')).toBeNull();
    await ledger.write(ref, 'loaded', BODIES.loaded, null);
    expect(await ledger.trail(ref)).toHaveLength(1);
  });
});

describe('a diff that is not what the receipt tells of', () => {
  it('is refused: other bytes, or an object that is no diff', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const ref = { ...chunkRef(tablePlan(1), 0), attempt: 1 };
    const key = await ledger.writeDiff(ref, 'one');
    await world.store.put(key, 'eno');
    await expect(ledger.readDiff(key, sha256('one'))).rejects.toMatchObject({ code: 'LEDGER_CONFLICT', where: key });
    const { receipt } = await ledger.write(ref, 'loaded', BODIES.loaded, null);
    await expect(ledger.readDiff(receipt.key, '')).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
  });
});

describe('the sweep of diffs', () => {
  const DAY_MS = 86_400_000;

  it('removes what is past its time and nothing else, and looks a few times an hour', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const ref = { ...chunkRef(tablePlan(1), 0), attempt: 1 };
    const old = await ledger.writeDiff(ref, 'old');
    await ledger.write(ref, 'loaded', BODIES.loaded, null);
    const sweep = ledger.diffSweep({ keepMs: 30 * DAY_MS, log: silentLog });
    const startMs = await ledger.serverTimeMs();
    world.nowMs = startMs + 20 * DAY_MS;
    const young = await ledger.writeDiff(ref, 'young');
    expect(await sweep.runOnce(startMs + 30 * DAY_MS)).toBe(0);
    expect(await ledger.readDiff(old, sha256('old'))).toBe('old');
    // A minute later it is due; the sweep comes again after its pause.
    expect(await sweep.runOnce(startMs + 30 * DAY_MS + 60_000)).toBe(0);
    expect(await sweep.runOnce(startMs + 30 * DAY_MS + 3_600_000)).toBe(1);
    expect(await ledger.readDiff(old, sha256('old'))).toBeNull();
    expect(await ledger.readDiff(young, sha256('young'))).toBe('young');
    expect(await ledger.trail(ref)).toHaveLength(1);
  });

  it('goes on where nobody may delete, and says so', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const key = await ledger.writeDiff({ ...chunkRef(tablePlan(1), 0), attempt: 1 }, 'old');
    world.store.delete = () => Promise.reject(new LakehaulError('PERMISSION_DENIED', 'AccessDenied'));
    const warned: string[] = [];
    const log: Log = { ...silentLog, warn: (message) => void warned.push(message) };
    const sweep = ledger.diffSweep({ keepMs: DAY_MS, log });
    expect(await sweep.runOnce((await ledger.serverTimeMs()) + 2 * DAY_MS)).toBe(0);
    expect(warned).toEqual(['expired diffs not removed']);
    expect(await ledger.readDiff(key, sha256('old'))).toBe('old');
  });
});

describe('the probe of the store', () => {
  it('tells a store that keeps the first object from one that overwrites', async () => {
    const world = new LedgerWorld();
    expect((await world.open().probeCreateOnce()).isCreateOnce).toBe(true);
    const careless = new LedgerWorld();
    careless.store.putIfAbsent = async (key, body) => {
      await careless.store.put(key, body);
      return { created: true };
    };
    expect((await careless.open().probeCreateOnce()).isCreateOnce).toBe(false);
  });
});
