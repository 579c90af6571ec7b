import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { reopenChunks, reopenPlanned } from './reopen-chunks.ts';

const plan = tablePlan(3);
const WHY = { reason: 'a person: mended', causedBy: null };

async function planned() {
  const ledger = new LedgerWorld().open();
  await ledger.writePlan(plan, rangeChunks(plan));
  return ledger;
}

describe('a replay', () => {
  it('opens the attempt after the newest, with a whole budget, and leaves planned chunks to their first one', async () => {
    const ledger = await planned();
    const ref = chunkRef(plan, 0);
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.openAttempt(ref, { attempt: 2, body: { ...BODIES.opened, cause: 'mismatched' }, causedBy: null });
    await ledger.write({ ...ref, attempt: 2 }, 'quarantined', BODIES.quarantined, null);
    expect(await reopenChunks(ledger, [ref, chunkRef(plan, 1)], WHY)).toEqual([{ ref, attempt: 3 }]);
    expect(await ledger.chunkState(ref)).toMatchObject({ stage: 'opened', attempt: 3 });
    expect((await ledger.read({ ...ref, attempt: 3 }, 'opened'))?.body).toMatchObject({
      cause: 'operator',
      ...{ reason: WHY.reason },
    });
    expect(await ledger.repairNumber({ ...ref, attempt: 3 })).toBe(1);
    expect((await ledger.chunkState(chunkRef(plan, 1))).stage).toBe('planned');
  });

  it('of a chunk that was quarantined before its attempt was opened gets it going all the same', async () => {
    const ledger = await planned();
    const ref = chunkRef(plan, 2);
    await ledger.write({ ...ref, attempt: 1 }, 'quarantined', BODIES.quarantined, null);
    expect(await reopenChunks(ledger, [ref], WHY)).toEqual([{ ref, attempt: 2 }]);
    expect((await ledger.chunkState(ref)).stage).toBe('opened');
  });
});

describe('attempts that were planned', () => {
  async function withAttempt() {
    const ledger = await planned();
    const ref = chunkRef(plan, 0);
    await ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write({ ...ref, attempt: 1 }, 'quarantined', BODIES.quarantined, null);
    return { ledger, step: { ref, attempt: 2 } };
  }

  it('are opened once, however often they are asked for', async () => {
    const { ledger, step } = await withAttempt();
    for (let time = 0; time < 3; time++)
      expect(await reopenPlanned(ledger, [step], WHY)).toEqual({ opened: [step], movedOn: [] });
    expect(await ledger.chunkState(step.ref)).toMatchObject({ attempt: 2, stage: 'opened' });
  });

  it('that somebody else opened meanwhile are told, and nothing is opened after them', async () => {
    const { ledger, step } = await withAttempt();
    await reopenChunks(ledger, [step.ref], { ...WHY, reason: 'another person' });
    expect(await reopenPlanned(ledger, [step], WHY)).toEqual({ opened: [], movedOn: [step] });
    expect(await ledger.chunkState(step.ref)).toMatchObject({ attempt: 2 });
  });

  it('of a chunk that was accepted meanwhile stay closed: nobody’s word is undone by a request from before', async () => {
    const { ledger, step } = await withAttempt();
    await ledger.write({ ...step.ref, attempt: 1 }, 'accepted', BODIES.accepted, null);
    expect(await reopenPlanned(ledger, [step], WHY)).toEqual({ opened: [], movedOn: [step] });
    expect(await ledger.chunkState(step.ref)).toMatchObject({ attempt: 1, stage: 'accepted' });
  });

  it('of two callers at once belong to one of them', async () => {
    const { ledger, step } = await withAttempt();
    const answers = await Promise.all(
      ['anna', 'ben'].map((who) => reopenPlanned(ledger, [step], { ...WHY, reason: who })),
    );
    expect(answers.map(({ opened }) => opened.length).sort()).toEqual([0, 1]);
    expect(await ledger.chunkState(step.ref)).toMatchObject({ attempt: 2 });
  });
});
