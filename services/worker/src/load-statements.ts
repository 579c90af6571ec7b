/** The load statements of an attempt, as the ledger recorded them and the warehouse's query history knows them. */
import type { Target, TargetStatement } from '@lakehaul/adapters';
import type { AttemptRef } from '@lakehaul/core';
import type { Ledger, StoredReceipt } from '@lakehaul/ledger';

export interface FenceDeps {
  ledger: Ledger;
  target: Target;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  serverTimeMs: () => Promise<number>;
}

/** Beyond the latest start and the statement's own time-out: S3's whole seconds, and two clouds' clocks that differ. */
const SETTLE_SLACK_MS = 60_000;

/** Load submissions of an attempt that may still commit; each by its tag. */
export async function unsettledStatements(deps: FenceDeps, attempt: AttemptRef): Promise<string[]> {
  const open: string[] = [];
  for (const submission of await loadSubmissions(deps.ledger, attempt)) {
    const statements = await findStatements(deps, submission);
    // One that the warehouse still shows as running may commit, whatever its time-out said; only an unseen one is given up.
    // One that has ended settles its submission: a submission is sent once (warehouse.ts).
    const isRunning = statements.some((statement) => statement.status === 'running');
    if (!isRunning && (statements.length > 0 || (await isPastItsTime(deps, submission)))) continue;
    open.push(submission.body.statementName);
  }
  return open;
}

export async function loadSubmissions(ledger: Ledger, attempt: AttemptRef): Promise<StoredReceipt<'submit'>[]> {
  return (await ledger.submissions(attempt)).filter((entry) => entry.body.step === 'load');
}

export function findStatements(deps: FenceDeps, submission: StoredReceipt<'submit'>): Promise<TargetStatement[]> {
  return deps.target.findStatements(submission.body.statementName, submission.lastModifiedMs - SETTLE_SLACK_MS);
}

/** One that nobody has seen by then never began, or was killed: it asks the engine's clock before it writes (load-sql.ts). */
export async function isPastItsTime(deps: FenceDeps, submission: StoredReceipt<'submit'>): Promise<boolean> {
  const ageMs = (await deps.serverTimeMs()) - submission.lastModifiedMs;
  const { startWithinMs = 0, statementTimeoutMs } = submission.body;
  return ageMs > startWithinMs + statementTimeoutMs + SETTLE_SLACK_MS;
}
