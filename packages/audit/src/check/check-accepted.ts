/** Chunks that a person took as they are: the acceptance must rest on the quarantine that it names, and claim no more. */
import { lineageRange } from '@lakehaul/core';
import type { Findings } from './findings.ts';
import { type AuditedReceipt, type ChunkReceipts, isOf, receiptOf } from './receipts.ts';

export function checkAccepted(findings: Findings, chunk: Pick<ChunkReceipts, 'chunk' | 'receipts'>): void {
  for (const receipt of chunk.receipts) if (isOf(receipt, 'accepted')) checkOne(findings, chunk, receipt);
}

function checkOne(
  findings: Findings,
  { chunk, receipts }: Pick<ChunkReceipts, 'chunk' | 'receipts'>,
  accepted: AuditedReceipt<'accepted'>,
): void {
  const wrong = (what: string) => findings.add('ACCEPTED', accepted.key, what);
  const { attempt, body } = accepted;
  const quarantined = receiptOf(receipts, attempt, 'quarantined');
  const mismatched = receiptOf(receipts, attempt, 'mismatched');
  if (body.who.trim() === '' || body.reason.trim() === '') wrong('names nobody, or no reason');
  if (quarantined === undefined) wrong('the attempt was never quarantined');
  else {
    if (quarantined.lastModifiedMs > accepted.lastModifiedMs) wrong('is dated before the quarantine that it accepts');
    if (quarantined.body.code !== body.code) wrong(`accepts ${body.code}, quarantined was ${quarantined.body.code}`);
    const differences = mismatched?.body.differences ?? [quarantined.body.message];
    if (JSON.stringify(differences) !== JSON.stringify(body.differences))
      wrong('names other differences than the last proof found');
    if ((mismatched?.body.rowsSha256 ?? null) !== body.rowsSha256)
      wrong('names another digest of the differing rows than the last proof');
  }
  checkHeld(wrong, chunk, accepted);
}

/** Rows of this chunk only, and none of an attempt that did not exist yet. */
function checkHeld(wrong: (what: string) => void, chunk: number, { attempt, body }: AuditedReceipt<'accepted'>): void {
  const { low } = lineageRange(chunk);
  const seen = new Set<string>();
  for (const { lineage } of body.held) {
    const value = BigInt(lineage);
    if (value <= low || value > low + BigInt(attempt))
      wrong(`holds rows of lineage ${lineage}, which no attempt of it wrote`);
    if (seen.has(lineage)) wrong(`counts lineage ${lineage} twice`);
    seen.add(lineage);
  }
}
