/**
 * The chain: each receipt names the one that led to it, which is there, of a stage that can lead to it, and not newer.
 * Causes in the same chunk are judged at once; those elsewhere (plans, records, the leader of a shared scan) by a look
 * at what the plans and records hold, and leaders when all shards are read.
 */
import type { HashForm } from '@lakehaul/core';
import type { LedgerSource } from '../copy/source.ts';
import type { PlannedTable } from './check-plans.ts';
import type { Findings } from './findings.ts';
import { PARENTS, type ParentKind } from './parents.ts';
import { type AuditedReceipt, type ChunkReceipts, isOf } from './receipts.ts';

interface Waiting {
  child: AuditedReceipt;
  cause: string;
}

export class CauseCheck {
  readonly #source: LedgerSource;
  readonly #findings: Findings;
  /** S3 times of what is not in a chunk's folder: heads of plans, records. */
  readonly #elsewhere = new Map<string, number>();
  /** Openings and submissions of leaders of shared scans. */
  readonly #leaders = new Map<string, { ms: number; hashForm: HashForm | null }>();
  readonly #waiting: Waiting[] = [];

  constructor(source: LedgerSource, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
  }

  /** Of plans and records, before any chunk. */
  note(key: string, lastModifiedMs: number): void {
    this.#elsewhere.set(key, lastModifiedMs);
  }

  check(chunk: ChunkReceipts, table: PlannedTable): void {
    const byKey = new Map(chunk.receipts.map((receipt) => [receipt.key, receipt]));
    if (table.leaders.has(chunk.chunk))
      for (const receipt of chunk.receipts)
        if (isOf(receipt, 'opened') || isOf(receipt, 'submit'))
          this.#leaders.set(receipt.key, {
            ms: receipt.lastModifiedMs,
            hashForm: isOf(receipt, 'opened') ? receipt.body.hashForm : null,
          });
    for (const receipt of chunk.receipts) {
      const { causedBy } = receipt;
      if (causedBy === null) this.#judgeUnknown(receipt);
      else this.#judge(chunk, receipt, causedBy, byKey.get(causedBy));
    }
  }

  finish(): void {
    for (const { child, cause } of this.#waiting) {
      const leader = this.#leaders.get(cause);
      if (leader === undefined)
        this.#findings.add('PARENT_MISSING', child.key, `${cause} is not there, or leads no shared scan`);
      else if (leader.ms > child.lastModifiedMs)
        this.#findings.add('TIME', child.key, `it is dated before its cause ${cause}`);
      // One statement made the hashes of all of them.
      if (isOf(child, 'opened') && leader !== undefined && leader.hashForm !== child.body.hashForm)
        this.#findings.add(
          'LEVEL',
          child.key,
          `opened for ${child.body.hashForm} hashes, its leader ${cause} for others`,
        );
    }
  }

  /** An attempt that failed before it was opened has nothing to name; anything else is of an older version. */
  #judgeUnknown(receipt: AuditedReceipt): void {
    if (!isOf(receipt, 'failed') && !isOf(receipt, 'void') && !isOf(receipt, 'quarantined'))
      this.#findings.note('PARENT_UNKNOWN');
  }

  #judge(chunk: ChunkReceipts, child: AuditedReceipt, cause: string, parent: AuditedReceipt | undefined): void {
    if (parent !== undefined) {
      this.#judgeKind(child, parent.stage, parent.attempt);
      if (parent.lastModifiedMs > child.lastModifiedMs)
        this.#findings.add('TIME', child.key, `it is dated before its cause ${cause}`);
      return;
    }
    const place = this.#source.keys.parseReceipt(cause);
    if (place === null) {
      this.#judgeElsewhere(chunk, child, cause);
      return;
    }
    const isOwn =
      place.tableId === chunk.tableId && place.generation === chunk.generation && place.chunk === chunk.chunk;
    // In its own folder, and not there: the shape of a damaged one is told already, and so is its absence by the seals.
    if (isOwn) this.#findings.add('PARENT_MISSING', child.key, `${cause} is not there`);
    else if (place.stage === 'opened' || place.stage === 'submit') {
      if (place.tableId !== chunk.tableId || place.generation !== chunk.generation)
        this.#findings.add('PARENT_WRONG', child.key, `${cause} is of another table`);
      else if (this.#judgeLeader(child, place.stage)) this.#waiting.push({ child, cause });
    } else this.#findings.add('PARENT_WRONG', child.key, `${cause} is of another chunk`);
  }

  #judgeLeader(child: AuditedReceipt, stage: 'opened' | 'submit'): boolean {
    const isRight =
      (child.stage === 'opened' && stage === 'opened') || (child.stage === 'unloaded' && stage === 'submit');
    if (!isRight) this.#findings.add('PARENT_WRONG', child.key, `${child.stage} by ${stage} of another chunk`);
    return isRight;
  }

  #judgeElsewhere(chunk: ChunkReceipts, child: AuditedReceipt, cause: string): void {
    const time = this.#elsewhere.get(cause);
    const head = this.#source.keys.parsePlanHead(cause);
    if (head !== null && (head.tableId !== chunk.tableId || head.generation !== chunk.generation))
      this.#findings.add('PARENT_WRONG', child.key, `${cause} is the plan of something else`);
    if (time === undefined) this.#findings.add('PARENT_MISSING', child.key, `${cause} is not there`);
    else if (time > child.lastModifiedMs)
      this.#findings.add('TIME', child.key, `it is dated before its cause ${cause}`);
    this.#judgeKind(child, head === null ? 'record' : 'plan', child.attempt);
  }

  #judgeKind(child: AuditedReceipt, kind: ParentKind, attempt: number): void {
    const rule = PARENTS[child.stage];
    const isKind = (rule.parents as readonly ParentKind[]).includes(kind);
    const wanted = kind === 'plan' || kind === 'record' || rule.from !== 'earlier' ? child.attempt : child.attempt - 1;
    // The plan leads to first attempts only.
    const isFirst = kind !== 'plan' || child.attempt === 1;
    if (!isKind || attempt !== wanted || !isFirst)
      this.#findings.add(
        'PARENT_WRONG',
        child.key,
        `${child.stage} of attempt ${child.attempt} by ${kind} of attempt ${attempt}`,
      );
  }
}
