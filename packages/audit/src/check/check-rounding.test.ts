import type { TablePlan } from '@lakehaul/core';
import { expect, it } from 'vitest';
import { PROOF } from '../../../../test/support/ledger-world.ts';
import { checkRounding, type LaterAcknowledgement } from './check-rounding.ts';
import { Findings } from './findings.ts';
import type { AuditedReceipt } from './receipts.ts';

const PLAN = {
  columns: [
    { source: { name: 'doc' }, target: { type: { kind: 'VARIANT' } }, loss: 'parsed', excluded: false },
    { source: { name: 'id' }, target: { type: { kind: 'INT' } }, loss: 'lossless', excluded: false },
  ],
  acknowledgements: ['loss:doc'],
} as unknown as TablePlan;
const counted = (rounded: string, outOfRange = '0') => [{ column: 'doc', rounded, outOfRange }];

function findingsOf(
  inexact: ReturnType<typeof counted> | undefined,
  options: { plan?: TablePlan; later?: LaterAcknowledgement[]; stage?: string; rows?: string } = {},
): string[] {
  const { plan = PLAN, later = [], stage = 'verified', rows = '10' } = options;
  const carried = { ...PROOF.carried, rowCount: rows, parsed: [], ...(inexact === undefined ? {} : { inexact }) };
  const receipt = { key: 'k', stage, attempt: 1, lastModifiedMs: 5_000, body: { ...PROOF, carried } };
  const findings = new Findings();
  checkRounding(findings, [receipt as unknown as AuditedReceipt], plan, later);
  return [...findings.counts.keys()];
}

it('is silent about a proof that counted and found nothing, and about what is no proof', () => {
  expect(findingsOf(counted('0'))).toEqual([]);
  expect(findingsOf(counted('3'), { stage: 'mismatched' })).toEqual([]);
  expect(findingsOf(undefined, { rows: '0' })).toEqual([]);
});

it('sees a chunk called verified with rounded numbers that nobody agreed to', () => {
  expect(findingsOf(counted('3'))).toEqual(['ACKNOWLEDGEMENT']);
  expect(findingsOf(counted('3'), { stage: 'reproved' })).toEqual(['ACKNOWLEDGEMENT']);
  expect(findingsOf(counted('0', '1'), { plan: { ...PLAN, acknowledgements: ['loss:doc', 'rounding:doc'] } })).toEqual([
    'SUMS',
  ]);
});

it('takes the word of the plan, and of a record that was there before the proof', () => {
  expect(findingsOf(counted('3'), { plan: { ...PLAN, acknowledgements: ['loss:doc', 'rounding:doc'] } })).toEqual([]);
  const later = (writtenMs: number) => [{ acknowledgements: ['rounding:doc'], writtenMs }];
  expect(findingsOf(counted('3'), { later: later(5_000) })).toEqual([]);
  expect(findingsOf(counted('3'), { later: later(6_000) })).toEqual(['ACKNOWLEDGEMENT']);
});

it('sees a count that was taken out of the proof', () => {
  expect(findingsOf(undefined)).toEqual(['SUMS']);
  expect(findingsOf([{ column: 'id', rounded: '0', outOfRange: '0' }])).toEqual(['SUMS']);
});
