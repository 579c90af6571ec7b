import type { ChunkRef } from '@lakehaul/core';
import { expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { ChunkCauses } from './chunk-causes.ts';

const PLAN = tablePlan(6);

/** A ledger in which chunk 1 failed twice, 2 is in quarantine after it, 3 alone, and a late row opened 4 again. */
async function troubledWorld() {
  const world = new LedgerWorld();
  const ledger = world.open('control');
  await ledger.writePlan(PLAN, rangeChunks(PLAN));
  const open = (chunk: number, attempt = 1) =>
    ledger.openAttempt(chunkRef(PLAN, chunk), {
      attempt,
      body: { ...BODIES.opened, cause: attempt === 1 ? 'planned' : 'late-rows' },
      causedBy: null,
    });
  for (const chunk of [0, 1, 2, 3, 4]) await open(chunk);
  const fail = async (chunk: number, failure: number, code: 'UNAVAILABLE' | 'THROTTLED') => {
    world.tick();
    const ref = { ...chunkRef(PLAN, chunk), attempt: 1 };
    await ledger.write(ref, 'failed', { ...BODIES.failed, failure, code }, null);
  };
  await fail(1, 1, 'UNAVAILABLE');
  await fail(1, 2, 'THROTTLED');
  await fail(2, 1, 'THROTTLED');
  world.tick();
  for (const chunk of [2, 3])
    await ledger.write({ ...chunkRef(PLAN, chunk), attempt: 1 }, 'quarantined', BODIES.quarantined, null);
  await open(4, 2);
  const scan = ledger.openScan();
  await scan.refresh();
  let read = 0;
  const troubles = (ref: ChunkRef) => {
    read += 1;
    return ledger.troubles(ref);
  };
  return { world, ledger, scan, fail, causes: new ChunkCauses({ troubles }), reads: () => read };
}

it('tells what went wrong last with each chunk; a quarantine after failures is not its own cause', async () => {
  const { scan, causes } = await troubledWorld();
  await causes.readOnce({ plans: [PLAN], scan });
  expect([...causes.of(PLAN)].sort(([a], [b]) => a - b)).toEqual([
    [1, 'THROTTLED'],
    [2, 'THROTTLED'],
    [3, 'ATTEMPTS_EXHAUSTED'],
  ]);
  expect(causes.unread).toBe(0);
});

it('reads receipts of a chunk once, and again when something more went wrong with it', async () => {
  const { scan, causes, reads, fail } = await troubledWorld();
  await causes.readOnce({ plans: [PLAN], scan });
  const [first, version] = [reads(), causes.version];
  expect(first).toBe(4);
  await causes.readOnce({ plans: [PLAN], scan });
  expect([reads(), causes.version]).toEqual([first, version]);
  await fail(1, 3, 'UNAVAILABLE');
  await scan.refresh();
  await causes.readOnce({ plans: [PLAN], scan });
  expect(reads()).toBe(first + 1);
  expect(causes.of(PLAN).get(1)).toBe('UNAVAILABLE');
  expect(causes.version).toBeGreaterThan(version);
});

it('says how many it has not read, and goes on where the service stopped', async () => {
  const { scan, causes } = await troubledWorld();
  await causes.readOnce({ plans: [PLAN], scan }, AbortSignal.abort());
  expect([causes.unread, causes.of(PLAN).size]).toEqual([4, 0]);
  await causes.readOnce({ plans: [PLAN], scan });
  expect([causes.unread, causes.of(PLAN).size]).toEqual([0, 3]);
});
