/** Deletes the staged files of proven chunks after the grace, and writes the receipt. */
import type { Stage } from '@lakehaul/adapters';
import { type AttemptRef, isDone, type Log } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';

export interface CleanDeps {
  ledger: Ledger;
  stage: Stage;
}

/**
 * All submissions of all attempts of a chunk go, the highest (proven) attempt's receipt says so. Safe to repeat. False
 * when the chunk is no longer proven by this attempt: the scan that named it was old, and a newer one may be unloading.
 */
export async function cleanStage(deps: CleanDeps, attempt: AttemptRef, log: Log): Promise<boolean> {
  const state = await deps.ledger.chunkState(attempt);
  if (!isDone(state) || state.attempt !== attempt.attempt) return false;
  const prefixes = new Set<string>();
  for (const receipt of await deps.ledger.trail(attempt)) {
    if (receipt.attempt > attempt.attempt) continue;
    if (receipt.stage === 'submit' && 'dataPrefix' in receipt.body) prefixes.add(receipt.body.dataPrefix);
    // A member of a shared scan has no submission of its own, only its bucket's folder.
    if (receipt.stage === 'unloaded' && 'dataPrefix' in receipt.body && isBucketFolder(receipt.body.dataPrefix))
      prefixes.add(receipt.body.dataPrefix);
  }
  let files = 0;
  let sizeBytes = 0n;
  for (const prefix of prefixes) {
    const objects = (await deps.stage.list(prefix)).filter(
      (object) => isBucketFolder(prefix) || !isBucketFolder(object.key),
    );
    files += objects.length;
    sizeBytes += objects.reduce((sum, object) => sum + BigInt(object.sizeBytes), 0n);
    await deps.stage.delete(objects.map((object) => object.key));
  }
  await deps.ledger.write(
    attempt,
    'cleaned',
    { files, sizeBytes: sizeBytes.toString(), prefixes: [...prefixes] },
    await deps.ledger.newestOf(attempt, ['reproved', 'verified', 'counted']),
  );
  log.info('stage cleaned', { files, sizeBytes });
  return true;
}

function isBucketFolder(prefixOrKey: string): boolean {
  return prefixOrKey.includes('/lakehaul_bucket=');
}
