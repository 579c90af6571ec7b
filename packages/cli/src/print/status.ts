/** `status` fits 80×24: one line a table, worst first, then the sentence that matters. */
import { calibrationJson, type StatusReport, type TableStatus } from '@lakehaul/operate';
import { calibrationText } from './calibration.ts';
import { costText } from './cost.ts';
import { etaText, rateText } from './eta.ts';
import { cutText } from './safe-text.ts';
import { table } from './table.ts';
import { styled, type Terminal } from './terminal.ts';
import { throttleText } from './throttle.ts';
import { count, counted, duration, percent, size } from './units.ts';

/** 24 lines less the prompt; what the sentences leave is for the tables. */
const LINES = 23;
const TABLE_LINES = 9;
const LEAST_TABLE_LINES = 3;
const REASONS = 3;
/** Of the table lines: each stop takes one more. */
const STOPS = 2;

export function statusText(report: StatusReport, terminal: Pick<Terminal, 'hasColour' | 'columns'>): string {
  const worstFirst = [...report.tables].sort((a, b) => badness(b) - badness(a) || a.table.localeCompare(b.table));
  const said = sentences(report, terminal.columns);
  // Heading, what is left out, and the empty line.
  const room = LINES - 3 - said.length;
  const shown = worstFirst.slice(0, Math.max(LEAST_TABLE_LINES, Math.min(TABLE_LINES, room)));
  const more = worstFirst.length - shown.length;
  const rows = table(
    shown,
    [
      { title: 'table', text: (row) => row.table, isFlexible: true },
      {
        title: 'state',
        text: stateOf,
        paint: (row, cell) =>
          styled(terminal, badness(row) > 1 ? 'red' : badness(row) === 1 ? 'yellow' : 'green', cell),
      },
      { title: 'proven', align: 'right', text: (row) => `${count(row.done)}/${count(row.chunks)}` },
      { title: '', align: 'right', text: (row) => percent(BigInt(row.done), BigInt(row.chunks)) },
      { title: 'rows', align: 'right', text: (row) => count(row.sealedRows ?? row.estimatedRows) },
      { title: 'level', text: (row) => row.level },
    ],
    terminal.columns,
  );
  return [rows, ...(more > 0 ? [`and ${more} more tables (--json lists all)`] : []), '', ...said].join('\n');
}

function badness(status: TableStatus): number {
  if (status.stop !== null) return 4;
  if (status.stages.quarantined > 0) return 3;
  if (status.stages.mismatched > 0 || (status.isSealCurrent && status.seal?.isSealed === false)) return 2;
  const isWritten = status.writes !== null && status.writes.kind !== 'unwritten';
  return status.done + status.stages.accepted < status.chunks || !status.isSealCurrent || isWritten ? 1 : 0;
}

function stateOf(status: TableStatus): string {
  if (status.stop !== null) return 'stopped';
  if (status.stages.quarantined > 0) return `${status.stages.quarantined} quarantined`;
  if (status.stages.mismatched > 0) return `${status.stages.mismatched} repairing`;
  if (status.done + status.stages.accepted < status.chunks) return 'hauling';
  if (!status.isSealCurrent) return 'to be sealed';
  if (status.seal?.isSealed === false) return 'seal broken';
  if (status.writes !== null && status.writes.kind !== 'unwritten')
    return status.writes.kind === 'gap' ? 'not watched' : 'written since';
  if (status.stages.accepted > 0) return `sealed, ${status.stages.accepted} accepted`;
  return status.repaired > 0 ? `sealed, ${status.repaired} repaired` : 'sealed';
}

function range(fromMs: number, toMs: number): string {
  if (toMs < 1_000) return 'less than 1 s';
  const [from, to] = [duration(fromMs), duration(toMs)];
  return from === to ? from : `${from} to ${to}`;
}

function sentences(report: StatusReport, columns: number): string[] {
  const sealed = report.tables.filter((each) => badness(each) === 0 && each.stages.accepted === 0).length;
  const stopped = report.tables.filter((each) => each.stop !== null);
  const waiting = report.tables.flatMap((each) => each.quarantinedChunks.map((chunk) => `${each.table}/${chunk}`));
  const lines = [
    `${sealed} of ${counted(report.tables.length, 'table')} proven and sealed; ${size(report.stagedBytes)} staged.`,
  ];
  if (waiting.length > 0)
    lines.push(`${counted(waiting.length, 'chunk waits', 'chunks wait')} for you: lakehaul chunks --stage quarantined`);
  for (const each of stopped.slice(0, STOPS))
    lines.push(cutText(`${each.table} is stopped: ${each.stop?.reason ?? ''}`, columns));
  if (report.steering.pauses.length > 0)
    lines.push(cutText(`paused: ${report.steering.pauses.join(', ')} (who and why: lakehaul settings)`, columns));
  const isHeld = report.throttle !== null && report.throttle.winner !== null && report.done < report.chunks;
  if (report.throttle !== null && isHeld) lines.push(cutText(throttleText(report.throttle), columns));
  const eta = etaText(report.eta);
  if (eta !== null)
    lines.push(cutText([eta, ...[rateText(report.eta)].filter((text) => text !== null)].join(', '), columns));
  // Once proofs tell a pace, what was measured at the beginning is history: lakehaul throttle shows it.
  if (report.calibration !== null && report.eta.basis !== 'proofs')
    lines.push(cutText(calibrationText(calibrationJson(report.calibration)), columns));
  const cost = costText(report.cost);
  if (cost !== null) lines.push(cutText(cost, columns));
  const { reproof } = report;
  if (reproof !== null)
    lines.push(`re-proof of everything would take ${range(reproof.fromMs, reproof.toMs)} now (by ${reproof.basis}).`);
  lines.push(`decision: ${report.decision.verdict}, evidence: ${report.decision.evidence}`);
  const reasons = report.decision.reasons;
  for (const reason of reasons.slice(0, REASONS)) {
    lines.push(cutText(`  ${reason.code}  ${reason.reason}`, columns));
    if (reasons.length <= 2) lines.push(cutText(`    next: ${reason.next}`, columns));
  }
  if (reasons.length > REASONS)
    lines.push(`  and ${counted(reasons.length - REASONS, 'more reason')} (--json lists all)`);
  return lines;
}
