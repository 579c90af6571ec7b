import type { ProbeResult } from '@lakehaul/planner';
import { counted } from './units.ts';

/** What a probe asked, when, and what it cost the source. */
export function probeText({ record }: Pick<ProbeResult, 'record'>): string {
  const { chunks, scans, amplification, snapshotAt } = record.body;
  return `${counted(chunks, 'chunk')} in ${counted(scans, 'scan')} (${amplification.toFixed(2)} of the table read) as of ${snapshotAt}`;
}
