/**
 * VARIANT columns: both sides of their proof were parsed by the same parse_json, so that no sum shows a number that parsing
 * itself changed. The proof counts those rows; here it is asked who agreed to them, and when.
 */
import { counted, isRoundingAcknowledged, type TablePlan } from '@lakehaul/core';
import type { Findings } from './findings.ts';
import { type AuditedReceipt, isOf } from './receipts.ts';

/** A record of what was accepted after the plan. */
export interface LaterAcknowledgement {
  acknowledgements: readonly string[];
  writtenMs: number;
}

export function checkRounding(
  findings: Findings,
  receipts: readonly AuditedReceipt[],
  plan: Pick<TablePlan, 'columns' | 'acknowledgements'>,
  later: readonly LaterAcknowledgement[],
): void {
  const variants = plan.columns.filter((column) => !column.excluded && column.target.type.kind === 'VARIANT');
  for (const receipt of receipts) {
    if (!isOf(receipt, 'verified') && !isOf(receipt, 'reproved')) continue;
    const { carried } = receipt.body;
    // What lacks its sums is a finding already; without a row there was nothing to parse.
    if (carried === null || carried.rowCount === '0') continue;
    const given = later
      .filter((record) => record.writtenMs <= receipt.lastModifiedMs)
      .flatMap((record) => record.acknowledgements);
    const agreed = [...plan.acknowledgements, ...given];
    for (const column of variants) {
      const { name } = column.source;
      const rows = carried.inexact?.find((entry) => entry.column === name);
      if (rows === undefined)
        findings.add('SUMS', receipt.key, `nobody counted the numbers of ${name} that VARIANT changes`);
      else if (rows.outOfRange !== '0')
        findings.add(
          'SUMS',
          receipt.key,
          `${counted(rows.outOfRange, 'row of', 'rows of')} ${name} with a number that no VARIANT can`,
        );
      else if (rows.rounded !== '0' && !isRoundingAcknowledged(column, agreed))
        findings.add(
          'ACKNOWLEDGEMENT',
          receipt.key,
          `${counted(rows.rounded, 'row of', 'rows of')} ${name} with a number that VARIANT rounds`,
        );
    }
  }
}
