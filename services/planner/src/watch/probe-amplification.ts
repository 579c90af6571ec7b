/** What a probe cost the source, in tables read: rows that its scans read over rows that it asked for. Pure. */
import type { TablePlan } from '@lakehaul/core';

type Scanned = Pick<TablePlan, 'keyColumns' | 'scanAmplification' | 'chunkCount'>;

/**
 * A scan reads the rows within its bounds where zone maps skip the rest, and the whole table where they cannot. The plan does
 * not say which, but its own amplification does: without zone maps it planned one scan of the table for each chunk.
 */
export function probeAmplification(plan: Scanned, probe: { rows: bigint; rowsScanned: bigint; scans: number }): number {
  if (probe.rows === 0n) return probe.scans;
  const isZoneMapped = plan.keyColumns.length === 0 || plan.scanAmplification < plan.chunkCount;
  return isZoneMapped ? Number((probe.rowsScanned * 1000n) / probe.rows) / 1000 : probe.scans;
}
