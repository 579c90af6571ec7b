/**
 * Step `unload`: one transaction at the source writes the chunk's rows as Parquet and tells their count.
 * The submission is recorded before the statement is sent; whoever comes next finds the statement by its name and goes
 * on with it instead of starting another.
 */
import type { PolicyKind, Source, SourceStatement, Stage, UnloadRequest } from '@lakehaul/adapters';
import {
  type AttemptRef,
  type Chunk,
  type Clock,
  chunkLevel,
  type HashForm,
  LakehaulError,
  type Log,
  must,
  type ReceiptBodies,
  type TablePlan,
  unloadName,
} from '@lakehaul/core';
import { isValidColumnList, type Ledger, type MovedRows, type StoredReceipt } from '@lakehaul/ledger';
import { chunkPath, clientToken, recordSubmission } from './submission.ts';
import { refuseHeld, type UnloadGate } from './unload-gate.ts';
import { type StagedBucket, stagedBuckets, writeUnloaded } from './unloaded-receipts.ts';

export interface UnloadDeps {
  ledger: Ledger;
  source: Source;
  stage: Stage;
  clock: Clock;
  /** Key prefix of all staged data of this migration, without a slash at the end. */
  stagingPrefix: string;
  sourceTimeoutMs: number;
  /** How long a recorded submission may stay unknown to the source before another one is made. */
  inFlightMs: number;
  serverTimeMs: () => Promise<number>;
  /** Blackouts, and whether they are heeded. */
  gate: UnloadGate;
}

export async function unloadChunk(
  deps: UnloadDeps,
  attempt: AttemptRef,
  signal: AbortSignal,
  log: Log,
): Promise<{ moved: MovedRows }> {
  const { ledger } = deps;
  const plan = must(await ledger.readPlan(attempt.tableId, attempt.generation), `plan of ${attempt.tableId}`);
  const chunk = await ledger.readChunk(attempt);
  const isShared = await isSharedScan(ledger, attempt, chunk);
  if (isShared && chunk.scanGroup !== chunk.number)
    throw new LakehaulError('FENCED', `chunk ${chunk.number} is staged by the shared scan of chunk ${chunk.scanGroup}`);

  const opened = await openAttempt(deps, attempt, plan, chunk);
  const request = unloadRequest(plan, chunk, opened.body, isShared);
  const { submission, statement } = await runStatement(deps, attempt, request, signal, log);

  const finished = {
    ...request,
    dataUrl: deps.stage.url(submission.body.dataPrefix),
    statementName: submission.body.statementName,
    clientToken: submission.body.clientToken,
  };
  const answer = await deps.source.readUnloadAnswer(statement.statementId, finished);
  await refuseOtherSchema(ledger, plan, answer.columnListHash);
  refuseHiddenRows(plan, answer.policies);
  const manifest = await deps.stage.readManifest(submission.body.dataPrefix);
  const buckets = stagedBuckets({
    plan,
    chunk,
    isShared,
    answer,
    manifest,
    hashForm: opened.body.hashForm,
    level: opened.body.level,
    dataPrefix: submission.body.dataPrefix,
  });
  await writeUnloaded({
    ledger,
    plan,
    attempt,
    opened,
    submission,
    statement,
    buckets,
    manifestKey: manifest?.manifestKey ?? '',
    snapshotAt: answer.snapshotAt,
    columnListHash: answer.columnListHash,
  });
  log.info('chunk unloaded', {
    rowCount: answer.counts.map((count) => count.rowCount).join('+'),
    statementId: statement.statementId,
  });
  return { moved: { ...movedBy(buckets), statementIds: [statement.statementId] } };
}

/** The last line against schema drift: what the UNLOAD's own transaction says of the table. */
async function refuseOtherSchema(ledger: Ledger, plan: TablePlan, seen: string): Promise<void> {
  const planned = plan.source.columnListHash;
  const accepted = await ledger.schemas.of(plan.tableId);
  if (isValidColumnList(seen, planned, accepted)) return;
  throw new LakehaulError(
    'SOURCE_SCHEMA_CHANGED',
    `${plan.source.schema}.${plan.source.table} is not the table that was planned: column list ${seen}, planned ${planned}${accepted.length > 0 ? ', or one that was accepted later' : ''}`,
  );
}

/** Between two looks of the schema watch only the transaction itself saw the policy; a later attempt reads the table anew. */
function refuseHiddenRows(plan: TablePlan, policies: readonly PolicyKind[]): void {
  if (policies.length === 0) return;
  const where = `${plan.source.schema}.${plan.source.table}`;
  throw new LakehaulError(
    'ROW_SECURITY',
    `${policies.join(' and ')} was attached to ${where} while it was unloaded: rows or values may be missing from the stage`,
    {
      where,
      disposition: 'quarantine',
      next: 'exempt the hauling user from the policy, or detach it; then lakehaul replay the chunk',
    },
  );
}

function movedBy(buckets: readonly StagedBucket[]): MovedRows {
  const files = buckets.flatMap((bucket) => bucket.files);
  return {
    rowCount: buckets.reduce((sum, bucket) => sum + BigInt(bucket.rowCount), 0n),
    sizeBytes: files.reduce((sum, file) => sum + BigInt(file.sizeBytes), 0n),
  };
}

/**
 * The leader scans for all members until one of its attempts has an `unloaded` receipt, which is written after theirs: a
 * first attempt that ended without one left members that nobody else stages. Later attempts are each chunk's own.
 */
async function isSharedScan(ledger: Ledger, attempt: AttemptRef, chunk: Chunk): Promise<boolean> {
  if (chunk.scanGroup === null) return false;
  if (chunk.scanGroup !== chunk.number) return attempt.attempt === 1;
  for (let earlier = attempt.attempt - 1; earlier >= 1; earlier--)
    if ((await ledger.read({ ...attempt, attempt: earlier }, 'unloaded')) !== null) return false;
  return true;
}

