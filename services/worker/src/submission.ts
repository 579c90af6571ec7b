/** Names under which a submission is found again. All are functions of the attempt and the submission's number. */
import { createHash } from 'node:crypto';
import {
  type AttemptRef,
  type ChunkRef,
  chunkName,
  LakehaulError,
  type ReceiptBodies,
  unloadName,
} from '@lakehaul/core';
import type { Ledger, StoredReceipt } from '@lakehaul/ledger';

/** Comment tag of a load submission, found again in the warehouse's query history. */
export function statementTag(migration: string, attempt: AttemptRef, submission: number): string {
  return `${migration}/${attempt.tableId}/g${attempt.generation}/c${attempt.chunk}/a${attempt.attempt}/s${submission}`;
}

/** The Data API takes up to 64 characters; the adapter adds a digest of the SQL where it needs one. */
export function clientToken(migration: string, attempt: AttemptRef, submission: number): string {
  return createHash('sha256')
    .update(unloadName(migration, attempt, submission))
    .digest('hex')
    .slice(0, 40);
}

/** `<shard>/<tableId>/g<generation>/<chunk>`: the hash in front spreads the staged data over S3's partitions. */
export function chunkPath(ref: ChunkRef): string {
  const shard = createHash('sha256').update(chunkName(ref)).digest('hex').slice(0, 2);
  return `${shard}/${ref.tableId}/g${ref.generation}/${ref.chunk}`;
}

/**
 * Records the next submission before its statement is sent. Losing the number to another process means that it is about
 * to send: FENCED, and the next try finds its statement.
 */
export async function recordSubmission(
  ledger: Ledger,
  attempt: AttemptRef,
  describe: (submission: number) => Omit<ReceiptBodies['submit'], 'submission'>,
): Promise<StoredReceipt<'submit'>> {
  const number = (await ledger.submissions(attempt)).length + 1;
  const { receipt, isMine } = await ledger.recordSubmission(attempt, { ...describe(number), submission: number });
  if (!isMine)
    throw new LakehaulError(
      'FENCED',
      `submission ${number} of ${chunkName(attempt)} was just recorded by ${receipt.by.instance}`,
    );
  return receipt;
}
