/** A person cancels UNLOADs that run: of what is paused only, from any process, once; every row arrives all the same. */
import { limitRows, must } from '@lakehaul/core';
import { planCancel } from '@lakehaul/operate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cancelChange } from '../../services/control/src/cancel.ts';
import { changeOnce } from '../../services/control/src/once.ts';
import { driver } from '../support/drive.ts';
import { eventually } from '../support/processes.ts';
import { equalRows, type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function depsOf({ session }: SmallTable) {
  const { ledger, clouds, config } = session;
  const limits = limitRows(config.limits, await ledger.steering.current());
  return { source: clouds.source, migration: ledger.migration, plans: await ledger.readPlans(), limits };
}

/** Its UNLOAD, held at the source. */
async function held(table: SmallTable): Promise<{ ended: Promise<unknown> }> {
  const ended = driver(table.session).step(table.ref, { attempt: 1, step: 'unload' });
  ended.catch(() => undefined);
  await eventually('the UNLOAD runs', async () => {
    const { source, migration } = await depsOf(table);
    return (await source.runningStatements(`lakehaul-${migration}-`)).length === 1;
  });
  return { ended };
}

it('UNLOADs that run are cancelled once they are paused, and hauled again when they are resumed', async () => {
  const [table, other] = [await smallTable(world), await smallTable(world)];
  world.clouds.faults.set([
    { point: 'redshift.statement', nth: 0, match: 'UNLOAD (', happens: { kind: 'delay', until: 'released' } },
  ]);
  const [held1, held2] = [await held(table), await held(other)];
  const { ledger } = table.session;
  const pattern = `f.${table.name}::unload`;
  const steer = (action: 'pause' | 'resume') =>
    ledger.steering.change({ change: { action, pattern }, who: 'ada', reason: 'air', requestId: action });
  const cancel = () =>
    changeOnce(
      ledger,
      { who: 'ada', reason: 'air', key: 'k', request: 'cancel', body: {}, requestId: 'k' },
      cancelChange(() => depsOf(table), pattern),
    );

  await expect(planCancel(await depsOf(table), pattern)).rejects.toThrow('are not paused');
  await steer('pause');
  await expect(planCancel(await depsOf(table), `f.${table.name}::load`)).rejects.toThrow('names no UNLOAD');
  const first = await cancel();
  expect(first).toMatchObject({ status: 200, isRepeated: false, answer: { total: 1, isDryRun: false } });
  expect(await cancel()).toMatchObject({ isRepeated: true, answer: must(first.answer, 'answer') });
  world.clouds.faults.release();
  world.clouds.faults.set([]);

  await Promise.all([held1.ended, held2.ended]);
  const { source, migration } = await depsOf(table);
  const statement = async (submission: number) =>
    (await source.findStatement(`lakehaul-${migration}-${table.ref.tableId}-g1-c0-a1-s${submission}`))?.status;
  expect(await statement(1)).toBe('aborted');
  const failed = (await ledger.trail(table.ref)).filter(({ stage }) => stage === 'failed');
  expect(failed.map(({ body }) => body)).toMatchObject([{ code: 'SOURCE_STATEMENT_ABORTED' }]);

  await steer('resume');
  for (const each of [table, other]) {
    await driver(each.session).drive();
    expect(await world.judge({ schema: 'f', table: each.name })).toEqual(equalRows(each.rows));
  }
  expect(await statement(2)).toBe('finished');
  const untouched = await other.session.ledger.trail(other.ref);
  expect(untouched.filter(({ stage }) => stage === 'submit' || stage === 'failed')).toHaveLength(2);
});