/** The attempt's `opened` receipt: what led to it decides its hash form. */
async function openAttempt(
  deps: UnloadDeps,
  attempt: AttemptRef,
  plan: TablePlan,
  chunk: Chunk,
): Promise<StoredReceipt<'opened'>> {
  const existing = await deps.ledger.read(attempt, 'opened');
  if (existing !== null) return existing;
  const level = chunkLevel(plan, chunk);
  if (attempt.attempt === 1) {
    const body: ReceiptBodies['opened'] = {
      cause: 'planned',
      reason: 'first attempt',
      observedAt: null,
      hashForm: plan.hashForm,
      level,
    };
    const planHead = deps.ledger.keys.planHead(attempt.tableId, attempt.generation);
    return (await deps.ledger.openAttempt(attempt, { attempt: 1, body, causedBy: planHead })).receipt;
  }
  const earlier = { ...attempt, attempt: attempt.attempt - 1 };
  // Not by the chunk's stage: a failure recorded before this attempt was opened has moved that on already.
  const over = must(
    (await deps.ledger.read(earlier, 'mismatched')) ?? (await deps.ledger.read(earlier, 'void')),
    `what ended attempt ${earlier.attempt}`,
  );
  const before = must(await deps.ledger.read(earlier, 'opened'), `opened receipt of attempt ${earlier.attempt}`);
  const body: ReceiptBodies['opened'] = {
    cause: over.stage === 'void' ? 'void' : 'mismatched',
    reason: over.body.code,
    observedAt: new Date(over.lastModifiedMs).toISOString(),
    hashForm: over.body.code === 'ROW_TOO_LONG' ? 'digest' : before.body.hashForm,
    level,
  };
  const result = await deps.ledger.openAttempt(attempt, { attempt: attempt.attempt, body, causedBy: over.key });
  if (result.attempt !== attempt.attempt)
    throw new LakehaulError('SUPERSEDED', `attempt ${result.attempt} was opened instead of ${attempt.attempt}`);
  return result.receipt;
}

type UnsentRequest = Omit<UnloadRequest, 'dataUrl' | 'statementName' | 'clientToken'>;

function unloadRequest(
  plan: TablePlan,
  chunk: Chunk,
  opened: { hashForm: HashForm; level: 'count' | 'carried' | 'full' },
  isShared: boolean,
): UnsentRequest {
  const hash = chunk.parts.find((part) => part.kind === 'hash');
  const parts = isShared ? chunk.parts.filter((part) => part.kind !== 'hash') : chunk.parts;
  return {
    plan,
    predicate: { parts, cutLine: plan.cutLine },
    hashForm: opened.hashForm,
    level: opened.level,
    buckets: isShared && hash !== undefined ? hash.modulus : null,
  };
}

/** Goes on with the latest submission where it can, else makes a new one; resolves when the statement has finished. */
async function runStatement(
  deps: UnloadDeps,
  attempt: AttemptRef,
  request: UnsentRequest,
  signal: AbortSignal,
  log: Log,
): Promise<{ submission: StoredReceipt<'submit'>; statement: SourceStatement }> {
  const latest = (await deps.ledger.submissions(attempt)).filter((entry) => entry.body.step === 'unload').at(-1);
  const known = latest === undefined ? null : await deps.source.findStatement(latest.body.statementName);
  if (latest !== undefined && known !== null && known.status !== 'failed' && known.status !== 'aborted') {
    log.info('statement taken over', { statementId: known.statementId, status: known.status });
    return { submission: latest, statement: await awaitFinished(deps, known.statementId, signal) };
  }
  if (latest !== undefined && known === null) await refuseWhileInFlight(deps, latest);

  // What runs already was taken over above: a blackout ends nothing, it lets nothing begin.
  await refuseHeld(deps, `${request.plan.source.schema}.${request.plan.source.table}`);
  const submission = await recordSubmission(deps.ledger, attempt, (number) => ({
    step: 'unload',
    statementName: unloadName(deps.ledger.migration, attempt, number),
    clientToken: clientToken(deps.ledger.migration, attempt, number),
    dataPrefix: `${deps.stagingPrefix}/${chunkPath(attempt)}/a${attempt.attempt}-s${number}/data/`,
    statementTimeoutMs: deps.sourceTimeoutMs,
  }));
  const sent = await deps.source.submitUnload({
    ...request,
    dataUrl: deps.stage.url(submission.body.dataPrefix),
    statementName: submission.body.statementName,
    clientToken: submission.body.clientToken,
  });
  log.info('unload submitted', { statementId: sent.statementId, submission: submission.body.submission });
  return { submission, statement: await awaitFinished(deps, sent.statementId, signal) };
}

/** Another process may have recorded its submission a moment ago and be about to send it. */
async function refuseWhileInFlight(deps: UnloadDeps, submission: StoredReceipt<'submit'>): Promise<void> {
  const ageMs = (await deps.serverTimeMs()) - submission.lastModifiedMs;
  if (ageMs < deps.inFlightMs)
    throw new LakehaulError(
      'FENCED',
      `submission ${submission.body.submission} was recorded ${ageMs} ms ago and may still be on its way`,
    );
}

async function awaitFinished(deps: UnloadDeps, statementId: string, signal: AbortSignal): Promise<SourceStatement> {
  const statement = await deps.source.awaitStatement(statementId, signal);
  if (statement.status === 'finished') return statement;
  const code = statement.status === 'aborted' ? 'SOURCE_STATEMENT_ABORTED' : 'SOURCE_STATEMENT_FAILED';
  throw new LakehaulError(code, `statement ${statementId}: ${statement.error ?? 'no message'}`);
}
