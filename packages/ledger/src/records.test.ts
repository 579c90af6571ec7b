import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BODIES, chunkRef, LedgerWorld, tablePlan } from '../../../test/support/ledger-world.ts';

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
    expect(await ledger.readDiff(keys[0] ?? '')).toBe('one');
    expect(await ledger.readDiff(keys[1] ?? '')).toBe('two');
    expect(await ledger.readDiff('ledger/m1/diffs/expired')).toBeNull();
    await ledger.write(ref, 'loaded', BODIES.loaded, null);
    expect(await ledger.trail(ref)).toHaveLength(1);
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
