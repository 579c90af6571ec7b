import type { Source, WriteSample, WriteSampleRequest } from '@lakehaul/adapters';
import { LakehaulError, type Log } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../../test/support/ledger-world.ts';
import { watchOnce } from './watch-once.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const plan = tablePlan(1);

/** One proven chunk, read at 10:00; the source's history tells of a write of one oid at 11:00. */
async function look(writtenOid: string, prepare: (world: LedgerWorld) => Promise<void> = () => Promise.resolve()) {
  const world = new LedgerWorld();
  const ledger = world.open();
  await ledger.writePlan(plan, rangeChunks(plan));
  const ref = { ...chunkRef(plan, 0), attempt: 1 };
  await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
  await ledger.write(ref, 'unloaded', { ...BODIES.unloaded, snapshotAt: '2026-01-01 10:00:00.000000' }, null);
  await ledger.write(ref, 'loaded', BODIES.loaded, null);
  await ledger.write(ref, 'verified', BODIES.verified, null);
  await prepare(world);
  const at = '2026-01-01 11:00:00.000000';
  const write = { oid: writtenOid, transactionId: '7', kind: 'insert', statements: 1, firstAt: at, lastAt: at };
  const source = {
    clock: () => Promise.resolve({ now: '2026-01-01 12:00:00.000000', seesAllStatements: true }),
    sampleWrites: ({ tables }: WriteSampleRequest): Promise<WriteSample> =>
      Promise.resolve({
        readAt: '2026-01-01 12:00:01.000000',
        writes: tables.some((table) => table.oid === writtenOid) ? [{ ...write, knownFrom: 'steps' }] : [],
        outcomes: new Map([['7', { kind: 'committed', at }]]),
        outcomesReadable: true,
        displaced: [],
        open: [],
      } as unknown as WriteSample),
    probe: () => Promise.reject(new LakehaulError('UNAVAILABLE', 'busy')),
  } as unknown as Source;
  const clock = { nowMs: () => 0, sleep: () => Promise.resolve() };
  const scan = ledger.openScan();
  const result = await watchOnce(
    { ledger, source, scan, clock, log, lagMs: 0, overlapMs: 0, clockMarginMs: 0, probeEveryMs: 0 },
    [plan],
  );
  return result.tables[0]?.writes.kind;
}

describe('a look at the source', () => {
  it('sees a write of the table that was planned, and of no other', async () => {
    expect(await look(plan.source.oid)).toBe('written');
    expect(await look('999')).toBe('unwritten');
  });

  it('looks at the table that was put in its place and accepted, not at the one that nobody writes any more', async () => {
    const accept = async (world: LedgerWorld) =>
      world.open('b').schemas.append(
        plan.tableId,
        {
          ...{ schemaVersion: 1, digest: 'd', columnListHash: 'other', oid: '999', replaces: true },
          ...{ drifts: [], who: 'a person', reason: 'deep copy' },
        },
        null,
      );
    expect(await look('999', accept)).toBe('written');
    expect(await look(plan.source.oid, accept)).toBe('unwritten');
  });
});
