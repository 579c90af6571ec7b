/** Whether what the source holds now is what a chunk's proof says that it held. Pure. */
import type { Fingerprint, ProofBody } from '@lakehaul/core';

/** Null when equal; never null where the proof has nothing to compare with. */
export function probeDifference(proof: ProofBody, now: Fingerprint): string | null {
  const rows = proof.rowCounts.transaction;
  if (rows !== now.rowCount) return `rows: proven ${rows}, source ${now.rowCount}`;
  if (rows === '0') return null;
  const known = proof.source ?? proof.carried;
  if (known === null || known.groups.length === 0) return 'the proof has no hashes of the source';
  if (known.groups.length > now.groups.length) return 'the probe has fewer hash groups than the proof';
  for (const [index, group] of known.groups.entries()) {
    const other = now.groups[index];
    if (group.sum1 !== other?.sum1 || group.sum2 !== other.sum2) return `hash group ${index + 1} differs`;
  }
  // Groups that did not travel and had no second scan are not proven, so nothing can be said about them now.
  return known.groups.length < now.groups.length ? 'the proof has fewer hash groups than the source' : null;
}
