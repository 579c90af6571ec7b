import type { ColumnPlan } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { statusReport } from '@lakehaul/operate';
import { expect, it } from 'vitest';
import { LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';

const LOSSY: ColumnPlan = {
  source: {
    name: 'doc',
    ordinal: 1,
    type: { kind: 'super' },
    nullable: true,
    sortKeyPosition: 0,
    isDistKey: false,
    isCaseInsensitive: false,
  },
  target: { name: 'doc', type: { kind: 'VARIANT' }, nullable: true },
  loss: 'parsed',
  lossReason: 'only the value is kept',
  excluded: false,
};

async function reasonsOf(column: ColumnPlan, acknowledgements: string[]): Promise<string[]> {
  const ledger = new LedgerWorld().open();
  const plan = tablePlan(1, { columns: [column], acknowledgements });
  await ledger.writePlan(plan, rangeChunks(plan));
  const { plans, scan } = await readLedger(ledger);
  const { decision } = await statusReport(ledger, plans, scan);
  return decision.reasons.map((reason) => reason.code);
}

it('a plan with a loss that nobody acknowledged, whoever wrote it, takes the GO away', async () => {
  expect(await reasonsOf(LOSSY, [])).toContain('LOSS_NOT_ACKNOWLEDGED');
  expect(await reasonsOf({ ...LOSSY, loss: 'impossible' }, ['loss:doc'])).toContain('LOSS_NOT_ACKNOWLEDGED');
  expect(await reasonsOf(LOSSY, ['loss:doc'])).not.toContain('LOSS_NOT_ACKNOWLEDGED');
  expect(await reasonsOf({ ...LOSSY, excluded: true }, ['exclude:doc'])).not.toContain('LOSS_NOT_ACKNOWLEDGED');
});
