/** Ends an attempt that will not be proven: only with proof that nothing of it can still commit. */
import { type AttemptRef, chunkName, LakehaulError } from '@lakehaul/core';
import { type FenceDeps, unsettledStatements } from './load-statements.ts';

export async function voidAttempt(deps: FenceDeps, attempt: AttemptRef, error: LakehaulError): Promise<void> {
  const loads = (await deps.ledger.submissions(attempt)).filter((entry) => entry.body.step === 'load');
  const open = await unsettledStatements(deps, attempt);
  if (open.length > 0)
    throw new LakehaulError(
      'FENCED',
      `attempt ${attempt.attempt} of ${chunkName(attempt)} cannot be ended while ${open.join(', ')} may still commit`,
    );
  await deps.ledger.write(
    attempt,
    'void',
    {
      code: error.code,
      message: error.message,
      proof: loads.length === 0 ? 'nothing-submitted' : 'statements-terminal',
      statementIds: loads.map((entry) => entry.body.statementName),
    },
    await deps.ledger.newestOf(attempt, ['submit', 'opened']),
  );
}
