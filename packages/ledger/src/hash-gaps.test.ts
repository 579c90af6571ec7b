import type { ProofBody } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, tablePlan } from '../../../test/support/ledger-world.ts';

const REF = { ...chunkRef(tablePlan(1), 0), attempt: 1 };
const A = { sum1: '100', sum2: '200' };
const B = { sum1: '5', sum2: '6' };
const PARSED = { sum1: '70', sum2: '80' };
const ZERO = { sum1: '0', sum2: '0' };
const of = (rowCount: string, ...groups: (typeof A)[]) => ({ rowCount, groups });
const counts = (count: string) => ({ transaction: count, manifest: count, load: count, target: count });

const FULL: ProofBody = {
  ...BODIES.verified,
  level: 'full',
  rowCounts: counts('3'),
  carried: of('3', A),
  source: of('3', A),
  target: of('3', A),
};
const CARRIED: ProofBody = { ...FULL, level: 'carried', source: null };
const WIDE: ProofBody = { ...CARRIED, source: of('3', A, B), target: of('3', A, B) };
const VARIANT: ProofBody = {
  ...FULL,
  carried: { ...of('3', A), parsed: [PARSED] },
  source: of('3', A, B),
  target: of('3', PARSED, B),
};
const EMPTY: ProofBody = { ...FULL, rowCounts: counts('0'), carried: of('0'), source: of('0'), target: of('0', ZERO) };

describe('the ledger, asked to write `verified`', () => {
  async function write(body: ProofBody): Promise<void> {
    const ledger = new LedgerWorld().open();
    await ledger.openAttempt(REF, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.write(REF, 'verified', body, null);
    await ledger.recordReproof(REF, body);
  }

  it.each<[string, ProofBody]>([
    ['level full', FULL],
    ['level carried', CARRIED],
    ['a wide table, of which a group travels', WIDE],
    ['parsed JSON', VARIANT],
    ['parsed JSON at level carried', { ...VARIANT, level: 'carried', source: null, target: of('3', PARSED) }],
    ['no rows', EMPTY],
    ['no rows, without a second scan', { ...EMPTY, level: 'carried', source: null, target: of('0') }],
  ])('takes equal hashes: %s', async (_name, body) => {
    await expect(write(body)).resolves.toBeUndefined();
  });

  const other = { ...A, sum2: '201' };
  it.each<[string, ProofBody]>([
    ['target', { ...CARRIED, target: of('3', other) }],
    ['what travelled', { ...FULL, carried: of('3', other) }],
    ['source', { ...FULL, source: of('3', other) }],
    ['a group that did not travel', { ...WIDE, target: of('3', A, other) }],
    ['a group that nothing covers', { ...WIDE, source: null }],
    ['a second scan of fewer groups', { ...WIDE, source: of('3', A) }],
    ['nothing travelled', { ...FULL, carried: of('3') }],
    ['parsed sums', { ...VARIANT, target: of('3', other, B) }],
    ['the text that was parsed', { ...VARIANT, source: of('3', other, B) }],
    ['as many parsed groups as travelled', { ...VARIANT, carried: { ...of('3', A), parsed: [PARSED, B] } }],
    ['level full without a second scan', { ...FULL, source: null }],
    ['rows hashed and counted', { ...CARRIED, rowCounts: counts('4') }],
    ['rows that travelled', { ...CARRIED, carried: of('4', A) }],
    ['no rows in the target, some at the source', { ...EMPTY, source: of('0', A) }],
    ['no rows, and a sum', { ...EMPTY, target: of('0', A) }],
  ])('refuses unequal ones: %s', async (_name, body) => {
    await expect(write(body)).rejects.toThrow(/unequal hashes/);
  });
});
