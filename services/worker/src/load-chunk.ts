/**
 * Step `load`: exactly the manifest's files become rows under this attempt's lineage value. Attempt 1 COPYs, later ones
 * REPLACE the chunk's whole lineage range. Whatever a lost answer hides is judged by the count of the lineage value.
 */
import type { LoadAnswer, LoadRequest, Stage, Target } from '@lakehaul/adapters';
import {
  type AttemptRef,
  LakehaulError,
  type Log,
  lineageOf,
  must,
  type ReceiptBodies,
  type TablePlan,
} from '@lakehaul/core';
import type { Ledger, MovedRows, StoredReceipt } from '@lakehaul/ledger';
import { awaitEarlierLoads, refuseUnsettledAttempts } from './load-fence.ts';
import { recordSubmission, statementTag } from './submission.ts';

export interface LoadDeps {
  ledger: Ledger;
  target: Target;
  stage: Stage;
  nowMs: () => number;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  serverTimeMs: () => Promise<number>;
  targetTimeoutMs: number;
  /** How long after its submission's receipt a load may begin, by the engine's clock. */
  startWithinMs: number;
}

/**
 * How long after its submission a load may still be sent: half of the minute that the fence allows for the way to the
 * warehouse, beyond the statement's own time-out (load-statements.ts).
 */
export const SEND_WITHIN_MS = 30_000;

/** FILES of COPY INTO (facts 5.1). */
const MAX_COPY_FILES = 1_000;

type Loaded = Pick<
  ReceiptBodies['loaded'],
  'operation' | 'statementIds' | 'rowCount' | 'rowCountFrom' | 'targetVersion'
>;

export async function loadChunk(
  deps: LoadDeps,
  attempt: AttemptRef,
  signal: AbortSignal,
  log: Log,
): Promise<{ moved: MovedRows }> {
  const { ledger } = deps;
  const startedMs = deps.nowMs();
  const plan = must(await ledger.readPlan(attempt.tableId, attempt.generation), `plan of ${attempt.tableId}`);
  const opened = must(await ledger.read(attempt, 'opened'), 'opened receipt');
  const unloaded = must(await ledger.read(attempt, 'unloaded'), 'unloaded receipt');
  await refuseUnsettledAttempts(deps, attempt);
  const earlier = await awaitEarlierLoads(deps, attempt, signal, log);
  const loaded =
    (earlier === null ? null : await judgeByLineage(deps, plan, attempt, unloaded.body.rowCount, earlier)) ??
    (await load(deps, { plan, attempt, opened, unloaded }));
  await ledger.write(attempt, 'loaded', { ...loaded, durationMs: Math.round(deps.nowMs() - startedMs) }, unloaded.key);
  log.info('chunk loaded', {
    rowCount: loaded.rowCount,
    operation: loaded.operation,
    rowCountFrom: loaded.rowCountFrom,
  });
  const { rowCount, statementIds } = loaded;
  return { moved: { rowCount: BigInt(rowCount), sizeBytes: BigInt(unloaded.body.sizeBytes), statementIds } };
}

interface LoadInput {
  plan: TablePlan;
  attempt: AttemptRef;
  opened: StoredReceipt<'opened'>;
  unloaded: StoredReceipt<'unloaded'>;
}

