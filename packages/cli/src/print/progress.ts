/** Progress that tells the truth: proven of all, rate, ETA as a range; never back, never 100 % before the end. */

import type { Clock } from '@lakehaul/core';
import type { StatusReport } from '@lakehaul/operate';
import type { Terminal } from './terminal.ts';
import { count, counted, duration, percent, size } from './units.ts';

interface Sample {
  atMs: number;
  bytes: bigint;
}

const WINDOW_MS = 60_000;

export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #samples: Sample[] = [];
  #highest = 0n;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  show(report: StatusReport): void {
    this.#terminal.status(this.line(report, this.#clock.nowMs()));
  }

  line(report: StatusReport, nowMs: number): string {
    const all = report.tables.reduce((sum, table) => sum + table.estimatedBytes, 0n);
    const proven = report.tables.reduce(
      (sum, table) =>
        sum + (table.chunks === 0 ? 0n : (table.estimatedBytes * BigInt(table.done)) / BigInt(table.chunks)),
      0n,
    );
    // A repair takes a proof back; the bar stays where it was until there is more.
    if (proven > this.#highest) this.#highest = proven;
    this.#samples = [
      ...this.#samples.filter((sample) => nowMs - sample.atMs <= WINDOW_MS),
      { atMs: nowMs, bytes: this.#highest },
    ];
    const waiting = report.tables.reduce((sum, table) => sum + table.stages.quarantined, 0);
    const repairing = report.tables.reduce((sum, table) => sum + table.stages.mismatched, 0);
    return [
      `proven ${count(report.done)} of ${counted(report.chunks, 'chunk')}`,
      // Bytes are by whole chunks: while any chunk is open, the number stays below 100.
      percent(report.done < report.chunks && this.#highest >= all ? all - 1n : this.#highest, all),
      ...this.#rate(all),
      ...(repairing > 0 ? [`${repairing} repairing`] : []),
      ...(waiting > 0 ? [`${waiting} quarantined`] : []),
      ...(report.steering.pauses.length > 0 ? [`paused: ${report.steering.pauses.join(', ')}`] : []),
    ].join(' · ');
  }

  /** Rate over the window, and the remaining time by the fastest and the slowest third of it. */
  #rate(all: bigint): string[] {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < 2_000 || last.bytes === first.bytes)
      return [];
    const perMs = Number(last.bytes - first.bytes) / (last.atMs - first.atMs);
    const leftMs = Number(all - last.bytes) / perMs;
    const rate = `${size(BigInt(Math.round(perMs * 1000)))}/s`;
    return leftMs <= 0 ? [rate] : [rate, `ETA ${duration(leftMs * 0.8)} to ${duration(leftMs * 1.5)}`];
  }
}
