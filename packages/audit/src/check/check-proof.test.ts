import type { ProofBody } from '@lakehaul/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BODIES, PROOF } from '../../../../test/support/ledger-world.ts';
import { checkProof, type ProofBasis } from './check-proof.ts';
import { Findings } from './findings.ts';
import type { AuditedReceipt } from './receipts.ts';

const HASHES = { rowCount: '10', groups: [{ sum1: '12345678901234567890', sum2: '7' }] };
const BODY: ProofBody = { ...PROOF, level: 'full', carried: HASHES, source: HASHES, target: HASHES };
const receipt = (stage: string, body: unknown) => ({ key: `00001.${stage}.json`, stage, attempt: 1, body });
const BASIS = {
  opened: receipt('opened', { ...BODIES.opened, level: 'full' }),
  unloaded: receipt('unloaded', { ...BODIES.unloaded, sourceFingerprint: HASHES }),
  loaded: receipt('loaded', BODIES.loaded),
} as unknown as ProofBasis;

function findingsOf(body: ProofBody, basis: ProofBasis = BASIS): string[] {
  const findings = new Findings();
  checkProof(findings, receipt('verified', body) as unknown as AuditedReceipt & { body: ProofBody }, basis);
  return [...findings.counts.keys()];
}

it('has nothing to say of a proof whose counts and sums agree with each other and with its receipts', () => {
  expect(findingsOf(BODY)).toEqual([]);
});

it('sees any single change of any number anywhere in the proof', () => {
  const bump = (text: string, by: bigint) => (BigInt(text) + by).toString();
  const by = fc.bigInt({ min: 1n, max: 10n ** 30n });
  fc.assert(
    fc.property(
      by,
      fc.constantFrom('carried', 'source', 'target'),
      fc.constantFrom('rowCount', 'sum1', 'sum2'),
      (much, side, field) => {
        const own = structuredClone(HASHES);
        const [group] = own.groups;
        if (field === 'rowCount') own.rowCount = bump(own.rowCount, much);
        else if (group !== undefined) group[field] = bump(group[field], much);
        expect(findingsOf({ ...BODY, [side]: own })).toContain('SUMS');
      },
    ),
  );
  fc.assert(
    fc.property(by, fc.constantFrom('transaction', 'manifest', 'load', 'target'), (much, name) => {
      const rowCounts = { ...BODY.rowCounts, [name]: bump(BODY.rowCounts[name], much) };
      expect(findingsOf({ ...BODY, rowCounts })).toContain('COUNTS');
    }),
  );
});

it('sees sums that are not there, and a level that was not opened', () => {
  for (const lacking of [{ carried: null }, { target: null }, { source: null }])
    expect(findingsOf({ ...BODY, ...lacking })).toContain('SUMS');
  expect(findingsOf({ ...BODY, level: 'count' })).toContain('JOURNEY');
});
