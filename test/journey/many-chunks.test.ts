import { expect, it } from 'vitest';
import { faultsOf, type LateRows } from '../support/late-rows.ts';

const GOOD: LateRows = {
  ...{ chunks: 10, rows: 18, reopenedUnchanged: 0, touched: [1, 2], reopened: [1, 2], swapped: [1, 2] },
  before: { evidence: 'PASS', codes: [] },
  written: { evidence: 'FAIL', codes: ['SOURCE_WRITTEN'] },
  probed: { evidence: 'FAIL', codes: ['CHUNKS_NOT_PROVEN'] },
  after: { evidence: 'PASS', codes: [] },
  stale: { sourceRows: 20n, targetRows: 18n, missing: 3n, extra: 1n },
  end: { sourceRows: 20n, targetRows: 20n, missing: 0n, extra: 0n },
  ...{ scans: 1, scansInHistory: 1, rowsScanned: '20', amplification: 1 },
  seconds: { haul: 1, look: 1, probe: 1, swap: 1 },
};

it('the judgement of it rings for each thing that may go wrong', () => {
  expect(faultsOf(GOOD)).toEqual([]);
  const equal = GOOD.end;
  const planted: [string, LateRows][] = [
    ['one chunk too many', { ...GOOD, reopened: [...GOOD.reopened, 9] }],
    ['one chunk too few', { ...GOOD, reopened: GOOD.reopened.slice(1) }],
    ['a chunk that nobody opened was swapped', { ...GOOD, swapped: [...GOOD.swapped, 9] }],
    ['an unchanged table was opened', { ...GOOD, reopenedUnchanged: 1 }],
    ['the write was never told', { ...GOOD, written: GOOD.before }],
    ['the evidence stayed away', { ...GOOD, after: GOOD.probed }],
    ['a row is missing in the end', { ...GOOD, end: { ...equal, missing: 1n } }],
    ['a row is doubled in the end', { ...GOOD, end: { ...equal, targetRows: equal.targetRows + 1n, extra: 1n } }],
    ['nothing had changed', { ...GOOD, stale: equal }],
    ['scans that nobody counted', { ...GOOD, scansInHistory: GOOD.scans + 1 }],
  ];
  for (const [name, seen] of planted) expect([name, faultsOf(seen).length]).toEqual([name, 1]);
});
