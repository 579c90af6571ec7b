/** The canary's calm: the median of what it took while nothing hurt. */

/** So many make a calm; fewer say nothing. */
const LEAST = 5;
const KEPT = 60;

export interface CanaryMemory {
  /** Oldest first. */
  calmMs: readonly number[];
}

export const NO_CANARY: CanaryMemory = { calmMs: [] };

export function canaryBaselineMs({ calmMs }: CanaryMemory): number | null {
  if (calmMs.length < LEAST) return null;
  const sorted = [...calmMs].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** Pain is left out, or a slow decay would be taken for calm in the end. */
export function rememberCanary(memory: CanaryMemory, readingMs: number, isCalm: boolean): CanaryMemory {
  return isCalm ? { calmMs: [...memory.calmMs, readingMs].slice(-KEPT) } : memory;
}