async function load(deps: LoadDeps, input: LoadInput): Promise<Loaded> {
  const { plan, attempt, unloaded } = input;
  const isEmpty = unloaded.body.rowCount === '0';
  if (isEmpty && attempt.attempt === 1)
    return {
      operation: 'none',
      statementIds: [],
      rowCount: '0',
      rowCountFrom: 'answer',
      targetVersion: await deps.target.version(plan.target),
    };
  if (!isEmpty) await refuseChangedStage(deps.stage, unloaded.body);
  const fileCount = unloaded.body.files.length;
  if (attempt.attempt === 1 && fileCount > MAX_COPY_FILES)
    throw new LakehaulError('TOO_MANY_FILES', `${fileCount} staged files, one COPY INTO takes ${MAX_COPY_FILES}`);

  // Taken before the receipt is written: what is counted here is never less than the receipt's age.
  const sendBeforeMs = deps.nowMs() + SEND_WITHIN_MS;
  const submission = await recordSubmission(deps.ledger, attempt, (number) => ({
    step: 'load',
    statementName: statementTag(deps.ledger.migration, attempt, number),
    clientToken: '',
    dataPrefix: unloaded.body.dataPrefix,
    statementTimeoutMs: deps.targetTimeoutMs,
    startWithinMs: deps.startWithinMs,
  }));
  const request: LoadRequest = {
    plan,
    hashForm: input.opened.body.hashForm,
    chunk: attempt.chunk,
    attempt: attempt.attempt,
    dataUrl: deps.stage.url(unloaded.body.dataPrefix),
    fileNames: unloaded.body.files.map((file) => file.key.slice(unloaded.body.dataPrefix.length)),
    statementTag: submission.body.statementName,
    statementTimeoutMs: deps.targetTimeoutMs,
    sendBeforeMs,
    startBeforeMs: submission.lastModifiedMs + deps.startWithinMs,
  };
  const operation = isEmpty ? 'delete' : attempt.attempt === 1 ? 'copy' : 'replace';
  const answer = await send(deps.target, operation, request);
  const expected = unloaded.body.rowCount;
  if (answer.insertedRows === expected)
    return {
      operation,
      statementIds: [answer.statementId],
      rowCount: expected,
      rowCountFrom: 'answer',
      targetVersion: await deps.target.version(plan.target),
    };
  const judged = await judgeByLineage(deps, plan, attempt, expected, { operation, statementIds: [answer.statementId] });
  if (judged !== null) return judged;
  // A DELETE that begins too late takes nothing away and says so to nobody; a COPY or REPLACE fails.
  if (operation === 'delete')
    throw new LakehaulError('THROTTLED', 'the rows of the chunk are still there: its DELETE began too late');
  throw new LakehaulError(
    'COUNT_MISMATCH',
    `staged ${expected} rows, the ${operation} answered ${answer.insertedRows ?? 'nothing'}, and the target does not hold them`,
  );
}

function send(target: Target, operation: 'copy' | 'replace' | 'delete', request: LoadRequest): Promise<LoadAnswer> {
  if (operation === 'copy') return target.copy(request);
  return operation === 'replace' ? target.replace(request) : target.deleteChunk(request);
}

/** Straight before a load the listing must equal the manifest: names, sizes and ETags. */
export async function refuseChangedStage(stage: Stage, unloaded: ReceiptBodies['unloaded']): Promise<void> {
  const listed = new Map((await stage.list(unloaded.dataPrefix)).map((object) => [object.key, object]));
  for (const file of unloaded.files) {
    const object = listed.get(file.key);
    if (object === undefined) throw new LakehaulError('STAGE_MISMATCH', `${file.key} is missing`);
    if (object.sizeBytes !== file.sizeBytes || object.etag !== file.etag)
      throw new LakehaulError(
        'STAGE_MISMATCH',
        `${file.key} changed: ${object.sizeBytes} bytes ${object.etag}, staged ${file.sizeBytes} bytes ${file.etag}`,
      );
    listed.delete(file.key);
  }
  listed.delete(unloaded.manifestKey);
  const extra = listed.keys().next().value;
  if (extra !== undefined) throw new LakehaulError('STAGE_MISMATCH', `${extra} is not in the manifest`);
}

/**
 * The rows under this attempt's lineage value, and none under another of the chunk: then the load is done, whatever its
 * answer was. Null when the target holds none of them.
 */
async function judgeByLineage(
  deps: LoadDeps,
  plan: TablePlan,
  attempt: AttemptRef,
  expected: string,
  by: { operation: 'copy' | 'replace' | 'delete'; statementIds: string[] },
): Promise<Loaded | null> {
  const targetVersion = await deps.target.version(plan.target);
  const lineages = await deps.target.countLineages(plan, attempt.chunk, targetVersion);
  const lineage = lineageOf(attempt.chunk, attempt.attempt);
  const own = lineages.find((entry) => entry.lineage === lineage)?.rowCount ?? '0';
  const foreign = lineages.filter((entry) => entry.lineage !== lineage);
  if (own === expected && foreign.length === 0) return { ...by, rowCount: own, rowCountFrom: 'lineage', targetVersion };
  if (own === '0') return null;
  throw new LakehaulError(
    'COUNT_MISMATCH',
    `staged ${expected} rows, the target holds ${own} under lineage ${lineage} and ${foreign.length} other lineages of the chunk`,
  );
}
