/**
 * The fence of the load: an attempt may write only when no statement of an earlier one can still commit, and it goes on
 * with its own earlier statement instead of racing it.
 *
 * A COPY is safe to repeat, and a late one adds nothing once its files are known to the table. A REPLACE is not: one that
 * commits late would put an older attempt's rows back. So a later attempt waits until every REPLACE of the earlier ones
 * has been seen to end, or is past the time at which the engine would have killed it.
 */
import type { Target, TargetStatement } from '@lakehaul/adapters';
import { type AttemptRef, chunkName, LakehaulError, type Log } from '@lakehaul/core';
import type { Ledger, StoredReceipt } from '@lakehaul/ledger';

export interface FenceDeps {
  ledger: Ledger;
  target: Target;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  serverTimeMs: () => Promise<number>;
}

/** Beyond the statement's own time-out: start-up, clock granularity of S3 (1 s), and the way to the warehouse. */
const SETTLE_SLACK_MS = 60_000;
const POLL_MS = 1_000;

export async function refuseUnsettledAttempts(deps: FenceDeps, attempt: AttemptRef): Promise<void> {
  if (attempt.attempt === 1) return;
  const allowed = await deps.ledger.mayLoad(attempt);
  if (!allowed.ok)
    throw new LakehaulError(
      'FENCED',
      `attempt ${allowed.blockedBy} of ${chunkName(attempt)} is neither loaded nor void`,
    );
  for (let number = attempt.attempt - 1; number > 1; number--) {
    const open = await unsettledStatements(deps, { ...attempt, attempt: number });
    if (open.length > 0)
      throw new LakehaulError(
        'FENCED',
        `attempt ${number} of ${chunkName(attempt)} may still write: ${open.join(', ')}`,
      );
  }
}

/** Load submissions of an attempt that may still commit; each by its tag. */
export async function unsettledStatements(deps: FenceDeps, attempt: AttemptRef): Promise<string[]> {
  const open: string[] = [];
  for (const submission of await loadSubmissions(deps.ledger, attempt)) {
    const statements = await findStatements(deps, submission);
    const hasEnded = statements.length > 0 && statements.every((statement) => statement.status !== 'running');
    if (hasEnded || (await isPastItsTime(deps, submission))) continue;
    open.push(submission.body.statementName);
  }
  return open;
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

async function loadSubmissions(ledger: Ledger, attempt: AttemptRef): Promise<StoredReceipt<'submit'>[]> {
  return (await ledger.submissions(attempt)).filter((entry) => entry.body.step === 'load');
}

function findStatements(deps: FenceDeps, submission: StoredReceipt<'submit'>): Promise<TargetStatement[]> {
  return deps.target.findStatements(submission.body.statementName, submission.lastModifiedMs - SETTLE_SLACK_MS);
}

async function isPastItsTime(deps: FenceDeps, submission: StoredReceipt<'submit'>): Promise<boolean> {
  const ageMs = (await deps.serverTimeMs()) - submission.lastModifiedMs;
  return ageMs > submission.body.statementTimeoutMs + SETTLE_SLACK_MS;
}
