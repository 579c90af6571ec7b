/** The rows of a chunk's mismatches, as far as the caller may see them and they are still there. */
import { createHmac, randomBytes } from 'node:crypto';
import { asLakehaulError, type ChunkRef, LakehaulError } from '@lakehaul/core';
import type { Ledger, StoredReceipt } from '@lakehaul/ledger';
import type { z } from 'zod';
import { type DIFF_JSON, DIFF_ROWS } from './json/diff.ts';

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

/** Why no row is shown, and what to do. */
export function notShown(rows: Exclude<RowsSeen, { state: 'shown' }>, keepMs: number): string {
  switch (rows.state) {
    case 'none':
      return 'no row was named: the staged files were gone, or the level is count · lakehaul run hauls the chunk anew';
    case 'expired':
      return `expired: rows are kept for ${days(keepMs)} (ledger.diffDays) · lakehaul verify CHUNK names them again if it still differs`;
    case 'denied':
      return `not shown: ${rows.error.message} · ${rows.error.next}`;
  }
}

/** As ledger.diffDays says it. */
function days(ms: number): string {
  const number = Number((ms / 86_400_000).toFixed(2));
  return `${number} ${number === 1 ? 'day' : 'days'}`;
}

type Mismatch = z.input<typeof DIFF_JSON>['mismatches'][number];

/** One mismatch as machines are told. */
export function mismatchJson({ receipt, rows }: SeenMismatch, keepMs: number): Mismatch {
  const { body, attempt, at } = receipt;
  const { level, targetVersion, rowCounts, carried, source, target } = body;
  const isShown = rows.state === 'shown';
  return {
    attempt,
    at,
    code: body.code,
    differences: body.differences,
    missingRows: body.missingRows,
    extraRows: body.extraRows,
    changedRows: body.changedRows,
    differingColumns: body.differingColumns ?? [],
    proof: { level, targetVersion, rowCounts, carried: sums(carried), source: sums(source), target: sums(target) },
    rowsSha256: body.rowsSha256,
    rowsState: rows.state,
    rowsNext: isShown ? '' : notShown(rows, keepMs),
    isRedacted: isShown && rows.isRedacted,
    isTruncated: isShown && rows.report.isTruncated,
    rows: isShown ? rows.report.rows : null,
  };
}

function sums(fingerprint: SeenMismatch['receipt']['body']['carried']): Mismatch['proof']['carried'] {
  if (fingerprint === null) return null;
  return { rowCount: fingerprint.rowCount, groups: fingerprint.groups.map(({ sum1, sum2 }) => ({ sum1, sum2 })) };
}
