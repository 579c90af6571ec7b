import type { Stage } from '@lakehaul/adapters';
import type { Log } from '@lakehaul/core';
import { expect, it } from 'vitest';
import {
  BODIES,
  chunkRef,
  LedgerWorld,
  rangeChunks,
  submitBody,
  tablePlan,
} from '../../../test/support/ledger-world.ts';
import { cleanStage } from './clean-stage.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };

it('deletes nothing when the chunk has been taken back since the scan, so that a newer attempt keeps its files', async () => {
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(1);
  await ledger.writePlan(plan, rangeChunks(plan));
  const ref = { ...chunkRef(plan, 0), attempt: 1 };
  await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
  await ledger.recordSubmission(ref, { ...submitBody('unload', 'u1'), dataPrefix: 'stage/a1/data/' });
  await ledger.write(ref, 'unloaded', BODIES.unloaded, null);
  await ledger.write(ref, 'loaded', BODIES.loaded, null);
  await ledger.write(ref, 'verified', BODIES.verified, null);
  const deleted: string[] = [];
  const stage: Partial<Stage> = {
    list: async (prefix) => [{ key: `${prefix}f`, sizeBytes: 1, etag: 'e', lastModifiedMs: 0 }],
    delete: async (keys) => void deleted.push(...keys),
  };
  const deps = { ledger, stage: stage as Stage };
  expect(await cleanStage(deps, ref, log)).toBe(true);
  expect(deleted).toEqual(['stage/a1/data/f']);

  await ledger.write(ref, 'mismatched', BODIES.mismatched, null);
  const second = { ...ref, attempt: 2 };
  const body = { ...BODIES.opened, cause: 'mismatched' as const, observedAt: world.nowText };
  await ledger.openAttempt(ref, { attempt: 2, body, causedBy: null });
  await ledger.recordSubmission(second, { ...submitBody('unload', 'u2'), dataPrefix: 'stage/a2/data/' });
  expect(await cleanStage(deps, ref, log)).toBe(false);
  expect(deleted).toEqual(['stage/a1/data/f']);
});
