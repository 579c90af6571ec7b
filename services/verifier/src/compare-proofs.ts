/** The comparison that decides about `verified`. Pure: everything it knows is in the proof. */
import { type Fingerprint, fingerprintDifferences, type ProofBody } from '@lakehaul/core';

/** What keeps the proof from being one, in plain words; empty when every count and every hash agrees. */
export function proofDifferences(proof: ProofBody): string[] {
  const differences = countDifferences(proof);
  if (proof.level === 'count') return differences;
  const { carried, source, target } = proof;
  if (target === null || carried === null)
    return [...differences, 'the proof lacks the hashes that its level promises'];
  if (target.rowCount !== proof.rowCounts.target)
    differences.push(`rows: counted ${proof.rowCounts.target} in the target, hashed ${target.rowCount}`);
  if (isEmpty(target) && isEmpty(carried)) return [...differences, ...sourceDifferences(proof, target)];
  differences.push(...carriedDifferences(carried, target, source !== null));
  return [...differences, ...sourceDifferences(proof, target)];
}

function countDifferences(proof: ProofBody): string[] {
  const { transaction, manifest, load, target } = proof.rowCounts;
  const counts = [transaction, manifest, load, target];
  if (counts.some((count) => !/^\d+$/.test(count))) return [`rows: not every count is known: ${counts.join(', ')}`];
  return counts.every((count) => count === transaction)
    ? []
    : [`rows: transaction ${transaction}, manifest ${manifest}, load ${load}, target ${target}`];
}

/**
 * A table too wide for one statement carries only its first hash groups; the others are proven by the second scan, so
 * there must have been one.
 */
function carriedDifferences(carried: Fingerprint, target: Fingerprint, hasSource: boolean): string[] {
  if (carried.groups.length === 0) return ['no hash travelled'];
  if (carried.groups.length < target.groups.length && !hasSource)
    return [
      `only ${carried.groups.length} of ${target.groups.length} hash groups travelled and no second scan covers the others`,
    ];
  const comparable = { rowCount: target.rowCount, groups: target.groups.slice(0, carried.groups.length) };
  return fingerprintDifferences(
    { name: 'travelled', fingerprint: carried },
    { name: 'target', fingerprint: comparable },
  );
}

function sourceDifferences({ level, source, carried }: ProofBody, target: Fingerprint): string[] {
  if (source === null) return level === 'full' ? ['level full without a second scan at the source'] : [];
  if (isEmpty(source) && isEmpty(target)) return [];
  // The source cannot say what a VARIANT becomes: that last group is proven by what travelled, and only there.
  const shared = source.groups.length;
  const isCarried = shared > 0 && carried?.groups.length === target.groups.length;
  const comparable = isCarried ? { ...target, groups: target.groups.slice(0, shared) } : target;
  return fingerprintDifferences({ name: 'source', fingerprint: source }, { name: 'target', fingerprint: comparable });
}

/** No rows, and no sum that says otherwise. */
function isEmpty(fingerprint: Fingerprint): boolean {
  return fingerprint.rowCount === '0' && fingerprint.groups.every((group) => group.sum1 === '0' && group.sum2 === '0');
}
