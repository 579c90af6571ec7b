/** Progress that tells the truth: proven of all, rate, ETA as a range; never back, never 100 % before the end. */
import type { StatusReport } from '@lakehaul/operate';
import { etaText, rateText } from './eta.ts';
import type { Terminal } from './terminal.ts';
import { throttleParts } from './throttle.ts';
import { count, counted, percent } from './units.ts';

export class ProgressLine {
  readonly #terminal: Terminal;
  #highest = 0n;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(report: StatusReport): void {
    this.#terminal.status(this.line(report));
  }

  line(report: StatusReport): string {
    const all = report.tables.reduce((sum, table) => sum + table.estimatedBytes, 0n);
    const proven = report.tables.reduce(
      (sum, table) =>
        sum + (table.chunks === 0 ? 0n : (table.estimatedBytes * BigInt(table.done)) / BigInt(table.chunks)),
      0n,
    );
    // A repair takes a proof back; the bar stays where it was until there is more.
    if (proven > this.#highest) this.#highest = proven;
    const waiting = report.tables.reduce((sum, table) => sum + table.stages.quarantined, 0);
    const repairing = report.tables.reduce((sum, table) => sum + table.stages.mismatched, 0);
    // What is all proven waits for nothing.
    const throttle = report.throttle === null || report.done >= report.chunks ? null : throttleParts(report.throttle);
    return [
      `proven ${count(report.done)} of ${counted(report.chunks, 'chunk')}`,
      // Bytes are by whole chunks: while any chunk is open, the number stays below 100.
      percent(report.done < report.chunks && this.#highest >= all ? all - 1n : this.#highest, all),
      ...[rateText(report.eta), throttle?.now, etaText(report.eta)].filter((text) => typeof text === 'string'),
      ...(repairing > 0 ? [`${repairing} repairing`] : []),
      ...(waiting > 0 ? [`${waiting} quarantined`] : []),
      ...(report.steering.pauses.length > 0 ? [`paused: ${report.steering.pauses.join(', ')}`] : []),
      ...(throttle?.why ?? []),
    ].join(' · ');
  }
}
