/** Reads what core's repair number is counted from: the causes of the attempts back to the one that began the budget. */
import { type AttemptRef, beginsBudget, type OpenCause, repairNumber } from '@lakehaul/core';
import type { ReceiptStore } from './receipt-store.ts';

export async function repairNumberOf(receipts: ReceiptStore, ref: AttemptRef): Promise<number> {
  const causes = new Map<number, OpenCause>();
  for (let attempt = ref.attempt; attempt >= 1; attempt--) {
    const opened = await receipts.read({ ...ref, attempt }, 'opened');
    if (opened === null) continue;
    causes.set(attempt, opened.body.cause);
    if (beginsBudget(opened.body.cause)) break;
  }
  return repairNumber(causes, ref.attempt);
}
