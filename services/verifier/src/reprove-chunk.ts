/** A proof of a chunk that is already done, against what the target holds now: `lakehaul verify`. */
import type { AttemptRef, Log } from '@lakehaul/core';
import { proveChunk, type VerifyDeps, writeMismatch } from './verify-chunk.ts';

/** True when the chunk is equal. A difference takes the earlier proof back: the chunk is mismatched and will be repaired. */
export async function reproveChunk(deps: VerifyDeps, attempt: AttemptRef, log: Log): Promise<boolean> {
  const proof = await proveChunk(deps, attempt);
  if (proof.differences.length > 0) {
    await writeMismatch(deps, attempt, proof, log);
    return false;
  }
  await deps.ledger.recordReproof(attempt, proof.body);
  return true;
}
