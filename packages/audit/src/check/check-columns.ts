/**
 * Under which column list the rows were read: the planned one, or one that a policy or a person accepted. Not known is when
 * exactly a worker looked at what was accepted, only between which two receipts; what was valid at any moment between them will do.
 */
import type { TablePlan } from '@lakehaul/core';
import { type AcceptedSchema, isValidColumnList } from '@lakehaul/ledger';
import type { Findings } from './findings.ts';
import { type AuditedReceipt, isOf, receiptOf } from './receipts.ts';

/** What was accepted of one table's schema, in the order of the records' numbers. */
export class SchemaHistory {
  readonly #entries: { key: string; schema: AcceptedSchema; writtenMs: number }[] = [];

  add(key: string, schema: AcceptedSchema, writtenMs: number): void {
    this.#entries.push({ key, schema, writtenMs });
    this.#entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Whether the list was valid at any moment from `fromMs` to `toMs`. S3 tells whole seconds: both ends count. */
  wasValid(seen: string, planned: string, fromMs: number, toMs: number): boolean {
    const entries = this.#entries;
    const least = entries.filter((entry) => entry.writtenMs < fromMs).length;
    const most = entries.filter((entry) => entry.writtenMs <= toMs).length;
    for (let known = least; known <= most; known++) {
      const schemas = entries.slice(0, known).map((entry) => entry.schema);
      if (isValidColumnList(seen, planned, schemas)) return true;
    }
    return false;
  }
}

export function checkColumns(
  findings: Findings,
  receipts: readonly AuditedReceipt[],
  plan: Pick<TablePlan, 'source'>,
  schemas: SchemaHistory,
): void {
  const planned = plan.source.columnListHash;
  for (const receipt of receipts) {
    if (isOf(receipt, 'unloaded')) {
      const { columnListHash, submission } = receipt.body;
      const sent = receipts.find(
        (each) => each.attempt === receipt.attempt && isOf(each, 'submit') && each.ordinal === submission,
      );
      // In a shared scan the leader submitted: when, is not looked up, and the proof is held to its own moment anyway.
      const from = sent?.lastModifiedMs ?? Number.NEGATIVE_INFINITY;
      if (!schemas.wasValid(columnListHash, planned, from, receipt.lastModifiedMs))
        findings.add('COLUMNS', receipt.key, `read under column list ${columnListHash}, planned is ${planned}`);
    } else if (isOf(receipt, 'verified') || isOf(receipt, 'counted') || isOf(receipt, 'reproved')) {
      const unloaded = receiptOf(receipts, receipt.attempt, 'unloaded');
      const loaded = receiptOf(receipts, receipt.attempt, 'loaded');
      // Their absence is told elsewhere.
      if (unloaded === undefined || loaded === undefined) continue;
      const { columnListHash } = unloaded.body;
      if (!schemas.wasValid(columnListHash, planned, loaded.lastModifiedMs, receipt.lastModifiedMs))
        findings.add(
          'COLUMNS',
          receipt.key,
          `proves rows of column list ${columnListHash}, of a table that was replaced`,
        );
    }
  }
}
