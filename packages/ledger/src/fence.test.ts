import type { ReceiptBodies } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, submitBody, tablePlan } from '../../../test/support/ledger-world.ts';
import type { Ledger } from './ledger.ts';

const REF = chunkRef(tablePlan(1), 0);
const at = (attempt: number) => ({ ...REF, attempt });
const openRequest = (attempt: number, body: Partial<ReceiptBodies['opened']> = {}, causedBy: string | null = null) => ({
  attempt,
  body: { ...BODIES.opened, ...body },
  causedBy,
});

async function opened(ledger: Ledger, attempts: number): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) await ledger.openAttempt(REF, openRequest(attempt));
}

describe('opening an attempt', () => {
  it('has one winner among racing openers, and all go on with the same attempt', async () => {
    const world = new LedgerWorld();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => world.open(`w${n}`).openAttempt(REF, openRequest(1))),
    );
    expect(results.filter((result) => result.isMine)).toHaveLength(1);
    expect(new Set(results.map((result) => `${result.attempt} ${result.receipt.nonce}`)).size).toBe(1);
  });

  it('is refused when a higher attempt exists, and when it would leave a gap', async () => {
    const ledger = new LedgerWorld().open();
    await opened(ledger, 2);
    await expect(ledger.openAttempt(REF, openRequest(1))).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await expect(ledger.openAttempt(REF, openRequest(4))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect((await ledger.chunkState(REF)).attempt).toBe(2);
  });

  it('is refused for an observation on a chunk that no receipt speaks of', async () => {
    const world = new LedgerWorld();
    const request = openRequest(1, { cause: 'late-rows', observedAt: world.nowText });
    await expect(world.open().openAttempt(REF, request)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('a reopen after an observation', () => {
  const lateRows = (attempt: number, observedAt: string, causedBy: string | null = null) =>
    openRequest(attempt, { cause: 'late-rows', reason: 'late rows', observedAt }, causedBy);

  it('adopts an attempt that nobody has submitted yet: it will read the source later', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    await opened(ledger, 2);
    const result = await ledger.openAttempt(REF, lateRows(2, world.nowText));
    expect(result).toMatchObject({ attempt: 2, isMine: false });
  });

  it('adopts an attempt that was submitted in a later second', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    await opened(ledger, 2);
    const observedAt = world.nowText;
    world.tick();
    await ledger.recordSubmission(at(2), submitBody('unload', 's'));
    expect((await ledger.openAttempt(REF, lateRows(2, observedAt))).attempt).toBe(2);
  });

  it.each([0, 5])('opens the next attempt when this one was submitted %d seconds before', async (seconds) => {
    const world = new LedgerWorld();
    const ledger = world.open();
    await opened(ledger, 2);
    await ledger.recordSubmission(at(2), submitBody('unload', 's'));
    world.tick(seconds);
    const result = await ledger.openAttempt(REF, lateRows(2, world.nowText));
    expect(result).toMatchObject({ attempt: 3, isMine: true });
    expect(result.receipt.body.cause).toBe('late-rows');
  });

  it('opens the next attempt when only a later submission of this one came after the observation', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    await opened(ledger, 2);
    await ledger.recordSubmission(at(2), submitBody('unload', 's1'));
    world.tick();
    const observedAt = world.nowText;
    world.tick();
    await ledger.recordSubmission(at(2), submitBody('unload', 's2'));
    expect((await ledger.openAttempt(REF, lateRows(2, observedAt))).attempt).toBe(3);
  });

  it('adopts what the same receipt led to, or a later observation, even within one second', async () => {
    const world = new LedgerWorld();
    const ledger = world.open();
    await opened(ledger, 1);
    await ledger.openAttempt(REF, lateRows(2, world.nowText, 'cause'));
    await ledger.recordSubmission(at(2), submitBody('unload', 's'));
    expect((await ledger.openAttempt(REF, lateRows(2, world.nowText, 'cause'))).attempt).toBe(2);
    const earlier = new Date(world.nowMs - 1000).toISOString();
    expect((await ledger.openAttempt(REF, lateRows(2, earlier, 'another'))).attempt).toBe(2);
    expect((await ledger.openAttempt(REF, lateRows(2, world.nowText, 'another'))).attempt).toBe(3);
  });

  it('never ends up with an attempt that read the source before the observation, whatever happened around it', async () => {
    const steps = fc.array(fc.constantFrom('submit', 'tick', 'reopen', 'observe'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const world = new LedgerWorld();
        const ledger = world.open();
        await opened(ledger, 1);
        let observedAt: string | null = null;
        let moment = 0;
        let observedMoment = 0;
        const readMoments = new Map<number, number>();
        for (const step of history) {
          moment += 1;
          const { attempt } = await ledger.chunkState(REF);
          if (step === 'tick') world.tick();
          if (step === 'submit') {
            await ledger.recordSubmission(at(attempt), submitBody('unload', `s${moment}`));
            if (!readMoments.has(attempt)) readMoments.set(attempt, moment);
          }
          if (step === 'observe') {
            observedAt = world.nowText;
            observedMoment = moment;
          }
          if (step === 'reopen' && observedAt !== null) {
            const wanted = Math.max(2, attempt);
            const result = await ledger.openAttempt(REF, lateRows(wanted, observedAt, `o${observedMoment}`));
            const readAt = readMoments.get(result.attempt);
            expect(readAt === undefined || readAt > observedMoment).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a submission', () => {
  it('takes the next free number, and one number has one owner', async () => {
    const world = new LedgerWorld();
    await opened(world.open(), 1);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, n) => world.open(`w${n}`).recordSubmission(at(1), submitBody('unload', `s${n}`))),
    );
    const numbers = results.map((result) => result.receipt.body.submission).sort((a, b) => a - b);
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const rivals = await Promise.all(
      ['x', 'y'].map((name) =>
        world.open(name).recordSubmission(at(1), { ...submitBody('load', name), submission: 9 }),
      ),
    );
    expect(rivals.filter((result) => result.isMine)).toHaveLength(1);
    await expect(
      world.open().recordSubmission(at(1), { ...submitBody('load', 'gap'), submission: 11 }),
    ).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('is refused for an attempt that is history, ended or not open', async () => {
    const ledger = new LedgerWorld().open();
    await expect(ledger.recordSubmission(at(1), submitBody('unload', 's'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await opened(ledger, 2);
    await expect(ledger.recordSubmission(at(1), submitBody('load', 's'))).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await ledger.write(at(2), 'void', BODIES.void, null);
    await expect(ledger.recordSubmission(at(2), submitBody('load', 's'))).rejects.toMatchObject({
      code: 'ATTEMPT_ENDED',
    });
  });

  it('is not sent when the next attempt was opened while it was written', async () => {
    const world = new LedgerWorld();
    const ledger = world.open('slow');
    await opened(ledger, 1);
    let isDone = false;
    world.store.intercept = async ({ key, when }) => {
      if (isDone || when !== 'before' || !key.includes('.submit-')) return;
      isDone = true;
      await world.open('fast').openAttempt(REF, openRequest(2));
    };
    await expect(ledger.recordSubmission(at(1), submitBody('load', 's'))).rejects.toMatchObject({ code: 'SUPERSEDED' });
  });
});

describe('the end of an attempt', () => {
  it('is not written over a load that the proof does not speak of', async () => {
    const ledger = new LedgerWorld().open();
    await opened(ledger, 1);
    await ledger.recordSubmission(at(1), submitBody('unload', 'u1'));
    await ledger.recordSubmission(at(1), submitBody('load', 'l1'));
    await expect(ledger.write(at(1), 'void', BODIES.void, null)).rejects.toMatchObject({ code: 'FENCED' });
    const partial = { ...BODIES.void, proof: 'statements-terminal' as const, statementIds: ['l0'] };
    await expect(ledger.write(at(1), 'void', partial, null)).rejects.toMatchObject({ code: 'FENCED' });
    await ledger.write(at(1), 'void', { ...partial, statementIds: ['l1'] }, null);
    expect((await ledger.chunkState(REF)).stage).toBe('void');
  });

  it('and a load of it never both go ahead unseen, however their calls interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = new LedgerWorld();
        await opened(world.open(), 1);
        world.store.intercept = () => scheduler.schedule(Promise.resolve());
        const outcome = (work: Promise<unknown>) =>
          work.then(
            () => 'done',
            (thrown: { code: string }) => thrown.code,
          );
        const sent = outcome(world.open('loader').recordSubmission(at(1), submitBody('load', 'l1')));
        const ended = outcome(world.open('ender').write(at(1), 'void', BODIES.void, null));
        await scheduler.waitFor(Promise.all([sent, ended]));
        expect([await sent, await ended]).not.toEqual(['done', 'done']);
        expect(['done', 'ATTEMPT_ENDED']).toContain(await sent);
        expect(['done', 'FENCED']).toContain(await ended);
      }),
      { numRuns: 300 },
    );
  });

  it('and the next attempt’s load see every load that was sent, however their calls interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = new LedgerWorld();
        await opened(world.open(), 1);
        world.store.intercept = () => scheduler.schedule(Promise.resolve());
        const ledger = world.open('next');
        const sent = world
          .open('loader')
          .recordSubmission(at(1), submitBody('load', 'l1'))
          .then(
            ({ isMine }) => isMine,
            () => false,
          );
        const seen = ledger.openAttempt(REF, openRequest(2)).then(async () => (await ledger.submissions(at(1))).length);
        await scheduler.waitFor(Promise.all([sent, seen]));
        if (await sent) expect(await seen).toBe(1);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a load', () => {
  it('waits until every earlier attempt is loaded or void, not only the one before', async () => {
    const ledger = new LedgerWorld().open();
    await opened(ledger, 3);
    expect(await ledger.mayLoad(at(1))).toEqual({ ok: true });
    expect(await ledger.mayLoad(at(3))).toEqual({ ok: false, blockedBy: 2 });
    await ledger.write(at(2), 'void', BODIES.void, null);
    expect(await ledger.mayLoad(at(3))).toEqual({ ok: false, blockedBy: 1 });
    await ledger.write(at(1), 'loaded', BODIES.loaded, null);
    expect(await ledger.mayLoad(at(3))).toEqual({ ok: true });
  });
});

describe('failures', () => {
  it('are counted per attempt, each once, by whoever sees them', async () => {
    const world = new LedgerWorld();
    await opened(world.open(), 1);
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, n) => world.open(`w${n}`).recordFailure(at(1), BODIES.failed)),
    );
    expect(results.map((result) => result.failures).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, n) => n + 1),
    );
    expect((await world.open().chunkState(REF)).failures).toBe(12);
  });
});
