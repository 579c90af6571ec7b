import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../../test/support/ledger-world.ts';
import { budgetChecks } from './budget-checks.ts';

const staging = { graceMs: 86_400_000, bucket: 'b', prefix: '', region: 'eu-central-1' };
const free = { putThousand: '0', getThousand: '0', gibMonth: '0' };
const config = (cap?: string) => ({
  staging,
  prices: {
    currency: 'USD',
    s3: { ...free, putThousand: '1000' },
    warnPercent: 80,
    ...(cap === undefined ? {} : { cap }),
  },
});

it('a budget that is used up stops, and goes on to while the ledger cannot be read; without a cap nothing is counted', async () => {
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(2);
  await ledger.writePlan(plan, rangeChunks(plan));
  const scan = ledger.openScan();
  let isAway = false;
  const shaky: Parameters<typeof budgetChecks>[1]['ledger'] = {
    read: (ref, stage) => ledger.read(ref, stage),
    requests: ledger.requests,
    listRecords: (path) => ledger.listRecords(path),
    readRecord: (path, schema) => ledger.readRecord(path, schema),
    readPlans: async () => {
      if (isAway) throw new Error('away');
      return ledger.readPlans();
    },
  };
  expect(budgetChecks(config(), { ledger: shaky, scan })).toBeNull();
  const checks = budgetChecks(config('8'), { ledger: shaky, scan });
  const verdict = async () => (await checks?.())?.map((check) => `${check.name} ${check.verdict} ${check.value}`);
  expect(await verdict()).toEqual(['budget ok 0']);
  await scan.refresh();
  expect(await verdict()).toEqual(['budget ok 0']);
  const prove = async (chunk: number) => {
    const ref = { ...chunkRef(plan, chunk), attempt: 1 };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    for (const stage of ['unloaded', 'loaded', 'verified'] as const)
      await ledger.write(ref, stage, BODIES[stage], null);
    world.tick(2);
    await scan.refresh();
  };
  // A file and six receipts: 7 of 8.
  await prove(0);
  expect(await verdict()).toEqual(['budget warn 87']);
  await prove(1);
  expect(await verdict()).toEqual(['budget stop 175']);
  isAway = true;
  expect(await verdict()).toEqual(['budget stop 175']);
});
