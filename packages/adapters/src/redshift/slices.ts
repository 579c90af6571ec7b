import type { SourceSlices } from '../ports.ts';
import { READING_GROUP } from './pressure-sql.ts';
import type { Statements } from './statements.ts';

/**
 * STV_SLICES: node, slice (developer guide, r_STV_SLICES). "Visible to all users. Superusers can see all rows; regular users
 * can see only their own data": whoever sees none gets no answer, never a small one. Serverless has no STV tables.
 */
export const SLICES_SQL =
  'SELECT CAST(s.node AS VARCHAR(20)),CAST(COUNT(*) AS VARCHAR(20)) FROM stv_slices s GROUP BY s.node';

const TIMEOUT_MS = 60_000;

export async function readSlices(statements: Statements): Promise<SourceSlices | null> {
  const [rows = []] = await statements.query('slices', [SLICES_SQL], AbortSignal.timeout(TIMEOUT_MS), {
    ...{ queryGroup: READING_GROUP, timeoutMs: TIMEOUT_MS },
  });
  const slices = rows.reduce((sum, [, count]) => sum + Number(count), 0);
  return slices === 0 ? null : { slices, nodes: rows.length };
}
