import { must } from '@lakehaul/core';
import type { DifferenceReport } from '../ports.ts';
import { type DiffRequest, differenceCountSelect, differenceRowsSelect } from './diff-sql.ts';
import { pairDifferences } from './pair-differences.ts';
import { cellText, type Row, type Warehouse } from './warehouse.ts';

/** Two scans of staged files and target rows: how many differ, then which. */
export async function differences(
  warehouse: Warehouse,
  request: DiffRequest & { limit: number },
): Promise<DifferenceReport> {
  const counts = await warehouse.read(differenceCountSelect(request));
  const rows = await warehouse.read(differenceRowsSelect(request, request.limit));
  return pairDifferences({
    plan: request.plan,
    counts: textRow(must(counts.rows[0], 'row of difference counts')),
    rows: rows.rows.map(textRow),
    limit: request.limit,
  });
}

function textRow(row: Row): Record<string, string | null> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellText(value)]));
}
