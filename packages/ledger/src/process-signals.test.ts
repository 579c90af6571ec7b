import { expect, it } from 'vitest';
import { LedgerWorld } from '../../../test/support/ledger-world.ts';
import { recordShape } from './record-shapes.ts';

const said = (status: 'failing' | 'ok', process = 'month-end') => ({
  ...{ process, status, who: 'ada', reason: 'totals' },
});

it('what is declared already is no new record; every change of it is one, with who and why', async () => {
  const { signals } = new LedgerWorld().open();
  expect(await signals.declare(said('ok'))).toEqual({ isChanged: false });
  for (const status of ['failing', 'failing', 'ok', 'failing'] as const) await signals.declare(said(status));
  await signals.declare(said('failing', 'payroll'));
  const all = await signals.all();
  expect(all.map(({ body }) => [body.process, body.status])).toEqual([
    ['month-end', 'failing'],
    ['month-end', 'ok'],
    ['month-end', 'failing'],
    ['payroll', 'failing'],
  ]);
  expect((await signals.newest()).map(({ body }) => [body.process, body.status, body.who])).toEqual([
    ['month-end', 'failing', 'ada'],
    ['payroll', 'failing', 'ada'],
  ]);
  const path = all[0]?.key.split('/records/').at(-1)?.replace('.json', '') ?? '';
  expect(recordShape(path.slice(path.indexOf('signals/')))?.safeParse(all[0]?.body).success).toBe(true);
});

it('two that declare at once make one record', async () => {
  const world = new LedgerWorld();
  const both = await Promise.all(['a', 'b'].map((name) => world.open(name).signals.declare(said('failing'))));
  expect(both.filter(({ isChanged }) => isChanged)).toHaveLength(1);
  expect(await world.open('c').signals.all()).toHaveLength(1);
});

it('the newest of each is read, and nothing else of what was said over weeks', async () => {
  const world = new LedgerWorld();
  const { signals } = world.open();
  for (let time = 0; time < 20; time++) await signals.declare(said(time % 2 === 0 ? 'failing' : 'ok'));
  await signals.declare(said('failing', 'payroll'));
  const { signals: other } = world.open('b');
  const before = world.store.calls.get('get') ?? 0;
  expect((await other.newest()).map(({ body }) => [body.process, body.status])).toEqual([
    ['month-end', 'ok'],
    ['payroll', 'failing'],
  ]);
  expect((world.store.calls.get('get') ?? 0) - before).toBe(2);
});

it('said again after a crash it takes back nothing that somebody else has said since', async () => {
  const { signals } = new LedgerWorld().open();
  const after = await signals.number('month-end');
  expect(await signals.declare(said('failing'), after)).toEqual({ isChanged: true });
  await signals.declare({ ...said('ok'), who: 'ben', reason: 'mended' });
  expect(await signals.declare(said('failing'), after)).toEqual({ isChanged: true });
  expect((await signals.current('month-end'))?.body).toMatchObject({ status: 'ok', who: 'ben' });
  // Asked for anew it counts.
  await signals.declare(said('failing'), await signals.number('month-end'));
  expect((await signals.current('month-end'))?.body.status).toBe('failing');
});
