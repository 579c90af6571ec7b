import type { ReceiptBodies, Stage } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { BODIES, PROOF, submitBody } from '../../../../test/support/ledger-world.ts';
import { checkChunk } from './check-chunk.ts';
import { Findings } from './findings.ts';
import type { AuditedReceipt } from './receipts.ts';

const BY = { service: 'test', instance: 'a', version: '0' };
const LOAD = { ...submitBody('load', 'l'), submission: 1 };
const UNLOAD = { ...submitBody('unload', 'u'), submission: 1 };
const REPLACED = { ...BODIES.loaded, operation: 'replace' as const };

/** Receipts in the order of S3's clock, one a second; `[attempt, stage, body]`. */
type Told = readonly [number, Stage, ReceiptBodies[Stage]];

function findingsOf(story: readonly Told[]): string[] {
  const findings = new Findings();
  const ordinals = new Map<string, number>();
  const receipts = story.map(([attempt, stage, body], second): AuditedReceipt => {
    const isNumbered = stage === 'submit';
    const ordinal = isNumbered ? (ordinals.get(`${attempt}`) ?? 0) + 1 : 0;
    if (isNumbered) ordinals.set(`${attempt}`, ordinal);
    const key = `0000${attempt}.${stage}${isNumbered ? `-${ordinal}` : ''}.json`;
    return { key, lastModifiedMs: second * 1000, attempt, stage, ordinal, causedBy: null, by: BY, body };
  });
  checkChunk(findings, { tableId: 't', generation: 1, chunk: 0, receipts, isDamaged: false });
  return [...findings.counts.keys()];
}

const first: readonly Told[] = [
  [1, 'opened', BODIES.opened],
  [1, 'submit', UNLOAD],
  [1, 'unloaded', BODIES.unloaded],
  [1, 'submit', LOAD],
];
const second = (loaded: ReceiptBodies['loaded']): Told[] => [
  [2, 'opened', { ...BODIES.opened, cause: 'mismatched' }],
  [2, 'submit', UNLOAD],
  [2, 'unloaded', BODIES.unloaded],
  [2, 'submit', LOAD],
  [2, 'loaded', loaded],
  [2, 'verified', PROOF],
];

describe('the attempts of a chunk', () => {
  it('follow each other: the next one loads when the one before is loaded or void', () => {
    expect(
      findingsOf([...first, [1, 'loaded', BODIES.loaded], [1, 'mismatched', BODIES.mismatched], ...second(REPLACED)]),
    ).toEqual([]);
    expect(findingsOf([...first, [1, 'void', BODIES.void], ...second(REPLACED)])).toEqual([]);
  });

  it('never load while an earlier one can still commit', () => {
    expect(findingsOf([...first, ...second(REPLACED)])).toEqual(['FENCE']);
    // Over at last, but not before the other one loaded.
    expect(findingsOf([...first, ...second(REPLACED), [1, 'void', BODIES.void]])).toEqual(['FENCE']);
  });

  it('COPY once: a later one that does has doubled the rows', () => {
    expect(findingsOf([...first, [1, 'void', BODIES.void], ...second(BODIES.loaded)])).toEqual(['FENCE']);
    expect(findingsOf([...first, [1, 'loaded', REPLACED]])).toEqual(['FENCE']);
  });

  it('are not proven without a load, nor after they were found to differ', () => {
    expect(findingsOf([...first, [1, 'verified', PROOF]])).toContain('JOURNEY');
    const differed: Told[] = [...first, [1, 'loaded', BODIES.loaded], [1, 'mismatched', BODIES.mismatched]];
    expect(findingsOf([...differed, [1, 'verified', PROOF]])).toContain('JOURNEY');
  });
});
