import type { GateCode } from '@lakehaul/gates';
import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { gateEvidence } from './gate-evidence.ts';
import { GATE_JSON } from './json/gate.ts';
import { statusReport } from './status-report.ts';

const PLAN = tablePlan(3);
const STOP = { schemaVersion: 1, action: 'stop', code: 'SYSTEMIC_CAUSE', next: 'look', digest: 'd' } as const;

/** All three chunks proven, and a way to ask a gate after whatever was done to the ledger. */
async function provenWorld() {
  const world = new LedgerWorld();
  const ledger = world.open();
  await ledger.writePlan(PLAN, rangeChunks(PLAN));
  for (const chunk of [0, 1, 2]) {
    const ref = { ...chunkRef(PLAN, chunk), attempt: 1 };
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    for (const stage of ['unloaded', 'loaded', 'verified'] as const)
      await ledger.write(ref, stage, BODIES[stage], null);
  }
  world.tick();
  const ask = async (code: GateCode) => {
    const scan = ledger.openScan();
    await scan.refresh();
    const report = await statusReport(ledger, [PLAN], scan);
    const deps = { asOf: world.nowText, ledger, plans: [PLAN], scan, report };
    const told = await gateEvidence(deps, code, { after: null, limit: 10 });
    expect(GATE_JSON.safeParse(told).error, code).toBeUndefined();
    return told;
  };
  return { world, ledger, ask };
}

it('a stop is told with its record, and with the receipts that it rests on by their chunks', async () => {
  const { ledger, ask } = await provenWorld();
  const receipt = ledger.keys.receipt({ ...chunkRef(PLAN, 1), attempt: 1 }, 'mismatched');
  await ledger.stops.append(PLAN.tableId, null, {
    ...STOP,
    reason: 'one cause',
    evidence: [receipt, 'in plain words'],
  });
  expect((await ask('SYSTEMIC_CAUSE')).findings).toMatchObject([
    {
      ...{ table: 'public.flights', tableId: PLAN.tableId, value: 1, detail: 'public.flights: one cause' },
      records: [
        { what: 'the stop', key: expect.stringContaining(`stops/${PLAN.tableId}/0000000001`), chunk: null },
        { what: 'attempt 1 mismatched', key: receipt, chunk: `${PLAN.tableId}/g1/1` },
        { what: 'in plain words', key: null, chunk: null },
      ],
    },
  ]);
  expect(await ask('SCHEMA_DRIFT')).toMatchObject({ verdict: 'PASS', findings: [], reason: null });
});

it('a broken seal is told with its faults by chunk, and with the record that says so', async () => {
  const { world, ledger, ask } = await provenWorld();
  const faults = [
    { kind: 'count', chunk: 2, message: 'chunk 2: 9 rows, proven 10' },
    { kind: 'foreign', chunk: null, message: '3 rows under no chunk' },
  ];
  const body = { schemaVersion: 1, tableId: PLAN.tableId, observedAt: world.nowText, targetVersion: '9', chunks: 3 };
  await ledger.appendRecord(`tables/${PLAN.tableId}/seals`, {
    ...{ ...body, rowCount: '29', isSealed: false, faultCount: 2, faults },
  });
  expect(await ask('SEAL_BROKEN')).toMatchObject({
    ...{ verdict: 'NO_GO', value: 2, limit: 0, unit: 'faults' },
    findings: [
      {
        chunks: [{ chunk: `${PLAN.tableId}/g1/2`, stage: 'verified', detail: 'chunk 2: 9 rows, proven 10' }],
        records: [{ what: 'the newest seal, at target version 9: 2 faults', at: world.nowText }],
      },
    ],
  });
  expect(await ask('NOT_SEALED')).toMatchObject({ verdict: 'PASS' });
});

it('writes that nobody looked at are told as such, never as observed', async () => {
  const { ask } = await provenWorld();
  expect(await ask('WRITE_LOG_STALE')).toMatchObject({
    ...{ verdict: 'HOLD', value: null, limit: null, observedAt: null, tables: 0 },
    findings: [{ table: null, tableId: null, value: null, records: [], chunks: [] }],
  });
});
