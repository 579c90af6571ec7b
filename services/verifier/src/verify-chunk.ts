/**
 * Step `verify`: counts and hashes, recomputed from the target's own columns at one pinned version, against what
 * travelled and (level full) against what a second scan at the source said. This file writes the word `verified`; the
 * comparison is in compare-proofs.ts, which does no I/O.
 */
import { createHash } from 'node:crypto';
import type { DifferenceReport, Stage, Target } from '@lakehaul/adapters';
import {
  type AttemptRef,
  type CarriedFingerprint,
  counted,
  ERROR_CODES,
  type ErrorCode,
  LakehaulError,
  type Log,
  lineageOf,
  must,
  type ProofBody,
  type TablePlan,
} from '@lakehaul/core';
import { isValidColumnList, type Ledger, type MovedRows, type StoredReceipt } from '@lakehaul/ledger';
import { proofDifferences, roundingDifferences } from './compare-proofs.ts';
import { diagnose } from './diagnose.ts';

export interface VerifyDeps {
  ledger: Ledger;
  target: Target;
  stage: Stage;
  /** Attempts that automatic repair may use (core/attempt-budget). */
  maxAttempts: number;
  /** Rows of a diff that are named; the counts are always complete. */
  diffRows: number;
}

export interface ChunkProof {
  body: ProofBody;
  differences: string[];
  /** What a mismatch is called. */
  code: ErrorCode;
  /** Receipts that the proof rests on. */
  basis: ProofBasis;
}

export interface ProofBasis {
  plan: TablePlan;
  opened: StoredReceipt<'opened'>;
  unloaded: StoredReceipt<'unloaded'>;
  loaded: StoredReceipt<'loaded'>;
}

/** First proof of an attempt. */
export async function verifyChunk(
  deps: VerifyDeps,
  attempt: AttemptRef,
  log: Log,
): Promise<{ moved: MovedRows; failure?: ErrorCode }> {
  const proof = await proveChunk(deps, attempt);
  const { body, basis } = proof;
  const moved = { rowCount: BigInt(body.rowCounts.target), sizeBytes: BigInt(basis.unloaded.body.sizeBytes) };
  if (proof.differences.length > 0) {
    await writeMismatch(deps, attempt, proof, log);
    return { moved, failure: proof.code };
  }
  await deps.ledger.write(attempt, body.level === 'count' ? 'counted' : 'verified', body, basis.loaded.key);
  log.info(body.level === 'count' ? 'chunk counted' : 'chunk verified', {
    proofLevel: body.level,
    rowCount: body.rowCounts.target,
    targetVersion: body.targetVersion,
  });
  return { moved };
}

/** A proof of what the target holds now; writes nothing. */
export async function proveChunk(
  deps: Pick<VerifyDeps, 'ledger' | 'target' | 'stage'>,
  attempt: AttemptRef,
): Promise<ChunkProof> {
  const { ledger, target } = deps;
  const basis: ProofBasis = {
    plan: must(await ledger.readPlan(attempt.tableId, attempt.generation), `plan of ${attempt.tableId}`),
    opened: must(await ledger.read(attempt, 'opened'), 'opened receipt'),
    unloaded: must(await ledger.read(attempt, 'unloaded'), 'unloaded receipt'),
    loaded: must(await ledger.read(attempt, 'loaded'), 'loaded receipt'),
  };
  const { plan, opened, unloaded, loaded } = basis;
  const { level, hashForm } = opened.body;
  const targetVersion = await target.version(plan.target);
  const lineages = await target.countLineages(plan, attempt.chunk, targetVersion);
  const own = lineageOf(attempt.chunk, attempt.attempt);
  const at = { plan, hashForm, chunk: attempt.chunk, attempt: attempt.attempt, version: targetVersion };
  const isHashed = level !== 'count';
  const travelled = isHashed ? await carried(deps, basis) : null;
  const body: ProofBody = {
    level,
    hashForm,
    targetVersion,
    rowCounts: {
      transaction: unloaded.body.rowCount,
      manifest: unloaded.body.manifestRowCount,
      load: loaded.body.rowCount,
      target: lineages.find((entry) => entry.lineage === own)?.rowCount ?? '0',
    },
    carried: travelled !== null && 'groups' in travelled ? travelled : null,
    source: unloaded.body.sourceFingerprint,
    target: isHashed ? await target.fingerprint(at) : null,
  };
  const foreign = lineages
    .filter((entry) => entry.lineage !== own)
    .map((entry) => `${counted(entry.rowCount, 'row')} under lineage ${entry.lineage}`);
  // Unloaded before its table was replaced, and told only afterwards: equal rows of another table.
  const accepted = await ledger.schemas.of(attempt.tableId);
  const isOther = !isValidColumnList(unloaded.body.columnListHash, plan.source.columnListHash, accepted);
  const acknowledgements = [...plan.acknowledgements, ...(await ledger.acknowledged.of(plan))];
  const unprovable = isOther
    ? new LakehaulError('SOURCE_SCHEMA_CHANGED', 'the rows were read from a table that has been replaced since')
    : travelled instanceof LakehaulError
      ? travelled
      : null;
  const differences = [...(unprovable === null ? [] : [unprovable.message]), ...foreign, ...proofDifferences(body)];
  const rounded = roundingDifferences(body, { columns: plan.columns, acknowledgements });
  return {
    body,
    basis,
    // Another difference is mended first: the next attempt counts again.
    code: unprovable?.code ?? (differences.length === 0 && rounded.length > 0 ? 'NUMBERS_ROUNDED' : 'HASH_MISMATCH'),
    differences: [...differences, ...rounded],
  };
}

