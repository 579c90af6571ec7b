/** The rows of a chunk's mismatches, as far as the caller may see them and they are still there. */
import { createHmac, randomBytes } from 'node:crypto';
import { asLakehaulError, type ChunkRef, LakehaulError } from '@lakehaul/core';
import type { Ledger, StoredReceipt } from '@lakehaul/ledger';
import type { z } from 'zod';
import { DIFF_ROWS } from './json/chunk.ts';

export type DiffRows = z.output<typeof DIFF_ROWS>;

/** Digests, counts and columns are in the receipt for everybody; values are in an object apart. */
export type RowsSeen =
  | { state: 'shown'; report: DiffRows; isRedacted: boolean }
  /** The staged files were gone when the mismatch was found, or the level has no hashes: no row was ever named. */
  | { state: 'none' }
  | { state: 'expired' }
  | { state: 'denied'; error: LakehaulError };

export interface SeenMismatch {
  receipt: StoredReceipt<'mismatched'>;
  rows: RowsSeen;
}

/** Newest mismatch first. */
export async function readMismatches(
  ledger: Pick<Ledger, 'trail' | 'readDiff'>,
  ref: ChunkRef,
  options: { isRedacted: boolean },
): Promise<SeenMismatch[]> {
  const trail = await ledger.trail(ref);
  // Equal values have equal hashes within one answer, and nobody can look them up: the key is of this call alone.
  const secret = randomBytes(32);
  const seen: SeenMismatch[] = [];
  for (const receipt of trail.filter(isMismatch).reverse()) {
    const rows = await readRows(ledger, receipt);
    const isRedacted = options.isRedacted && rows.state === 'shown';
    seen.push({ receipt, rows: isRedacted ? { ...rows, report: redacted(rows.report, secret), isRedacted } : rows });
  }
  return seen;
}

function isMismatch(receipt: StoredReceipt): receipt is StoredReceipt<'mismatched'> {
  return receipt.stage === 'mismatched';
}

async function readRows(ledger: Pick<Ledger, 'readDiff'>, receipt: StoredReceipt<'mismatched'>): Promise<RowsSeen> {
  const { rowsKey, rowsSha256 } = receipt.body;
  if (rowsKey === null || rowsSha256 === null) return { state: 'none' };
  try {
    const text = await ledger.readDiff(rowsKey, rowsSha256);
    return text === null
      ? { state: 'expired' }
      : { state: 'shown', report: parseRows(rowsKey, text), isRedacted: false };
  } catch (thrown) {
    const error = asLakehaulError(thrown);
    if (error.code !== 'PERMISSION_DENIED') throw error;
    const next =
      'ask who may read the diffs (deploy/runbook/diff-rows.md) to run this, or go by the columns and counts';
    return { state: 'denied', error: new LakehaulError('PERMISSION_DENIED', deniedMessage, { where: rowsKey, next }) };
  }
}

const deniedMessage = 'the differing rows hold values of the tables, and these credentials may not read them';

function parseRows(key: string, text: string): DiffRows {
  const parsed = DIFF_ROWS.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new LakehaulError('LEDGER_CONFLICT', `${key} is not the shape of a diff`, { where: key });
}

/** Which rows are the same and how they differ stays visible; what is in them does not. Pure. */
export function redacted(report: DiffRows, secret: Uint8Array): DiffRows {
  const hash = (value: string | null) =>
    value === null ? null : `#${createHmac('sha256', secret).update(value).digest('hex').slice(0, 16)}`;
  return {
    ...report,
    rows: report.rows.map((row) => ({
      ...row,
      key: Object.fromEntries(Object.entries(row.key).map(([name, value]) => [name, hash(value)])),
      columns: row.columns.map(({ name, source, target }) => ({ name, source: hash(source), target: hash(target) })),
    })),
  };
}
