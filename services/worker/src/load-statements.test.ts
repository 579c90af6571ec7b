import type { Target, TargetStatement } from '@lakehaul/adapters';
import type { StoredReceipt } from '@lakehaul/ledger';
import { describe, expect, it } from 'vitest';
import { BODIES, LedgerWorld } from '../../../test/support/ledger-world.ts';
import { isPastItsTime, unsettledStatements } from './load-statements.ts';

/** What nobody has seen may begin until its latest moment, run for its whole time-out, and two clouds' clocks differ. */
it.each([
  ['of a statement that asks the engine’s clock', { startWithinMs: 900_000 }, 900_000 + 3_600_000 + 60_000],
  ['of a version that did not ask', {}, 3_600_000 + 60_000],
])('the time %s is over no sooner than that', async (_name, asks, overMs) => {
  const submission = { lastModifiedMs: 1_000_000, body: { statementTimeoutMs: 3_600_000, ...asks } };
  const at = (ageMs: number) =>
    isPastItsTime(
      {
        ledger: new LedgerWorld().open(),
        target: {} as Target,
        sleep: () => Promise.resolve(),
        serverTimeMs: () => Promise.resolve(1_000_000 + ageMs),
      },
      submission as StoredReceipt<'submit'>,
    );
  expect(await at(overMs)).toBe(false);
  expect(await at(overMs + 1)).toBe(true);
});

describe('a submission', () => {
  /** Attempt 2 with one load submission, of which the warehouse shows these statements. */
  async function submitted(statuses: readonly TargetStatement['status'][], startWithinMs: number | undefined) {
    const world = new LedgerWorld();
    const ledger = world.open();
    const attempt = { tableId: 'public-flights-1a2b3c4d', generation: 1, chunk: 0, attempt: 1 };
    await ledger.openAttempt(attempt, { attempt: 1, body: BODIES.opened, causedBy: null });
    const asks = startWithinMs === undefined ? {} : { startWithinMs };
    await ledger.recordSubmission(attempt, {
      ...{ step: 'load', statementName: 'tag', clientToken: '', dataPrefix: 'data/', submission: 1 },
      ...{ statementTimeoutMs: 3_600_000, ...asks },
    });
    const found = statuses.map((status) => ({ statementId: 's', statementTag: 'tag', status, error: null }));
    const target = { findStatements: () => Promise.resolve(found) } as unknown as Target;
    const serverTimeMs = () => Promise.resolve(world.nowMs);
    const deps = { ledger, target, sleep: () => Promise.resolve(), serverTimeMs };
    return async (seconds: number) => {
      world.tick(seconds);
      return (await unsettledStatements(deps, attempt)).length === 0;
    };
  }

  it('that ended is settled at once, however it ended: it was sent once', async () => {
    for (const statuses of [['finished'], ['failed'], ['failed', 'finished']] as const)
      expect(await (await submitted(statuses, 900_000))(0)).toBe(true);
  });

  it('that runs is open, whatever else was seen of it and however old it is', async () => {
    const isSettledAfter = await submitted(['failed', 'finished', 'running'], 900_000);
    expect(await isSettledAfter(864_000)).toBe(false);
  });

  it('that nobody has seen is given up after its latest beginning and its whole time-out', async () => {
    const isSettledAfter = await submitted([], 900_000);
    expect(await isSettledAfter(4_560)).toBe(false);
    expect(await isSettledAfter(1)).toBe(true);
  });

  it('of a version that set no latest beginning is given up after its whole time-out', async () => {
    const isSettledAfter = await submitted([], undefined);
    expect(await isSettledAfter(3_660)).toBe(false);
    expect(await isSettledAfter(1)).toBe(true);
  });
});