/**
 * Σ of the hashes that travelled; the staged files may be gone by the time of a later proof, their sums are not. Files
 * that are gone or changed before the first proof can prove nothing any more: the error is the difference, and the next
 * attempt replaces the chunk.
 */
async function carried(
  deps: Pick<VerifyDeps, 'ledger' | 'target' | 'stage'>,
  basis: ProofBasis,
): Promise<CarriedFingerprint | LakehaulError> {
  const { dataPrefix, files } = basis.unloaded.body;
  const earlier = await deps.ledger.read(basis.unloaded, 'verified');
  const known = earlier?.body.carried ?? null;
  // A proof of a version that did not count the numbers is read again, while its stage is there.
  if (known !== null && (known.parsed === undefined || known.inexact !== undefined)) return known;
  if (files.length === 0) return { rowCount: '0', groups: [] };
  try {
    return await deps.target.carriedFingerprint({
      plan: basis.plan,
      hashForm: basis.opened.body.hashForm,
      dataUrl: deps.stage.url(dataPrefix),
      fileNames: files.map((file) => file.key.slice(dataPrefix.length)),
    });
  } catch (error) {
    return unreadableStage(error);
  }
}

function unreadableStage(error: unknown): LakehaulError {
  if (error instanceof LakehaulError && error.code === 'STAGE_MISMATCH') return error;
  throw error;
}

/** Names the rows, keeps them apart from the receipt (they expire), and hands the chunk to its next attempt. */
export async function writeMismatch(deps: VerifyDeps, attempt: AttemptRef, proof: ChunkProof, log: Log): Promise<void> {
  const { unloaded, loaded } = proof.basis;
  const { files } = unloaded.body;
  const isStaged = files.length > 0 && (await deps.ledger.read(attempt, 'cleaned')) === null;
  const isRounded = proof.code === 'NUMBERS_ROUNDED';
  const report =
    proof.body.level === 'count' || !isStaged || isRounded
      ? null
      : await namedRows(deps, attempt, proof).catch(nullIfUnreadable);
  const rows = report === null ? null : JSON.stringify(report);
  const rowsKey = rows === null ? null : await deps.ledger.writeDiff(attempt, rows);
  await deps.ledger.write(
    attempt,
    'mismatched',
    {
      ...proof.body,
      code: proof.code,
      differences: proof.differences,
      missingRows: report?.missingRows ?? '',
      extraRows: report?.extraRows ?? '',
      changedRows: report?.changedRows ?? '',
      rowsKey,
      rowsSha256: rows === null ? null : createHash('sha256').update(rows).digest('hex'),
      ...(report === null ? {} : { differingColumns: differingColumns(report) }),
      diagnosis: report === null ? null : diagnose(proof.basis.plan, report),
    },
    loaded.key,
  );
  log.error('chunk mismatched', {
    reason: proof.differences.join('; '),
    missingRows: report?.missingRows,
    extraRows: report?.extraRows,
    changedRows: report?.changedRows,
  });
  const mismatched = deps.ledger.keys.receipt(attempt, 'mismatched');
  if (isRounded) {
    // Every attempt would find the same rows; what is missing is a person's word.
    const { next } = ERROR_CODES.NUMBERS_ROUNDED;
    const body = { step: 'verify', code: proof.code, message: proof.differences.join('; '), next } as const;
    await deps.ledger.write(attempt, 'quarantined', body, mismatched);
    return;
  }
  if (attempt.attempt < deps.maxAttempts) return;
  const repairs = await deps.ledger.repairNumber(attempt);
  if (repairs < deps.maxAttempts) return;
  await deps.ledger.write(
    attempt,
    'quarantined',
    {
      step: 'verify',
      code: 'ATTEMPTS_EXHAUSTED',
      message: `attempt ${attempt.attempt}, ${repairs} of ${deps.maxAttempts} in a row, differs: ${proof.differences.join('; ')}`,
      next: 'lakehaul diff CHUNK names the rows and columns; a difference that comes back on every attempt is in the data path, not in the copy',
    },
    mismatched,
  );
}

function namedRows(deps: VerifyDeps, attempt: AttemptRef, proof: ChunkProof): Promise<DifferenceReport> {
  const { plan, opened, unloaded } = proof.basis;
  const { dataPrefix, files } = unloaded.body;
  return deps.target.differences({
    plan,
    hashForm: opened.body.hashForm,
    chunk: attempt.chunk,
    attempt: attempt.attempt,
    version: proof.body.targetVersion,
    dataUrl: deps.stage.url(dataPrefix),
    fileNames: files.map((file) => file.key.slice(dataPrefix.length)),
    limit: deps.diffRows,
  });
}

/** What everybody may see of a diff: which columns, in how many rows. Most often first. */
export function differingColumns(report: Pick<DifferenceReport, 'rows'>): { name: string; rowCount: string }[] {
  const counts = new Map<string, number>();
  for (const row of report.rows)
    if (row.kind === 'changed') for (const { name } of row.columns) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
    .map(([name, rowCount]) => ({ name, rowCount: String(rowCount) }));
}

/** Without the staged files the rows cannot be named; the mismatch is one all the same. */
function nullIfUnreadable(error: unknown): null {
  unreadableStage(error);
  return null;
}
