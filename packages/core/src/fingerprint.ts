/**
 * Sums over one multiset of rows: count, and per column group Σ of the two 60-bit halves of each row's md5, as exact
 * decimal text. One group unless the statement limit forces a split. Equal fingerprints of equal shape mean equal
 * multisets of rows (120 bits per group).
 */
export interface Fingerprint {
  rowCount: string;
  groups: readonly { sum1: string; sum2: string }[];
}

/**
 * Sums of the hashes that travelled. With VARIANT columns the target has no text to compare with the source's: `parsed`
 * then holds Σ over the very same staged rows with their JSON parsed by the warehouse, and it is what the target must
 * equal, after each staged row was seen to hold what its travelled hash says. Both are parsed alike, so neither shows what
 * parsing itself lost: `inexact` counts those rows.
 */
export interface CarriedFingerprint extends Fingerprint {
  parsed?: readonly { sum1: string; sum2: string }[];
  /** One entry per VARIANT column. Absent in receipts of versions that did not count. */
  inexact?: readonly InexactRows[];
}

/** Rows whose JSON holds a number that a VARIANT reads as another value, or that is out of its range (fingerprint/json-numbers). */
export interface InexactRows {
  /** Source column. */
  column: string;
  rounded: string;
  outOfRange: string;
}

/** `joined`: one md5 per row over the joined text; `digest`: md5 over per-column digests, for rows longer than 65,535 bytes. */
export type HashForm = 'joined' | 'digest';

/** Longest VARCHAR of Redshift, hence the longest joined text of a row (developer guide, r_Character_types). */
export const MAX_ROW_TEXT_BYTES = 65_535n;

/** How a chunk is proven. `count` ends as `counted` and is never called verified. `sampled` is `carried` with `full` on some chunks. */
export type ProofLevel = 'count' | 'carried' | 'sampled' | 'full';

/** What keeps two fingerprints from being equal, in plain words; empty when they are equal. */
export function fingerprintDifferences(
  left: { name: string; fingerprint: Fingerprint },
  right: { name: string; fingerprint: Fingerprint },
): string[] {
  const differences: string[] = [];
  const a = left.fingerprint;
  const b = right.fingerprint;
  if (a.rowCount !== b.rowCount) differences.push(`rows: ${left.name} ${a.rowCount}, ${right.name} ${b.rowCount}`);
  if (a.groups.length !== b.groups.length || a.groups.length === 0)
    differences.push(`hash groups: ${left.name} ${a.groups.length}, ${right.name} ${b.groups.length}`);
  for (let i = 0; i < Math.min(a.groups.length, b.groups.length); i++) {
    const x = a.groups[i];
    const y = b.groups[i];
    if (x?.sum1 !== y?.sum1 || x?.sum2 !== y?.sum2)
      differences.push(`hash group ${i + 1}: ${left.name} ${x?.sum1}/${x?.sum2}, ${right.name} ${y?.sum1}/${y?.sum2}`);
  }
  return differences;
}
