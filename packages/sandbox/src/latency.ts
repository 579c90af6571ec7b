import { seeded } from './seeded.ts';

/** How long a call takes before its work begins: log-normal, as measured service times are, and repeatable by seed. */
export interface LatencyRule {
  /** A point as in the fault plan; a trailing * matches. The first rule that matches counts. */
  point: string;
  medianMs: number;
  /** Spread: 0 is constant; 0.5 puts the 99th percentile at 3.2 times the median. */
  sigma: number;
}

export interface Latency {
  wait(point: string): Promise<void>;
  /** The next wait of a point, for models that schedule instead of sleeping. */
  nextMs(point: string): number;
}

export function createLatency(rules: readonly LatencyRule[] = [], seed = 1): Latency {
  const random = seeded(seed);
  const nextMs = (point: string): number => {
    const rule = rules.find((r) =>
      r.point.endsWith('*') ? point.startsWith(r.point.slice(0, -1)) : r.point === point,
    );
    if (!rule) return 0;
    // Box-Muller; 1 - random() is never 0.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return rule.medianMs * Math.exp(rule.sigma * normal);
  };
  return {
    nextMs,
    async wait(point) {
      const ms = nextMs(point);
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    },
  };
}
