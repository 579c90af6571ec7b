import type { Stage, Target } from '@lakehaul/adapters';
import { LakehaulError, type Log, lineageOf, type OpenCause, type ReceiptBodies } from '@lakehaul/core';
import { runStep } from '@lakehaul/ledger';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, PROOF, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { verifyChunk } from './verify-chunk.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };

function target(carriedFingerprint: Target['carriedFingerprint']): Target {
  const gone = async () => {
    throw new LakehaulError('STAGE_MISMATCH', 'gone');
  };
  const own: Partial<Target> = {
    version: async () => '7',
    countLineages: async () => [{ lineage: lineageOf(0, 1), rowCount: '10' }],
    fingerprint: async () => PROOF.target as NonNullable<typeof PROOF.target>,
    differences: gone,
    carriedFingerprint,
  };
  return own as Target;
}

/** A target that never holds what travelled. */
const differing = (attempt: number): Target => ({
  ...target(async () => ({ rowCount: '10', groups: [{ sum1: '1', sum2: '1' }] })),
  countLineages: async () => [{ lineage: lineageOf(0, attempt), rowCount: '10' }],
});

/** Attempts of these causes after the first; the last one is verified and differs. */
async function differAfter(causes: readonly OpenCause[]) {
  const ledger = new LedgerWorld().open();
  const plan = tablePlan(1);
  await ledger.writePlan(plan, rangeChunks(plan));
  const ref = { ...chunkRef(plan, 0), attempt: causes.length + 1 };
  await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
  for (const [index, cause] of causes.entries())
    await ledger.openAttempt(ref, { attempt: index + 2, body: { ...BODIES.opened, cause }, causedBy: null });
  await ledger.write(ref, 'unloaded', BODIES.unloaded, null);
  await ledger.write(ref, 'loaded', BODIES.loaded, null);
  const stage = { url: (key: string) => `s3://b/${key}` } as Stage;
  await verifyChunk({ ledger, target: differing(ref.attempt), stage, maxAttempts: 3, diffRows: 10 }, ref, log);
  return (await ledger.chunkState(ref)).stage;
}

async function verify(
  on: Target,
  hashForm: 'joined' | 'digest' = 'joined',
  more: { level?: ReceiptBodies['opened']['level']; maxAttempts?: number } = {},
) {
  const { level = 'carried', maxAttempts = 5 } = more;
  const world = new LedgerWorld();
  const ledger = world.open();
  const plan = tablePlan(1);
  await ledger.writePlan(plan, rangeChunks(plan));
  const ref = { ...chunkRef(plan, 0), attempt: 1 };
  await ledger.openAttempt(ref, { attempt: 1, body: { ...BODIES.opened, hashForm, level }, causedBy: null });
  await ledger.write(ref, 'unloaded', BODIES.unloaded, null);
  await ledger.write(ref, 'loaded', BODIES.loaded, null);
  const deps = { ledger, target: on, stage: { url: (key) => `s3://b/${key}` } as Stage, maxAttempts, diffRows: 10 };
  const result = await runStep({
    ledger,
    log,
    limits: { maxAttempts: 5, maxFailures: 5 },
    job: { ...ref, step: 'verify' },
    signal: new AbortController().signal,
    act: (attempt) => verifyChunk(deps, attempt, log),
    voidAttempt: (_attempt, error) => Promise.reject(error),
  });
  return { ledger, ref, next: result.next };
}

describe('verifyChunk', () => {
  it('quarantines a difference that stays, when its attempts are used up', async () => {
    expect(await differAfter(['mismatched'])).toBe('mismatched');
    expect(await differAfter(['mismatched', 'mismatched'])).toBe('quarantined');
  });

  it('repairs on when rows came late in between, or a person replayed the chunk', async () => {
    expect(await differAfter(Array<OpenCause>(10).fill('late-rows'))).toBe('mismatched');
    expect(await differAfter(['mismatched', 'operator', 'mismatched'])).toBe('mismatched');
    expect(await differAfter(['mismatched', 'operator', 'mismatched', 'mismatched'])).toBe('quarantined');
  });

  it('hands the chunk to a new attempt when the staged files are gone, instead of asking for them for ever', async () => {
    const { ledger, ref, next } = await verify(
      target(async () => {
        throw new LakehaulError('STAGE_MISMATCH', '[PATH_NOT_FOUND] no such path');
      }),
    );
    const mismatched = await ledger.read(ref, 'mismatched');
    expect(mismatched?.body.code).toBe('STAGE_MISMATCH');
    expect(mismatched?.body.carried).toBeNull();
    expect(await ledger.read(ref, 'verified')).toBeNull();
    expect(next).toMatchObject({ attempt: 2, step: 'unload' });
  });

  it('asks for the travelled hashes in the form of the attempt', async () => {
    const forms: string[] = [];
    const { ledger, ref } = await verify(
      target(async ({ hashForm }) => {
        forms.push(hashForm);
        return PROOF.carried as NonNullable<typeof PROOF.carried>;
      }),
      'digest',
    );
    expect(forms).toEqual(['digest']);
    expect(await ledger.read(ref, 'verified')).not.toBeNull();
  });

  const equal = target(async () => PROOF.carried as NonNullable<typeof PROOF.carried>);

  it('takes rows of another attempt beside equal ones for a mismatch', async () => {
    const beside: Target = {
      ...equal,
      countLineages: async () => [
        { lineage: lineageOf(0, 1), rowCount: '10' },
        { lineage: lineageOf(0, 2), rowCount: '3' },
      ],
    };
    const { ledger, ref } = await verify(beside);
    expect((await ledger.read(ref, 'mismatched'))?.body.differences).toEqual([
      `3 rows under lineage ${lineageOf(0, 2)}`,
    ]);
    expect(await ledger.read(ref, 'verified')).toBeNull();
  });

  it('never writes verified at level count, however the counts agree', async () => {
    const { ledger, ref } = await verify(equal, 'joined', { level: 'count' });
    expect(await ledger.read(ref, 'counted')).not.toBeNull();
    expect((await ledger.chunkState(ref)).stage).toBe('counted');
  });

  it('quarantines a chunk that differs in its last attempt, and one before goes on', async () => {
    const unequal = target(async () => ({ rowCount: '10', groups: [{ sum1: '1', sum2: '1' }] }));
    const last = await verify(unequal, 'joined', { maxAttempts: 1 });
    expect((await last.ledger.chunkState(last.ref)).stage).toBe('quarantined');
    expect(last.next).toBeNull();
    const before = await verify(unequal, 'joined', { maxAttempts: 2 });
    expect(before.next).toMatchObject({ attempt: 2, step: 'unload' });
  });
});
