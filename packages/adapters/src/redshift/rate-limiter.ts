import type { Clock } from '@lakehaul/core';

/**
 * Calls per second and operation of one process. Remembered of the real service and found in no stored page
 * (facts 1.4), so they only keep us polite; what is over the true quota comes back as a throttle.
 */
export const CALLS_PER_SECOND: Readonly<Record<string, number>> = {
  BatchExecuteStatement: 20,
  CancelStatement: 3,
  DescribeStatement: 100,
  ExecuteStatement: 30,
  GetStatementResult: 20,
  ListStatements: 3,
};

/** Spaces calls of one operation evenly, after a burst of one second's worth. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #perSecond: Readonly<Record<string, number>>;
  /** When the bucket of an operation would be full again. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(clock: Clock, perSecond: Readonly<Record<string, number>> = CALLS_PER_SECOND) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  async take(operation: string, signal?: AbortSignal): Promise<void> {
    const perSecond = this.#perSecond[operation];
    if (perSecond === undefined) return;
    const nowMs = this.#clock.nowMs();
    const fullAtMs = Math.max(this.#fullAtMs.get(operation) ?? nowMs, nowMs) + 1000 / perSecond;
    this.#fullAtMs.set(operation, fullAtMs);
    const waitMs = fullAtMs - nowMs - 1000;
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
  }
}
