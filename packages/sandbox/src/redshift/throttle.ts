import { ServiceError } from './service-error.ts';
import type { RedshiftSwitches } from './switches.ts';

/** One token bucket an operation, a second deep, as far as the switches give a rate. */
export class Throttle {
  private readonly switches: RedshiftSwitches;
  private readonly buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(switches: RedshiftSwitches) {
    this.switches = switches;
  }

  take(operation: string): void {
    const perSecond = this.switches.callsPerSecond[operation];
    if (perSecond === undefined) return;
    const nowMs = Date.now();
    const bucket = this.buckets.get(operation) ?? { tokens: perSecond, atMs: nowMs };
    const tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond);
    this.buckets.set(operation, { tokens: Math.max(0, tokens - 1), atMs: nowMs });
    if (tokens < 1) throw new ServiceError('ThrottlingException', 'Rate exceeded');
  }
}
