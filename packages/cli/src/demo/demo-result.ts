/** The demo's one JSON document. */

import type { Session } from '@lakehaul/fleet';
import type { StatusReport } from '@lakehaul/operate';
import type { z } from 'zod';
import type { DEMO_JSON } from '../json/status.ts';
import type { LiveRows } from './live-writer.ts';

export type DemoResult = z.input<typeof DEMO_JSON>;

export async function demoResult(parts: {
  session: Session;
  report: StatusReport;
  live: LiveRows;
  queueStore: DemoResult['queueStore'];
  unloadsStarted: number;
  urls: Record<string, string>;
  durationSeconds: number;
}): Promise<DemoResult> {
  const { report } = parts;
  const tables = report.tables.map((table) => ({
    table: table.table,
    rows: (table.sealedRows ?? 0n).toString(),
    bytes: table.estimatedBytes.toString(),
    chunks: table.chunks,
    verified: table.stages.verified,
    mismatched: table.stages.mismatched,
    quarantined: table.stages.quarantined,
    repaired: table.repaired,
    level: table.level,
  }));
  return {
    migration: report.migration,
    queueStore: parts.queueStore,
    unloadsStarted: parts.unloadsStarted,
    tables,
    totals: {
      rows: tables.reduce((sum, table) => sum + BigInt(table.rows), 0n).toString(),
      bytes: tables.reduce((sum, table) => sum + BigInt(table.bytes), 0n).toString(),
      chunks: report.chunks,
      verified: tables.reduce((sum, table) => sum + table.verified, 0),
    },
    live: parts.live,
    durationSeconds: Math.round(parts.durationSeconds * 10) / 10,
    evidence: report.decision.evidence,
    decision: { verdict: report.decision.verdict, reasons: report.decision.reasons },
    urls: parts.urls,
  };
}
