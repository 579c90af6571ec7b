/** The comparison that decides about `verified`. Pure: what it knows is in the proof and in what was acknowledged. */
import {
  type CarriedFingerprint,
  type ColumnPlan,
  type Fingerprint,
  fingerprintDifferences,
  isRoundingAcknowledged,
  type ProofBody,
} from '@lakehaul/core';

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
 * there must have been one. Where the staged JSON was parsed for VARIANT columns, its sums stand for what travelled: the
 * warehouse has seen row by row that the staged text is what the source hashed.
 */
function carriedDifferences(carried: CarriedFingerprint, target: Fingerprint, hasSource: boolean): string[] {
  if (carried.groups.length === 0) return ['no hash travelled'];
  const groups = carried.parsed ?? carried.groups;
  if (groups.length !== carried.groups.length)
    return [`${carried.groups.length} hash groups travelled, ${groups.length} were parsed`];
  if (groups.length < target.groups.length && !hasSource)
    return [
      `only ${groups.length} of ${target.groups.length} hash groups travelled and no second scan covers the others`,
    ];
  const comparable = { rowCount: target.rowCount, groups: target.groups.slice(0, groups.length) };
  return fingerprintDifferences(
    { name: carried.parsed === undefined ? 'travelled' : 'parsed', fingerprint: { ...carried, groups } },
    { name: 'target', fingerprint: comparable },
  );
}

function sourceDifferences({ level, source, carried }: ProofBody, target: Fingerprint): string[] {
  if (source === null) return level === 'full' ? ['level full without a second scan at the source'] : [];
  if (isEmpty(source) && isEmpty(target)) return [];
  const left = { name: 'source', fingerprint: source };
  if (carried?.parsed === undefined) return fingerprintDifferences(left, { name: 'target', fingerprint: target });
  // The source cannot say what its JSON becomes: there it is compared with what travelled, and the target with that.
  const others = target.groups.slice(carried.parsed.length);
  const expected = { rowCount: target.rowCount, groups: [...carried.groups, ...others] };
  return fingerprintDifferences(left, { name: 'travelled', fingerprint: expected });
}

/** No rows, and no sum that says otherwise. */
function isEmpty(fingerprint: CarriedFingerprint): boolean {
  const sums = [...fingerprint.groups, ...(fingerprint.parsed ?? [])];
  return fingerprint.rowCount === '0' && sums.every((sum) => sum.sum1 === '0' && sum.sum2 === '0');
}

/**
 * Numbers that parse_json changed: both sides of the proof are parsed by it and agree about them. Rounded ones are equal
 * enough only where somebody has said so for that column; what is out of range nobody can acknowledge. Empty when there
 * are none; a proof with VARIANT columns that did not count is not one.
 */
export function roundingDifferences(
  { carried }: Pick<ProofBody, 'carried'>,
  plan: { columns: readonly ColumnPlan[]; acknowledgements: readonly string[] },
): string[] {
  if (carried === null || isEmpty(carried)) return [];
  const variants = plan.columns.filter((column) => !column.excluded && column.target.type.kind === 'VARIANT');
  return variants.flatMap((column) => {
    const { name } = column.source;
    const counted = carried.inexact?.find((entry) => entry.column === name);
    if (counted === undefined) return [`${name}: nobody counted the numbers that a VARIANT cannot hold`];
    const found: string[] = [];
    if (BigInt(counted.outOfRange) > 0n)
      found.push(`${name}: ${counted.outOfRange} rows hold a number of 10^300 or more`);
    if (BigInt(counted.rounded) > 0n && !isRoundingAcknowledged(column, plan.acknowledgements))
      found.push(
        `${name}: ${counted.rounded} rows hold a number that VARIANT rounds (more than 38 digits, or below 10^-324), which nobody acknowledged`,
      );
    return found;
  });
}
