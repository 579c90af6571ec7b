import type { Fingerprint, ProofBody } from '@lakehaul/core';
import { expect, it } from 'vitest';
import { probeDifference } from './probe-difference.ts';

const sums = (rowCount: string, ...groups: [string, string][]): Fingerprint => ({
  rowCount,
  groups: groups.map(([sum1, sum2]) => ({ sum1, sum2 })),
});

function proof(change: Partial<ProofBody> = {}): ProofBody {
  return {
    level: 'carried',
    hashForm: 'joined',
    targetVersion: '1',
    rowCounts: { transaction: '2', manifest: '2', load: '2', target: '2' },
    carried: sums('2', ['10', '20']),
    source: null,
    target: sums('2', ['10', '20']),
    ...change,
  };
}

const NONE = { transaction: '0', manifest: '0', load: '0', target: '0' };

it.each<[string, ProofBody, Fingerprint, boolean]>([
  ['equal by what travelled', proof(), sums('2', ['10', '20']), true],
  ['another count', proof(), sums('3', ['10', '20']), false],
  ['one row less', proof(), sums('1', ['7', '9']), false],
  ['no row left', proof(), sums('0', ['0', '0']), false],
  ['the first half differs', proof(), sums('2', ['11', '20']), false],
  ['the second half differs', proof(), sums('2', ['10', '21']), false],
  [
    'a second scan speaks before what travelled',
    proof({ source: sums('2', ['1', '2'], ['3', '4']) }),
    sums('2', ['1', '2'], ['3', '4']),
    true,
  ],
  [
    'its second group differs',
    proof({ source: sums('2', ['1', '2'], ['3', '4']) }),
    sums('2', ['1', '2'], ['3', '5']),
    false,
  ],
  ['a group that nobody proved', proof(), sums('2', ['10', '20'], ['3', '4']), false],
  ['nothing to compare with', proof({ carried: null }), sums('2', ['10', '20']), false],
  ['no rows, then and now', proof({ rowCounts: NONE, carried: sums('0') }), sums('0', ['0', '0']), true],
  ['no rows then, one now', proof({ rowCounts: NONE, carried: sums('0') }), sums('1', ['5', '6']), false],
])('%s', (_name, proven, now, isEqual) => {
  expect(probeDifference(proven, now) === null).toBe(isEqual);
});
