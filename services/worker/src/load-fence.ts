/**
 * The fence of the load: an attempt may write only when no statement of an earlier one can still commit, and it goes on
 * with its own earlier statement instead of racing it.
 *
 * A COPY is safe to repeat, and a late one adds nothing once its files are known to the table. A REPLACE is not: one that
 * commits late would put an older attempt's rows back. So a later attempt waits until every REPLACE of the earlier ones
 * has been seen to end, or is past the time at which the engine would have killed it.
 */
import { type AttemptRef, chunkName, LakehaulError, type Log } from '@lakehaul/core';
import {
  type FenceDeps,
  findStatements,
  isPastItsTime,
  loadSubmissions,
  unsettledStatements,
} from './load-statements.ts';
import { voidAttempt } from './void-attempt.ts';

const POLL_MS = 1_000;

export async function refuseUnsettledAttempts(deps: FenceDeps, attempt: AttemptRef): Promise<void> {
  if (attempt.attempt === 1) return;
  for (let allowed = await deps.ledger.mayLoad(attempt); !allowed.ok; allowed = await deps.ledger.mayLoad(attempt)) {
    // Nobody works on an attempt that a newer one has overtaken; whoever needs it out of the way ends it.
    const overtaken = new LakehaulError('SUPERSEDED', `attempt ${attempt.attempt} was opened`);
    await voidAttempt(deps, { ...attempt, attempt: allowed.blockedBy }, overtaken);
  }
  for (let number = attempt.attempt - 1; number > 1; number--) {
    const open = await unsettledStatements(deps, { ...attempt, attempt: number });
    if (open.length > 0)
      throw new LakehaulError(
        'FENCED',
        `attempt ${number} of ${chunkName(attempt)} may still write: ${open.join(', ')}`,
      );
  }
}

/**
 * The attempt's own earlier statements: waits for those that run. Tells what ran, or null when nothing was ever sent.
 * An unseen statement of a COPY is no danger (the next COPY makes it empty); one of a REPLACE writes the same rows again.
 */
export async function awaitEarlierLoads(
  deps: FenceDeps,
  attempt: AttemptRef,
  signal: AbortSignal,
  log: Log,
): Promise<{ operation: 'copy' | 'replace'; statementIds: string[] } | null> {
  const submissions = await loadSubmissions(deps.ledger, attempt);
  if (submissions.length === 0) return null;
  const seen: string[] = [];
  for (const submission of submissions) {
    let statements = await findStatements(deps, submission);
    while (statements.some((statement) => statement.status === 'running') && !(await isPastItsTime(deps, submission))) {
      log.info('waiting for an earlier load', { statementTag: submission.body.statementName });
      await deps.sleep(POLL_MS, signal);
      statements = await findStatements(deps, submission);
    }
    seen.push(...statements.map((statement) => statement.statementId));
  }
  return { operation: attempt.attempt === 1 ? 'copy' : 'replace', statementIds: seen };
}
