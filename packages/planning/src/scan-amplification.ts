/** Bytes that the plan scans at the source over the bytes in the table. More than 3 is refused unless acknowledged. */
import type { ProofLevel } from '@lakehaul/core';
import type { Cut } from './cut-ranges.ts';

export const MAX_AMPLIFICATION = 3;

export function scanAmplification(request: {
  cuts: readonly Cut[];
  totalRows: bigint;
  isZoneMapped: boolean;
  isSharedScan: boolean;
  level: ProofLevel;
  sampleEvery: number;
}): number {
  const scansPerChunk =
    request.level === 'full' ? 2 : request.level === 'sampled' ? 1 + 1 / Math.max(1, request.sampleEvery) : 1;
  if (request.isSharedScan || request.totalRows === 0n || request.cuts.length === 1) return scansPerChunk;
  if (!request.isZoneMapped) return request.cuts.length * scansPerChunk;
  let scanned = 0n;
  for (const cut of request.cuts) {
    const hash = cut.parts.find((part) => part.kind === 'hash');
    // A bucket of a cut value reads all of that value's rows.
    scanned += hash?.kind === 'hash' ? cut.rows * BigInt(hash.modulus) : cut.rows;
  }
  return (Number((scanned * 1000n) / request.totalRows) / 1000) * scansPerChunk;
}
