/** "Re-proof would take X now", from what reading the same table took before. Pure. */
import type { CleanUntil } from '@lakehaul/ledger';

export interface ReproofEstimate {
  fromMs: number;
  toMs: number;
  /** What was measured: an earlier probe of the table, or its unloads. */
  basis: 'probe' | 'unloads';
}

/** A probe is one scan, but the source's load differs from hour to hour. */
const PROBE_SPREAD = 2;
/** Unloads ran side by side and wrote files as well: the probe is faster than all of them one after the other. */
const UNLOAD_SPREAD = 10;

/** Scaled by bytes: a table that grew since takes longer. Null before anything was measured. */
export function estimateReproof(
  measured: Pick<CleanUntil, 'how' | 'bytes' | 'durationMs'> | null,
  bytes: bigint,
): ReproofEstimate | null {
  if (measured === null || measured.durationMs <= 0) return null;
  const before = BigInt(measured.bytes);
  const growth = before === 0n ? 1 : Math.max(1, Number((bytes * 1000n) / before) / 1000);
  const ms = measured.durationMs * growth;
  return measured.how === 'probe'
    ? { fromMs: ms / PROBE_SPREAD, toMs: ms * PROBE_SPREAD, basis: 'probe' }
    : { fromMs: ms / UNLOAD_SPREAD, toMs: ms, basis: 'unloads' };
}

/** Tables are probed one after the other. Null when one of them was never measured. */
export function sumOfReproofs(estimates: readonly (ReproofEstimate | null)[]): ReproofEstimate | null {
  const known = estimates.filter((estimate) => estimate !== null);
  if (known.length === 0 || known.length < estimates.length) return null;
  return {
    fromMs: known.reduce((sum, estimate) => sum + estimate.fromMs, 0),
    toMs: known.reduce((sum, estimate) => sum + estimate.toMs, 0),
    basis: known.every((estimate) => estimate.basis === 'probe') ? 'probe' : 'unloads',
  };
}
