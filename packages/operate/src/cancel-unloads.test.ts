import { unloadName } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { tablePlan } from '../../../test/support/ledger-world.ts';
import { cancelUnloads, planCancel } from './cancel-unloads.ts';

const plan = tablePlan(4);
const path = `${plan.source.schema}.${plan.source.table}`;
const PAUSED = [{ pattern: `${path}::unload`, max: 0 }];
const nameOf = (chunk: number, tableId = plan.tableId) =>
  unloadName('demo', { tableId, generation: 1, chunk, attempt: 1 }, 1);

function source(names: readonly string[], fails: readonly string[] = []) {
  const cancelled: string[] = [];
  return {
    cancelled,
    runningStatements: async () => names.map((statementName, index) => ({ statementId: `id-${index}`, statementName })),
    cancelStatement: async (id: string) => {
      if (fails.includes(id)) throw new Error(`${id} cannot be cancelled`);
      cancelled.push(id);
    },
  };
}

describe('what runs', () => {
  it('is told by chunk; another migration’s, an unplanned table’s and a read’s statements are left alone', async () => {
    const names = [
      nameOf(0),
      nameOf(3),
      nameOf(1, 'elsewhere-00000000'),
      'lakehaul-demo-probe-1',
      'lakehaul-demo2-x-g1-c1-a1-s1',
    ];
    const found = await planCancel(
      { source: source(names), migration: 'demo', plans: [plan], limits: PAUSED },
      `${path}::*`,
    );
    expect(found.map(({ chunk, table }) => [chunk, table])).toEqual([
      [`${plan.tableId}/g1/0`, path],
      [`${plan.tableId}/g1/3`, path],
    ]);
  });

  it('is not cancelled while nothing keeps it from starting again', async () => {
    const deps = { source: source([nameOf(0)]), migration: 'demo', plans: [plan] };
    await expect(planCancel({ ...deps, limits: [{ pattern: '*::load', max: 0 }] }, '*::unload')).rejects.toMatchObject({
      code: 'USAGE',
      where: path,
    });
  });

  it('is cancelled as far as it can be, whatever becomes of one of them', async () => {
    const from = source([nameOf(0), nameOf(1), nameOf(2)], ['id-1']);
    const found = await planCancel({ source: from, migration: 'demo', plans: [plan], limits: PAUSED }, '*::unload');
    await expect(cancelUnloads(from, found)).rejects.toThrow('id-1 cannot be cancelled');
    expect(from.cancelled).toEqual(['id-0', 'id-2']);
  });
});
