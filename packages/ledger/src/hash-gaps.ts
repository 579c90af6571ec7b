/** The ledger's own comparison of a proof's hashes, apart from the verifier's: `verified` needs both to agree (I3). */
import { type CarriedFingerprint, fingerprintDifferences, type ProofBody } from '@lakehaul/core';

/**
 * What keeps the hashes of a proof from being equal; empty when they are. What travelled stands for the source in the
 * groups that it covers, a second scan must cover the others (wide tables). Of parsed JSON (VARIANT) the target has the
 * parsed sums, and the source those of the text that travelled.
 */
export function hashGaps({ level, rowCounts, carried, source, target }: ProofBody): string[] {
  if (carried === null || target === null) return ['the hashes are missing'];
  const gaps: string[] = [];
  if (target.rowCount !== rowCounts.target)
    gaps.push(`rows: counted ${rowCounts.target} in the target, hashed ${target.rowCount}`);
  if (level === 'full' && source === null) gaps.push('level full without a second scan');
  // Without rows nothing travels, and a bucket without rows has no groups.
  if ([carried, target, source].every((each) => each === null || isEmpty(each))) return gaps;
  const covered = carried.groups.length;
  const rest = target.groups.slice(covered);
  const sums = { rowCount: carried.rowCount, groups: carried.parsed ?? carried.groups };
  const own = { rowCount: target.rowCount, groups: target.groups.slice(0, covered) };
  gaps.push(...fingerprintDifferences({ name: 'travelled', fingerprint: sums }, { name: 'target', fingerprint: own }));
  if (source !== null) {
    const expected = { rowCount: target.rowCount, groups: [...carried.groups, ...rest] };
    gaps.push(
      ...fingerprintDifferences({ name: 'source', fingerprint: source }, { name: 'proven', fingerprint: expected }),
    );
  } else if (rest.length > 0) gaps.push(`nothing covers ${rest.length} of ${target.groups.length} hash groups`);
  return gaps;
}

function isEmpty({ rowCount, groups, parsed = [] }: CarriedFingerprint): boolean {
  return rowCount === '0' && [...groups, ...parsed].every((sums) => sums.sum1 === '0' && sums.sum2 === '0');
}
