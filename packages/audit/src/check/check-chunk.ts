/** One chunk's receipts against each other: causes, times, the journey of each attempt, the fence between them. */
import { isDone, type ProofBody, type Stage } from '@lakehaul/core';
import { checkProof } from './check-proof.ts';
import type { Findings } from './findings.ts';
import { type AuditedReceipt, type ChunkReceipts, isOf, receiptOf, stateOf } from './receipts.ts';

/** Stages that one attempt goes through, in this order. */
const ORDER: readonly Stage[] = ['opened', 'unloaded', 'loaded', 'verified'];

export function checkChunk(findings: Findings, chunk: ChunkReceipts): void {
  const { receipts } = chunk;
  const highest = receipts.reduce((max, receipt) => Math.max(max, receipt.attempt), 0);
  for (let attempt = 1; attempt <= highest; attempt++) {
    const own = receipts.filter((receipt) => receipt.attempt === attempt);
    if (own.length > 0) checkAttempt(findings, attempt, own);
  }
  // What a damaged receipt said is not known, so nothing follows from its absence.
  if (!chunk.isDamaged) for (let attempt = 1; attempt <= highest; attempt++) checkFence(findings, receipts, attempt);
  const state = stateOf(receipts);
  const proof = isDone(state) && !chunk.isDamaged ? receiptOf(receipts, state.attempt, 'loaded') : null;
  if (proof === undefined) {
    const where = receipts.at(-1)?.key ?? '';
    findings.add('JOURNEY', where, `attempt ${state.attempt} is ${state.stage} without a load`);
  }
}

function checkAttempt(findings: Findings, attempt: number, own: readonly AuditedReceipt[]): void {
  const opened = receiptOf(own, attempt, 'opened');
  const unloaded = receiptOf(own, attempt, 'unloaded');
  const loaded = receiptOf(own, attempt, 'loaded');
  const verified = receiptOf(own, attempt, 'verified');
  const counted = receiptOf(own, attempt, 'counted');
  const mismatched = receiptOf(own, attempt, 'mismatched');
  const proof = verified ?? counted;
  checkOrder(findings, [opened, unloaded, loaded, proof]);
  if (verified !== undefined && counted !== undefined)
    findings.add('JOURNEY', counted.key, 'counted and verified in one attempt');
  if (loaded !== undefined && receiptOf(own, attempt, 'void') !== undefined)
    findings.add('JOURNEY', loaded.key, 'the attempt is loaded and void');
  if (proof !== undefined && mismatched !== undefined && isTakenBackBefore(proof, mismatched))
    findings.add('JOURNEY', proof.key, 'proven after the same attempt was found to differ');
  for (const receipt of own) if (isProof(receipt)) checkProof(findings, receipt, { opened, unloaded, loaded });
  if (unloaded !== undefined) checkFiles(findings, unloaded);
  if (loaded !== undefined) checkLoad(findings, attempt, loaded);
  checkNumbers(findings, own, 'submit');
  checkNumbers(findings, own, 'reproved');
}

/** A proof and a difference of one attempt: honest only when the target changed in between. */
function isTakenBackBefore(
  proof: AuditedReceipt & { body: ProofBody },
  mismatched: AuditedReceipt<'mismatched'>,
): boolean {
  if (proof.lastModifiedMs > mismatched.lastModifiedMs) return true;
  return proof.body.targetVersion === mismatched.body.targetVersion && mismatched.body.code === 'HASH_MISMATCH';
}

function isProof(receipt: AuditedReceipt): receipt is AuditedReceipt<'verified' | 'counted' | 'reproved'> {
  return isOf(receipt, 'verified') || isOf(receipt, 'counted') || isOf(receipt, 'reproved');
}

