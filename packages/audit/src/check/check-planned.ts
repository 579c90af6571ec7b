/** What each attempt was opened for, against the plan: a chunk that is proven at a lower level than planned looks as proven as any. */
import { chunkLevel } from '@lakehaul/core';
import type { PlannedTable } from './check-plans.ts';
import { longRowKey } from './check-records.ts';
import type { Findings } from './findings.ts';
import { type AuditedReceipt, type ChunkReceipts, isOf } from './receipts.ts';

export function checkPlanned(
  findings: Findings,
  { chunk, receipts }: Pick<ChunkReceipts, 'chunk' | 'receipts'>,
  { plan, groups }: Pick<PlannedTable, 'plan' | 'groups'>,
  /** By `longRowKey`. */
  longRows: ReadonlySet<string>,
): void {
  const level = chunkLevel(plan, { number: chunk, scanGroup: groups.get(chunk) ?? null });
  for (const receipt of receipts) {
    if (!isOf(receipt, 'opened')) continue;
    const { level: opened, hashForm } = receipt.body;
    if (opened !== level) findings.add('LEVEL', receipt.key, `opened at level ${opened}, planned is ${level}`);
    const isDue =
      isOfLongRow(receipts, receipt) ||
      isOfProbe(receipts, receipt, (probe) => longRows.has(longRowKey(probe, plan.generation, chunk))) ||
      isOfLeader(receipts, receipt);
    if (hashForm !== plan.hashForm && !isDue)
      findings.add('LEVEL', receipt.key, `opened for ${hashForm} hashes, planned are ${plan.hashForm}`);
  }
}

/** Rows whose joined text is too long are hashed column by column from the next attempt on. */
function isOfLongRow(receipts: readonly AuditedReceipt[], opened: AuditedReceipt<'opened'>): boolean {
  const isTooLong = (receipt: AuditedReceipt) =>
    (isOf(receipt, 'void') || isOf(receipt, 'mismatched')) && receipt.body.code === 'ROW_TOO_LONG';
  return (
    opened.body.hashForm === 'digest' &&
    receipts.some((receipt) => receipt.attempt < opened.attempt && isTooLong(receipt))
  );
}

/** So are chunks in which a probe met such a row, from the attempt on that was opened for it. */
function isOfProbe(
  receipts: readonly AuditedReceipt[],
  opened: AuditedReceipt<'opened'>,
  hasTooLongRow: (probe: string) => boolean,
): boolean {
  const isOpenedForIt = (receipt: AuditedReceipt) =>
    isOf(receipt, 'opened') && receipt.body.cause === 'late-rows' && hasTooLongRow(receipt.causedBy ?? '');
  return (
    opened.body.hashForm === 'digest' &&
    receipts.some((receipt) => receipt.attempt <= opened.attempt && isOpenedForIt(receipt))
  );
}

/**
 * In a shared scan the leader decides, and its own story with it; check-causes.ts holds the two together. Later attempts of
 * a member go on as its first one was opened.
 */
function isOfLeader(receipts: readonly AuditedReceipt[], opened: AuditedReceipt<'opened'>): boolean {
  const first = receipts.find((receipt) => receipt.attempt === 1 && isOf(receipt, 'opened'));
  if (first === undefined || !isOf(first, 'opened') || first.body.hashForm !== opened.body.hashForm) return false;
  const folder = first.key.slice(0, first.key.lastIndexOf('/') + 1);
  return first.causedBy?.endsWith('.opened.json') === true && !first.causedBy.startsWith(folder);
}
