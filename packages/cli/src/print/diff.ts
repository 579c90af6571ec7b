import type { DifferenceReport } from '@lakehaul/adapters';
import type { StoredReceipt } from '@lakehaul/ledger';
import { count } from './units.ts';

/** One mismatch told for a person: what differed, then the rows by key and column. */
export function diffText(found: { receipt: StoredReceipt; rows: string | null }): string {
  const { receipt } = found;
  const differences = 'differences' in receipt.body ? receipt.body.differences : [];
  const lines = [`attempt ${receipt.attempt}, ${receipt.at}:`, ...differences.map((difference) => `  ${difference}`)];
  if (found.rows === null) return [...lines, '  the rows are not kept (any more)'].join('\n');
  const report = JSON.parse(found.rows) as DifferenceReport;
  lines.push(
    `  missing ${count(report.missingRows)} rows, extra ${count(report.extraRows)} rows, changed ${count(report.changedRows)} rows${report.isTruncated ? ' (list cut)' : ''}`,
  );
  for (const row of report.rows) {
    const key = Object.entries(row.key).map(([name, value]) => `${name}=${value ?? 'NULL'}`);
    lines.push(`  ${row.kind}  ${key.join(', ')}`);
    for (const column of row.columns)
      lines.push(`      ${column.name}: source ${column.source ?? 'NULL'}, target ${column.target ?? 'NULL'}`);
  }
  return lines.join('\n');
}
