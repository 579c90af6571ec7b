/** The referee's row hash and the sums over rows. */
import { createHash } from 'node:crypto';
import { type Fingerprint, type HashForm, LakehaulError } from '@lakehaul/core';
import type { HashColumn } from './canonical-sql.ts';
import { canonicalText, type ExactValue } from './canonical-text.ts';
import { rowText } from './row-text.ts';

export interface RowHash {
  h1: bigint;
  h2: bigint;
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** Values in the order of the columns. */
export function rowHash(columns: readonly HashColumn[], values: readonly ExactValue[], form: HashForm): RowHash {
  if (columns.length !== values.length)
    throw new LakehaulError('INTERNAL', `${columns.length} columns, ${values.length} values`);
  const texts = columns.map((column, index) => canonicalText(column.type, values[index] ?? null));
  return halves(md5(rowText(columns, texts, form, md5)));
}

/** Digits 1-15 and 16-30 of the md5. */
export function halves(digest: string): RowHash {
  return { h1: BigInt(`0x${digest.slice(0, 15)}`), h2: BigInt(`0x${digest.slice(15, 30)}`) };
}

export function emptyFingerprint(groups: number): Fingerprint {
  return { rowCount: '0', groups: Array.from({ length: groups }, () => ({ sum1: '0', sum2: '0' })) };
}

/** One hash per group of the row. */
export function addToFingerprint(fingerprint: Fingerprint, hashes: readonly RowHash[]): Fingerprint {
  return combineFingerprints(fingerprint, {
    rowCount: '1',
    groups: hashes.map((hash) => ({ sum1: hash.h1.toString(), sum2: hash.h2.toString() })),
  });
}

/** Of two disjoint sets of rows. */
export function combineFingerprints(a: Fingerprint, b: Fingerprint): Fingerprint {
  if (a.groups.length !== b.groups.length)
    throw new LakehaulError('INTERNAL', `fingerprints of ${a.groups.length} and ${b.groups.length} groups`);
  return {
    rowCount: add(a.rowCount, b.rowCount),
    groups: a.groups.map((group, index) => ({
      sum1: add(group.sum1, b.groups[index]?.sum1 ?? '0'),
      sum2: add(group.sum2, b.groups[index]?.sum2 ?? '0'),
    })),
  };
}

function add(a: string, b: string): string {
  return (BigInt(a) + BigInt(b)).toString();
}
