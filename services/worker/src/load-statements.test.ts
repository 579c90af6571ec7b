import type { Target } from '@lakehaul/adapters';
import type { StoredReceipt } from '@lakehaul/ledger';
import { expect, it } from 'vitest';
import { LedgerWorld } from '../../../test/support/ledger-world.ts';
import { isPastItsTime } from './load-statements.ts';

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
