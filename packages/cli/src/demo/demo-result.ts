/** The demo's one JSON document. */
import type { Session } from '@lakehaul/fleet';
import type { StatusReport } from '../status-report.ts';
import type { LiveRows } from './live-writer.ts';

export interface DemoResult {
  migration: string;
  queueStore: string;
  unloadsStarted: number;
  tables: {
    table: string;
    rows: string;
    bytes: string;
    chunks: number;
    verified: number;
    mismatched: number;
    quarantined: number;
    repaired: number;
    level: string;
  }[];
  totals: { rows: string; bytes: string; chunks: number; verified: number };
  live: LiveRows;
  durationSeconds: number;
  evidence: string;
  decision: { verdict: string; reasons: { code: string; reason: string; next: string }[] };
  urls: Record<string, string>;
}

export async function demoResult(parts: {
  session: Session;
  report: StatusReport;
  live: LiveRows;
  queueStore: string;
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
