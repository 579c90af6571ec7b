import type { SteeringChange } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { heldJob } from './held-job.ts';
import { STEERING } from './steering-log.ts';

const PAUSE = { action: 'pause', pattern: '*::unload' } as const;
const by = (requestId: string, change: SteeringChange = PAUSE) => ({
  change,
  who: 'ada@example',
  reason: 'month end',
  requestId,
});

describe('steering', () => {
  it('every change is a record with who, why, before and after', async () => {
    const world = new LedgerWorld();
    const { record, isChanged } = await world.open('a').steering.change(by('r1'));
    expect(isChanged).toBe(true);
    expect(record?.body).toMatchObject({
      who: 'ada@example',
      reason: 'month end',
      before: { pauses: [] },
      after: { pauses: ['*::unload'] },
    });
    expect(await world.open('b').steering.current()).toEqual(record?.body.after);
  });

  it('a request that comes again changes nothing twice, and its id serves no other change', async () => {
    const { steering } = new LedgerWorld().open();
    await steering.change(by('r1'));
    await steering.change(by('r2', { action: 'resume', pattern: '*::unload' }));
    const again = await steering.change(by('r1'));
    expect(again).toMatchObject({ isChanged: false, record: { body: { requestId: 'r1' } } });
    expect((await steering.current()).pauses).toEqual([]);
    expect(await steering.changes()).toHaveLength(2);
    await expect(steering.change(by('r1', { action: 'pause', pattern: '*::load' }))).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it('a change that is known is not read again, however many there are', async () => {
    const world = new LedgerWorld();
    const { steering } = world.open('a');
    for (let time = 0; time < 30; time++)
      await steering.change(by(`r${time}`, time % 2 === 0 ? PAUSE : { action: 'resume', pattern: '*::unload' }));
    const reader = world.open('b').steering;
    expect(await reader.changes()).toHaveLength(30);
    await steering.change(by('r30'));
    const before = world.store.calls.get('get') ?? 0;
    expect((await reader.changes()).map(({ body }) => body.requestId)).toEqual(
      Array.from({ length: 31 }, (_, time) => `r${time}`),
    );
    expect((world.store.calls.get('get') ?? 0) - before).toBe(1);
  });

  it('people who change things at once lose none of it', async () => {
    const world = new LedgerWorld();
    const patterns = Array.from({ length: 8 }, (_, n) => `s.t${n}::*`);
    const done = await Promise.all(
      patterns.map((pattern, n) => world.open(`p${n}`).steering.change(by(`r${n}`, { action: 'pause', pattern }))),
    );
    // Each is told what it was made on: every pause but one's own and the later ones.
    expect(done.map((each) => each.before.pauses.length).sort()).toEqual(patterns.map((_, n) => n));
    expect([...(await world.open().steering.current()).pauses].sort()).toEqual(patterns);
  });

  it('a lost answer is no lost change and no second one', async () => {
    const world = new LedgerWorld();
    const { steering } = world.open('a');
    world.store.intercept = ({ operation, when }) => {
      if (operation === 'putIfAbsent' && when === 'after') {
        world.store.intercept = undefined;
        throw new Error('the answer never came');
      }
    };
    await steering.change(by('r1')).catch(() => undefined);
    await steering.change(by('r1'));
    expect(await steering.changes()).toHaveLength(1);
  });

  it('a service that runs on hears of what is set later, and asks no oftener than it must', async () => {
    const world = new LedgerWorld();
    const { steering } = world.open('service');
    const before = await steering.current();
    await world.open('person').steering.change(by('r1'));
    expect(await steering.current(60_000)).toBe(before);
    const paused = await steering.current();
    expect(paused.pauses).toEqual(['*::unload']);
    expect(await steering.current()).toBe(paused);
    await world.open('person').steering.change(by('r2', { action: 'resume', pattern: '*::unload' }));
    expect((await steering.current()).pauses).toEqual([]);
  });

  it('what is so already leaves no record; a damaged one stops the run', async () => {
    const world = new LedgerWorld();
    const { steering } = world.open();
    await steering.change(by('r1'));
    expect(await steering.change(by('r2'))).toMatchObject({ isChanged: false, record: null });
    const [record] = await steering.changes();
    const key = record?.key ?? '';
    const text = Buffer.from((await world.store.get(key))?.body ?? []).toString();
    await world.store.put(key, text.replace('"pauses":["*::unload"]', '"pauses":"all"'));
    await expect(world.open().steering.current()).rejects.toMatchObject({ code: 'LEDGER_CONFLICT' });
    expect(key).toContain(STEERING);
  });

  it('a job of what is paused is held where it begins, one of another table or step is not', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    const plan = tablePlan(2);
    await ledger.writePlan(plan, rangeChunks(plan));
    const job = { ...chunkRef(plan, 0), attempt: 1, step: 'unload' as const };
    expect(await heldJob(ledger, job)).toBeNull();
    await ledger.steering.change(by('r1', { action: 'pause', pattern: `${plan.source.schema}.*::unload` }));
    expect(await heldJob(world.open('later'), job)).toMatchObject({ max: 0 });
    expect(await heldJob(world.open('later'), { ...job, step: 'load' })).toBeNull();
  });
});
