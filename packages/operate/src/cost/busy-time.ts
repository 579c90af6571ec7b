/** Statements that ended at these seconds and took so long on average. */
export interface Run {
  seconds: Uint32Array;
  lengthMs: number;
}

/**
 * In how much time at least one statement ran, when each ended at a known second and took about so long. Statements that
 * ran side by side are billed once. What is known is when a chunk was proven, which is later than its UNLOAD ended; as all
 * are shifted alike, the length of the union stays what it is. Pure.
 */
export function busyMs(runs: readonly Run[]): number {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { seconds, lengthMs } of runs)
    for (const second of seconds) {
      first = Math.min(first, second * 1000 - lengthMs);
      last = Math.max(last, second * 1000);
    }
  if (last < first) return 0;
  // Hundreds of millions of seconds are no haul: coarser places keep the memory bounded.
  const placeMs = Math.max(100, Math.ceil((last - first) / MOST_PLACES));
  const places = Math.ceil((last - first) / placeMs) + 1;
  const changes = new Int32Array(places + 1);
  for (const { seconds, lengthMs } of runs)
    for (const second of seconds) {
      const from = Math.floor((second * 1000 - lengthMs - first) / placeMs);
      const to = Math.ceil((second * 1000 - first) / placeMs);
      changes[from] = (changes[from] ?? 0) + 1;
      changes[to] = (changes[to] ?? 0) - 1;
    }
  let running = 0;
  let busy = 0;
  for (let place = 0; place < places; place++) {
    running += changes[place] ?? 0;
    if (running > 0) busy++;
  }
  return Math.min(busy * placeMs, Math.ceil(last - first));
}

const MOST_PLACES = 4_000_000;
