/** The seals against what was kept of them outside the bucket, and how far that reaches. */
import type { LedgerKeys } from '@lakehaul/ledger';
import type { Anchor } from '../seals/anchors.ts';
import type { LedgerSeal } from '../seals/ledger-seal.ts';
import type { AnchorsRebuilt } from '../seals/own-chain.ts';
import type { Findings } from './findings.ts';

/** A person's word that anchors were made from the bucket, with the S3 time at which it was given. */
export type AnchorRebuild = Omit<AnchorsRebuilt, 'schemaVersion'> & { key: string; at: string };

export interface AnchorReach {
  /**
   * From this seal on each one left its line when it was written, up to the newest anchor. Null where none did. What came
   * before is as old as the bucket says it is.
   */
  continuousFrom: number | null;
  /** Of the ledger's records, oldest first. */
  rebuilt: AnchorRebuild[];
}

export function checkAnchors(
  findings: Findings,
  { keys, migration }: { keys: LedgerKeys; migration: string },
  seals: readonly LedgerSeal[],
  anchors: readonly Anchor[] | null,
): number | null {
  if (anchors === null || anchors.length === 0) {
    const what = anchors === null ? 'no anchors were given' : `no anchor is of migration ${migration}`;
    if (seals.length > 0) findings.add('ANCHORS_NOT_GIVEN', keys.ledgerSeals, what);
    return null;
  }
  const byNumber = new Map(seals.map((seal) => [seal.number, seal]));
  for (const anchor of anchors) {
    const key = keys.ledgerSeal(anchor.number);
    const seal = byNumber.get(anchor.number);
    if (seal === undefined)
      findings.add(
        'ANCHOR_BROKEN',
        key,
        `seal ${anchor.number} of ${anchor.observedAt} is anchored and not in the ledger`,
      );
    else if (seal.digest !== anchor.seal || seal.root !== anchor.root)
      findings.add('ANCHOR_BROKEN', key, `seal ${anchor.number} is another one than was anchored`);
  }
  const newest = anchors.reduce((max, anchor) => Math.max(max, anchor.number), 0);
  findings.note('NOT_ANCHORED', seals.filter((seal) => seal.number > newest).length);
  const from = continuousFrom(anchors, newest);
  findings.note('ANCHORS_INTERRUPTED', seals.filter((seal) => seal.number < (from ?? newest + 1)).length);
  return from;
}

/** Where the last run of lines that were written with their seals begins. Several sealers may have left the same line. */
function continuousFrom(anchors: readonly Anchor[], newest: number): number | null {
  const own = new Set(anchors.filter((anchor) => anchor.rebuilt !== true).map((anchor) => anchor.number));
  let from = newest + 1;
  while (own.has(from - 1)) from -= 1;
  return from > newest ? null : from;
}

/** After the records were read: no anchor is made anew without a name and a reason. */
export function checkRebuilds(
  findings: Findings,
  keys: LedgerKeys,
  anchors: readonly Anchor[],
  rebuilt: readonly AnchorRebuild[],
): void {
  for (const { number } of anchors.filter((anchor) => anchor.rebuilt === true))
    if (!rebuilt.some(({ fromSeal, toSeal }) => fromSeal <= number && number <= toSeal))
      findings.add(
        'ANCHOR_BROKEN',
        keys.ledgerSeal(number),
        `the anchor of seal ${number} was made later, and no record says by whom and why`,
      );
}
