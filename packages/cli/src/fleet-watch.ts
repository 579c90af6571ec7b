/** The watcher inside the fleet of one process: looks now and then while it hauls, and once more before it ends. */
import type { TablePlan } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { type Ledger, type LedgerScan, latestSample, newestReceiptMs, reachMs } from '@lakehaul/ledger';
import { type WatchDeps, type WatchResult, watchPass } from '@lakehaul/planner';

export function watchDeps(
  session: Session,
  ledger: Ledger,
  scan: LedgerScan,
  probeEveryMs = session.config.watch.probeEveryMs,
): WatchDeps {
  const { clouds, clock, log, config } = session;
  const { lagMs, overlapMs, clockMarginMs } = config.watch;
  return { ledger, scan, source: clouds.source, clock, log, lagMs, overlapMs, clockMarginMs, probeEveryMs };
}

/** A source that is written all the time would never let a run end: after so many last looks it ends as it stands. */
const LAST_LOOKS_MAX = 5;

export class FleetWatch {
  readonly #session: Session;
  readonly #ledger: Ledger;
  readonly #scan: LedgerScan;
  #lookedMs: number | null = null;
  #lastLooks = 0;

  constructor(session: Session, ledger: Ledger, scan: LedgerScan) {
    this.#session = session;
    this.#ledger = ledger;
    this.#scan = scan;
  }

  async lookNowAndThen(plans: readonly TablePlan[], signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#session;
    if (this.#lookedMs !== null && clock.nowMs() - this.#lookedMs < config.watch.everyMs) return;
    await this.#look(plans, signal, config.watch.probeEveryMs);
    this.#lookedMs = clock.nowMs();
  }

  /** True when nothing was opened again, or when it has looked often enough. */
  async isUnwritten(plans: readonly TablePlan[], signal: AbortSignal): Promise<boolean> {
    this.#lastLooks += 1;
    const result = await this.#look(plans, signal, 0);
    if (result === null || this.#lastLooks >= LAST_LOOKS_MAX) return true;
    if (result.reopened > 0) return false;
    const missingMs = await this.#untilProofMs(plans);
    if (missingMs <= 0) return true;
    // The history tells with a lag: only a look past the newest proof can say that nothing was written meanwhile.
    this.#session.log.info('waiting for the history of the source', { missingMs });
    await this.#session.clock.sleep(missingMs, signal).catch(() => undefined);
    return false;
  }

  /** How much later a look must be to reach past the newest proof. */
  async #untilProofMs(plans: readonly TablePlan[]): Promise<number> {
    const sample = await latestSample(this.#ledger);
    return sample === null ? 0 : newestReceiptMs(this.#scan, plans) - reachMs(sample) + 1_000;
  }

  #look(plans: readonly TablePlan[], signal: AbortSignal, probeEveryMs: number): Promise<WatchResult | null> {
    const deps = watchDeps(this.#session, this.#ledger, this.#scan, probeEveryMs);
    return this.#session.tracing.pass('watch', () => watchPass(deps, plans, signal));
  }
}
