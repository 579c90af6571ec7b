import { describe, expect, it } from 'vitest';
import { LedgerWorld } from '../../../test/support/ledger-world.ts';
import { type AcceptedSchema, isValidColumnList } from './accepted-schemas.ts';
import type { TableStop } from './table-stops.ts';

const STOP: TableStop = {
  schemaVersion: 1,
  action: 'stop',
  code: 'SYSTEMIC_CAUSE',
  reason: 'five chunks',
  next: 'look',
  evidence: ['a'],
  digest: 'd',
};
const RESUME = { schemaVersion: 1, action: 'resume', who: 'a person', reason: 'mended', digest: 'd' } as const;

describe('a table’s stop', () => {
  it('holds until a person lifts it, and every event stays', async () => {
    const world = new LedgerWorld();
    const { stops } = world.open();
    expect(await stops.current('t')).toBeNull();
    expect(await stops.append('t', null, STOP)).toBe(true);
    const halt = await stops.current('t');
    expect(halt).toMatchObject({ tableId: 't', number: 1, stop: STOP });
    expect(await stops.append('t', halt, RESUME)).toBe(true);
    expect(await world.open('b').stops.current('t')).toMatchObject({ number: 2, stop: null });
    expect((await stops.events('t')).map((event) => event.body.action)).toEqual(['stop', 'resume']);
  });

  it('is not written by whoever judged on what was before it was lifted', async () => {
    const { stops } = new LedgerWorld().open();
    await stops.append('t', null, STOP);
    const halt = await stops.current('t');
    await stops.append('t', halt, RESUME);
    expect(await stops.append('t', halt, STOP)).toBe(false);
    expect((await stops.current('t'))?.stop).toBeNull();
  });

  it('is told for all tables at once, by their ids', async () => {
    const { stops } = new LedgerWorld().open();
    await stops.append('s-a-1', null, STOP);
    await stops.append('s-b-2', null, STOP);
    await stops.append('s-b-2', await stops.current('s-b-2'), RESUME);
    const all = await stops.all();
    expect([...all.keys()].sort()).toEqual(['s-a-1', 's-b-2']);
    expect([all.get('s-a-1')?.stop?.code, all.get('s-b-2')?.stop]).toEqual(['SYSTEMIC_CAUSE', null]);
  });
});

describe('a column list', () => {
  const schema = (columnListHash: string, replaces: boolean): AcceptedSchema => ({
    schemaVersion: 1,
    digest: columnListHash,
    columnListHash,
    replaces,
    drifts: [],
    who: 'policy',
    reason: 'why',
  });

  it('is valid when it is planned or accepted', () => {
    expect(isValidColumnList('a', 'a', [])).toBe(true);
    expect(isValidColumnList('b', 'a', [])).toBe(false);
    expect(isValidColumnList('b', 'a', [schema('b', false)])).toBe(true);
    expect(isValidColumnList('a', 'a', [schema('b', false)])).toBe(true);
  });

  it('of a table that was replaced is not valid any more, whatever was accepted before', () => {
    const accepted = [schema('b', false), schema('c', true), schema('d', false)];
    for (const [seen, isValid] of [
      ['a', false],
      ['b', false],
      ['c', true],
      ['d', true],
    ] as const)
      expect(isValidColumnList(seen, 'a', accepted)).toBe(isValid);
  });
});
