import type { z } from 'zod';
import { calibrationJson } from './calibration.ts';
import { costJson } from './json/cost.ts';
import { etaJson } from './json/eta.ts';
import type { STATUS_JSON } from './json/status.ts';
import { steeringJson } from './json/steering.ts';
import type { ReproofEstimate } from './reproof-estimate.ts';
import type { StatusReport } from './status-report.ts';

/** The stable shape of `status --json`: 64-bit numbers as text. */
export function statusJson(report: StatusReport): z.input<typeof STATUS_JSON> {
  return {
    migration: report.migration,
    tables: report.tables.map((table) => ({
      table: table.table,
      tableId: table.tableId,
      level: table.level,
      chunks: table.chunks,
      done: table.done,
      stages: table.stages,
      repaired: table.repaired,
      rows: (table.sealedRows ?? table.estimatedRows).toString(),
      isSealed: table.seal?.isSealed === true && table.isSealCurrent,
      sealFaults: table.isSealCurrent ? (table.seal?.faults ?? []) : [],
      quarantinedChunks: table.quarantinedChunks,
      accepted: table.stages.accepted,
      stop: table.stop,
      generations: table.generations,
      openWatermark: table.openWatermark,
      writes: table.writes?.kind ?? null,
      cleanUntil: table.cleanUntil,
      reproofMs: reproofMs(table.reproof),
      eta: etaJson(table.eta),
    })),
    totals: { chunks: report.chunks, done: report.done, stagedBytes: report.stagedBytes.toString() },
    steering: steeringJson(report.steering),
    writesKnownUntil: report.writesKnownUntil,
    reproofMs: reproofMs(report.reproof),
    eta: etaJson(report.eta),
    calibration: calibrationJson(report.calibration),
    cost: costJson(report.cost),
    evidence: report.decision.evidence,
    decision: { verdict: report.decision.verdict, reasons: report.decision.reasons },
  };
}

function reproofMs(estimate: ReproofEstimate | null) {
  return estimate === null
    ? null
    : { from: Math.round(estimate.fromMs), to: Math.round(estimate.toMs), basis: estimate.basis };
}
