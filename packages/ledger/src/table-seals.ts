/** The newest seal of a table, and whether it still speaks for what is proven now. */
import type { TablePlan } from '@lakehaul/core';
import type { Ledger } from './ledger.ts';
import type { LedgerScan } from './scan.ts';

export type SealFaultKind = 'missing' | 'count' | 'stale' | 'foreign' | 'foreign-commit' | 'not-done';

export interface SealFault {
  kind: SealFaultKind;
  chunk: number | null;
  message: string;
}

/** One scan over a table of the target, held against the ledger. */
export interface Seal {
  schemaVersion: 1;
  tableId: string;
  /** S3 time of the scan that it rests on. */
  observedAt: string;
  targetVersion: string;
  chunks: number;
  rowCount: string;
  isSealed: boolean;
  /** At most a hundred are listed; faultCount is complete. */
  faultCount: number;
  faults: SealFault[];
  /** What the target took for it; absent in older records. */
  durationMs?: number;
}

/** A seal is current when no receipt of the table is newer than what it saw (S3 time; the same second counts as newer). */
export async function isSealCurrent(ledger: Ledger, scan: LedgerScan, plans: readonly TablePlan[]): Promise<boolean> {
  const newest = await newestSeal(ledger, plans[0]?.tableId ?? '');
  return newest !== null && newest.sealedMs > newestReceiptMs(scan, plans);
}

/** `sealedMs` is when the seal looked at the ledger. It was written later: what came in between is not in it. */
export async function newestSeal(
  ledger: Ledger,
  tableId: string,
): Promise<{ seal: Seal; sealedMs: number; key: string } | null> {
  const record = await ledger.latestRecord<Seal>(`tables/${tableId}/seals`);
  if (record === null) return null;
  return { seal: record.body, sealedMs: Date.parse(record.body.observedAt), key: record.key };
}

/** Cleaning the stage changes no claim, but moves a chunk's time; so a seal may be taken again, never too seldom. */
export function newestReceiptMs(scan: LedgerScan, plans: readonly TablePlan[]): number {
  return Math.max(0, ...plans.map((plan) => scan.summary(plan).newestProofMs));
}
