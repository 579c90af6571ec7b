/** The story of one repaired chunk, cut at every single call to S3: whoever goes on finds a consistent state and ends. */
import { type ChunkStage, isDone } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import {
  BODIES,
  chunkRef,
  LedgerWorld,
  rangeChunks,
  submitBody,
  tablePlan,
} from '../../../test/support/ledger-world.ts';
import type { Ledger } from './ledger.ts';

const PLAN = tablePlan(2);
const REF = chunkRef(PLAN, 1);
const SMALL = { blockChunks: 2, jumpChunks: 1, parallelShards: 64 };
/** How far each state is in the story: a later look must never show less. */
const ORDER: readonly [number, ChunkStage][] = [
  [0, 'planned'],
  [1, 'opened'],
  [1, 'unloaded'],
  [1, 'loaded'],
  [1, 'verified'],
  [1, 'mismatched'],
  [2, 'opened'],
  [2, 'unloaded'],
  [2, 'loaded'],
  [2, 'verified'],
];

/** Reads the state and does what comes next, until it is done as attempt 2 and cleaned: as the services do. */
async function goOn(ledger: Ledger): Promise<void> {
  if ((await ledger.readPlan(PLAN.tableId, 1)) === null) await ledger.writePlan(PLAN, rangeChunks(PLAN));
  for (;;) {
    const state = await ledger.chunkState(REF);
    const ref = { ...REF, attempt: state.attempt };
    if (state.stage === 'planned' || state.stage === 'mismatched')
      await ledger.openAttempt(REF, { attempt: state.attempt + 1, body: BODIES.opened, causedBy: null });
    else if (state.stage === 'opened') {
      await ledger.recordSubmission(ref, submitBody('unload', `s${state.attempt}`));
      await ledger.write(ref, 'unloaded', BODIES.unloaded, null);
    } else if (state.stage === 'unloaded') await ledger.write(ref, 'loaded', BODIES.loaded, null);
    else if (state.stage === 'loaded') await ledger.write(ref, 'verified', BODIES.verified, null);
    else if (!state.isCleaned) await ledger.write(ref, 'cleaned', BODIES.cleaned, null);
    else if (state.attempt === 1) await foldThenMismatch(ledger);
    else return;
  }
}

async function foldThenMismatch(ledger: Ledger): Promise<void> {
  const scan = ledger.openScan(SMALL);
  await scan.refresh();
  await scan.fold();
  await ledger.write({ ...REF, attempt: 1 }, 'mismatched', BODIES.mismatched, null);
}

/** The first chunk is finished before, so that the block can be folded as soon as the second one is. */
async function finishFirst(ledger: Ledger): Promise<void> {
  await ledger.writePlan(PLAN, rangeChunks(PLAN));
  const ref = { ...chunkRef(PLAN, 0), attempt: 1 };
  await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
  await ledger.write(ref, 'verified', BODIES.verified, null);
  await ledger.write(ref, 'cleaned', BODIES.cleaned, null);
}

/** LISTs change nothing, and a fold makes 256 of them: cuts are set at the calls that write. */
async function run(
  cut: { at: number; when: 'before' | 'after' } | null,
): Promise<{ puts: number; world: LedgerWorld }> {
  const world = new LedgerWorld();
  await finishFirst(world.open('first'));
  let puts = 0;
  let isDead = false;
  world.store.intercept = ({ operation, when }) => {
    if (operation === 'putIfAbsent' && when === 'before') puts += 1;
    if (cut !== null && operation === 'putIfAbsent' && puts === cut.at && when === cut.when) isDead = true;
    if (isDead) throw new Error('killed');
  };
  const outcome = await goOn(world.open('victim')).then(
    () => 'ended',
    (thrown: Error) => thrown.message,
  );
  expect(outcome).toBe(cut === null ? 'ended' : 'killed');
  world.store.intercept = undefined;
  return { puts, world };
}

function place(state: { attempt: number; stage: ChunkStage }): number {
  const found = ORDER.findIndex(([attempt, stage]) => attempt === state.attempt && stage === state.stage);
  expect(found).toBeGreaterThanOrEqual(0);
  return found;
}

describe('after a kill between any two PUTs', () => {
  it('a fresh scan tells the truth, nothing goes backwards, and another process ends the story', async () => {
    const { puts } = await run(null);
    expect(puts).toBeGreaterThan(12);
    let furthest = 0;
    for (let at = 1; at <= puts; at++)
      for (const when of ['before', 'after'] as const) {
        const { world } = await run({ at, when });
        const other = world.open('other');
        const scan = other.openScan(SMALL);
        await scan.refresh();
        const { lastModifiedMs: _, proofMs: __, ...seen } = scan.state(REF);
        expect(seen).toEqual(await other.chunkState(REF));
        expect(place(seen)).toBeGreaterThanOrEqual(furthest);
        furthest = place(seen);
        await goOn(other);
        await scan.refresh();
        expect(scan.state(REF)).toMatchObject({ stage: 'verified', attempt: 2, isRepaired: true, isCleaned: true });
        expect(isDone(scan.state(chunkRef(PLAN, 0)))).toBe(true);
        await scan.fold();
        await scan.refresh();
        expect(scan.cost.keys).toBe(0);
      }
    expect(furthest).toBe(ORDER.length - 1);
  });
});
