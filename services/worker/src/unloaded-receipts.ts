/** What was staged, per bucket of the scan, checked against the transaction's counts, and written as receipts. */
import type { Manifest, SourceStatement, UnloadAnswer } from '@lakehaul/adapters';
import {
  type AttemptRef,
  type Chunk,
  type Fingerprint,
  type HashForm,
  LakehaulError,
  MAX_ROW_TEXT_BYTES,
  type ReceiptBodies,
  type SourceTime,
  type StagedFile,
  type TablePlan,
} from '@lakehaul/core';
import type { Ledger, StoredReceipt } from '@lakehaul/ledger';

export interface StagedBucket {
  /** Null for a chunk with a scan of its own. */
  bucket: number | null;
  rowCount: string;
  files: StagedFile[];
  dataPrefix: string;
  fingerprint: Fingerprint | null;
}

export function stagedBuckets(request: {
  plan: TablePlan;
  chunk: Chunk;
  isShared: boolean;
  answer: UnloadAnswer;
  manifest: Manifest | null;
  hashForm: HashForm;
  level: 'count' | 'carried' | 'full';
  dataPrefix: string;
}): StagedBucket[] {
  const { answer, manifest } = request;
  const longest = answer.counts.reduce(
    (max, count) => (BigInt(count.maxRowBytes) > max ? BigInt(count.maxRowBytes) : max),
    0n,
  );
  if (request.hashForm === 'joined' && longest > MAX_ROW_TEXT_BYTES)
    throw new LakehaulError('ROW_TOO_LONG', `longest joined row text is ${longest} bytes`);
  const files = manifest?.files ?? [];
  if (!request.isShared) {
    const rowCount = answer.counts[0]?.rowCount ?? '0';
    const bucket = {
      bucket: null,
      rowCount,
      files,
      dataPrefix: request.dataPrefix,
      fingerprint: answer.fingerprints[0]?.fingerprint ?? null,
    };
    refuseUnequal(bucket);
    return [bucket];
  }
  const hash = request.chunk.parts.find((part) => part.kind === 'hash');
  const modulus = hash?.kind === 'hash' ? hash.modulus : 0;
  const placed = new Set<string>();
  const buckets = Array.from({ length: modulus }, (_, number): StagedBucket => {
    const dataPrefix = `${request.dataPrefix}lakehaul_bucket=${number}/`;
    const own = files.filter((file) => file.key.startsWith(dataPrefix));
    for (const file of own) placed.add(file.key);
    return {
      bucket: number,
      rowCount: answer.counts.find((count) => count.bucket === number)?.rowCount ?? '0',
      files: own,
      dataPrefix,
      fingerprint: bucketFingerprint(request, number),
    };
  });
  const stray = files.find((file) => !placed.has(file.key));
  if (stray !== undefined)
    throw new LakehaulError(
      'MANIFEST_INVALID',
      `the manifest names ${stray.key}, which is in none of ${modulus} buckets`,
    );
  for (const bucket of buckets) refuseUnequal(bucket);
  return buckets;
}

/** GROUP BY says nothing of a bucket without rows; the second scan covered it all the same. */
function bucketFingerprint(request: { answer: UnloadAnswer; level: string }, bucket: number): Fingerprint | null {
  const found = request.answer.fingerprints.find((entry) => entry.bucket === bucket);
  if (found !== undefined) return found.fingerprint;
  return request.level === 'full' ? { rowCount: '0', groups: [] } : null;
}

/** Zero rows are proven by the in-transaction count, never by missing files. */
function refuseUnequal(bucket: StagedBucket): void {
  const manifestRows = rowsOf(bucket.files);
  if (manifestRows !== BigInt(bucket.rowCount))
    throw new LakehaulError(
      'COUNT_MISMATCH',
      `the transaction counted ${bucket.rowCount} rows, the manifest says ${manifestRows}${bucket.bucket === null ? '' : ` in bucket ${bucket.bucket}`}`,
    );
}

function rowsOf(files: readonly StagedFile[]): bigint {
  return files.reduce((sum, file) => sum + BigInt(file.rowCount), 0n);
}

export interface UnloadedRequest {
  ledger: Ledger;
  plan: TablePlan;
  attempt: AttemptRef;
  opened: StoredReceipt<'opened'>;
  submission: StoredReceipt<'submit'>;
  statement: SourceStatement;
  manifestKey: string;
  snapshotAt: SourceTime | null;
  /** As the UNLOAD's transaction told it. */
  columnListHash: string;
  buckets: StagedBucket[];
}

/**
 * One `unloaded` receipt per chunk. Of a shared scan the members come first and the leader last: as long as the leader
 * has none, its step runs again and finds the members' receipts where they are.
 */
export async function writeUnloaded(request: UnloadedRequest): Promise<void> {
  const { ledger, attempt, opened } = request;
  const leader = request.buckets[0];
  if (leader === undefined) throw new LakehaulError('INTERNAL', 'an unload without a bucket');
  // Reopened while its scan ran, for what the scan cannot have seen: the new attempt stages the members, if it is not their own.
  if (request.buckets.length > 1) await refuseSuperseded(ledger, attempt);
  for (const bucket of request.buckets.slice(1)) {
    const member = { ...attempt, chunk: attempt.chunk + (bucket.bucket ?? 0), attempt: 1 };
    // Staged by an earlier run of this step, and gone on since: perhaps to an attempt of its own.
    if ((await ledger.read(member, 'unloaded')) !== null) continue;
    // Opened by a run that died before this receipt, and replayed since: its later attempt scans for itself.
    if ((await ledger.chunkState(member)).attempt > 1) continue;
    const { hashForm, level } = opened.body;
    const body = { cause: 'planned' as const, reason: 'shared scan', observedAt: null, hashForm, level };
    await ledger.openAttempt(member, { attempt: 1, body, causedBy: opened.key });
    await ledger.write(member, 'unloaded', unloadedBody(request, bucket), request.submission.key);
  }
  await ledger.write(attempt, 'unloaded', unloadedBody(request, leader), request.submission.key);
}

async function refuseSuperseded(ledger: Ledger, attempt: AttemptRef): Promise<void> {
  const { attempt: highest } = await ledger.chunkState(attempt);
  if (highest > attempt.attempt)
    throw new LakehaulError(
      'SUPERSEDED',
      `attempt ${highest} was opened while attempt ${attempt.attempt} was scanning`,
    );
}

function unloadedBody(request: UnloadedRequest, bucket: StagedBucket): ReceiptBodies['unloaded'] {
  return {
    statementId: request.statement.statementId,
    submission: request.submission.body.submission,
    dataPrefix: bucket.dataPrefix,
    manifestKey: request.manifestKey,
    snapshotAt: request.snapshotAt,
    files: bucket.files,
    sizeBytes: bucket.files.reduce((sum, file) => sum + BigInt(file.sizeBytes), 0n).toString(),
    rowCount: bucket.rowCount,
    manifestRowCount: rowsOf(bucket.files).toString(),
    sourceFingerprint: bucket.fingerprint,
    columnListHash: request.columnListHash,
    sourceQueryIds: request.statement.queryIds,
    durationMs: request.statement.durationMs,
  };
}