function checkOrder(findings: Findings, steps: readonly (AuditedReceipt | undefined)[]): void {
  let before: AuditedReceipt | undefined;
  for (const [index, step] of steps.entries()) {
    if (step === undefined) continue;
    if (index > 0 && steps[index - 1] === undefined)
      findings.add('JOURNEY', step.key, `${step.stage} without ${ORDER[index - 1]}`);
    if (before !== undefined && step.lastModifiedMs < before.lastModifiedMs)
      findings.add('TIME', step.key, `${step.stage} is dated before ${before.stage}`);
    before = step;
  }
}

function checkFiles(findings: Findings, unloaded: AuditedReceipt<'unloaded'>): void {
  const { files, manifestRowCount, sizeBytes, rowCount } = unloaded.body;
  const rows = files.reduce((sum, file) => sum + BigInt(file.rowCount), 0n);
  const bytes = files.reduce((sum, file) => sum + BigInt(file.sizeBytes), 0n);
  if (rows.toString() !== manifestRowCount || rowCount !== manifestRowCount)
    findings.add(
      'COUNTS',
      unloaded.key,
      `transaction ${rowCount}, manifest ${manifestRowCount}, its files hold ${rows}`,
    );
  if (bytes.toString() !== sizeBytes)
    findings.add('COUNTS', unloaded.key, `${sizeBytes} bytes, its files have ${bytes}`);
}

/** Only attempt 1 ever COPYs; a chunk without rows is not loaded at all, or its range is emptied. */
function checkLoad(findings: Findings, attempt: number, loaded: AuditedReceipt<'loaded'>): void {
  const { operation } = loaded.body;
  const isFirst = attempt === 1;
  if (isFirst !== (operation === 'copy' || operation === 'none'))
    findings.add('FENCE', loaded.key, `attempt ${attempt} was loaded by ${operation}`);
}

/** 1, 2, … without a gap: each was written only when the one before was there. */
function checkNumbers(findings: Findings, own: readonly AuditedReceipt[], stage: 'submit' | 'reproved'): void {
  const numbers = own.filter((receipt) => receipt.stage === stage).map((receipt) => receipt.ordinal);
  const missing = numbers.sort((a, b) => a - b).findIndex((number, index) => number !== index + 1);
  if (missing >= 0)
    findings.add(
      'JOURNEY',
      own[0]?.key ?? '',
      `${stage}-${missing + 1} is missing before ${stage}-${numbers[missing]}`,
    );
}

/** Nothing of a later attempt may be sent to the target before every earlier one is loaded or void. */
function checkFence(findings: Findings, receipts: readonly AuditedReceipt[], attempt: number): void {
  if (attempt === 1) return;
  const opened = receiptOf(receipts, attempt, 'opened');
  const before = receiptOf(receipts, attempt - 1, 'opened');
  if (opened !== undefined && before === undefined)
    findings.add('JOURNEY', opened.key, `attempt ${attempt} was opened, attempt ${attempt - 1} never`);
  if (opened !== undefined && before !== undefined && opened.lastModifiedMs < before.lastModifiedMs)
    findings.add('TIME', opened.key, `attempt ${attempt} is dated before attempt ${attempt - 1}`);
  const write = firstWrite(receipts, attempt);
  if (write === undefined) return;
  for (let earlier = attempt - 1; earlier >= 1; earlier--) {
    const over = receiptOf(receipts, earlier, 'loaded') ?? receiptOf(receipts, earlier, 'void');
    if (over === undefined || over.lastModifiedMs > write.lastModifiedMs)
      findings.add('FENCE', write.key, `attempt ${earlier} was neither loaded nor void when attempt ${attempt} loaded`);
  }
}

function firstWrite(receipts: readonly AuditedReceipt[], attempt: number): AuditedReceipt | undefined {
  let first: AuditedReceipt | undefined;
  for (const receipt of receipts) {
    if (receipt.attempt !== attempt) continue;
    const isWrite = isOf(receipt, 'loaded') || (isOf(receipt, 'submit') && receipt.body.step === 'load');
    if (isWrite && (first === undefined || receipt.lastModifiedMs < first.lastModifiedMs)) first = receipt;
  }
  return first;
}
