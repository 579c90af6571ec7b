/**
 * How fast this source unloads, from the first few chunks of big tables. Pure. Bytes are planned bytes (the table's size
 * at the source), because chunks and what is left are measured in them too. Rates are floats: they are statistics.
 */
import type { TablePlan } from '@lakehaul/core';

export interface UnloadSample {
  /** By the source's clock. */
  startMs: number;
  /** Of the whole batch: count, UNLOAD and, at level full, the second scan. */
  durationMs: number;
  sourceBytes: bigint;
  stagedBytes: bigint;
}

export interface UnloadRates {
  chunks: number;
  /** Most that ran at the same time. */
  atOnce: number;
  /** All of them together, over the time in which at least one ran. */
  bytesPerSecond: number;
  stagedBytesPerSecond: number;
  /** Of one statement: the fastest, which mostly is the one that ran alone, and the slowest. */
  fastestBytesPerSecond: number;
  slowestBytesPerSecond: number;
}

/** Samples that took no time or moved nothing say nothing; null when no other is there. */
export function calibrateUnloads(samples: readonly UnloadSample[]): UnloadRates | null {
  const told = samples.filter(({ durationMs, sourceBytes }) => durationMs > 0 && sourceBytes > 0n);
  if (told.length === 0) return null;
  const { busyMs, atOnce } = overlap(told);
  const each = told.map(({ sourceBytes, durationMs }) => perSecond(sourceBytes, durationMs));
  const sum = (of: (sample: UnloadSample) => bigint) => told.reduce((all, sample) => all + of(sample), 0n);
  return {
    ...{ chunks: told.length, atOnce },
    bytesPerSecond: perSecond(
      sum((sample) => sample.sourceBytes),
      busyMs,
    ),
    stagedBytesPerSecond: perSecond(
      sum((sample) => sample.stagedBytes),
      busyMs,
    ),
    fastestBytesPerSecond: Math.max(...each),
    slowestBytesPerSecond: Math.min(...each),
  };
}

function perSecond(bytes: bigint, ms: number): number {
  return (Number(bytes) * 1_000) / ms;
}

/** What ran side by side counts once. */
function overlap(samples: readonly UnloadSample[]): { busyMs: number; atOnce: number } {
  const edges = samples.flatMap(({ startMs, durationMs }) => [
    { atMs: startMs, by: 1 },
    { atMs: startMs + durationMs, by: -1 },
  ]);
  // An end before a beginning of the same moment: the two did not run together.
  edges.sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let running = 0;
  let busyMs = 0;
  let atOnce = 0;
  let lastMs = 0;
  for (const { atMs, by } of edges) {
    if (running > 0) busyMs += atMs - lastMs;
    lastMs = atMs;
    running += by;
    atOnce = Math.max(atOnce, running);
  }
  return { busyMs, atOnce };
}

export interface CalibrationPace {
  /** Chunks that have to be measured. */
  wanted: number;
  /** Big chunks that are unloaded by now. */
  unloaded: number;
  /** UNLOADs at once afterwards: the throttle's first slots. */
  startSlots: number;
}

/** How many UNLOADs of big tables may be on their way: one alone, then as many as the throttle begins with. */
export function calibrationSlots({ wanted, unloaded, startSlots }: CalibrationPace): number {
  if (unloaded === 0) return 1;
  return Math.max(1, Math.min(startSlots, wanted - unloaded));
}

export type ChunkSizeVerdict = 'ok' | 'long' | 'too-long';

/**
 * `too-long`: even at the fastest rate that was seen one UNLOAD runs into the time-out, so every attempt of such a chunk
 * would read the source for hours and give nothing. `long`: at the slowest rate it takes more than half of it.
 */
export function judgeChunkSize(
  {
    fastestBytesPerSecond,
    slowestBytesPerSecond,
  }: Pick<UnloadRates, 'fastestBytesPerSecond' | 'slowestBytesPerSecond'>,
  chunkBytes: bigint,
  timeoutMs: number,
): { verdict: ChunkSizeVerdict; fromMs: number; toMs: number } {
  const fromMs = (Number(chunkBytes) * 1_000) / fastestBytesPerSecond;
  const toMs = (Number(chunkBytes) * 1_000) / slowestBytesPerSecond;
  return { verdict: fromMs > timeoutMs ? 'too-long' : toMs > timeoutMs / 2 ? 'long' : 'ok', fromMs, toMs };
}

/** Planned bytes that one UNLOAD of the plan moves: a chunk's mean, or a whole table that is staged by one shared scan. */
export function unloadBytes(plan: Pick<TablePlan, 'estimatedBytes' | 'chunkCount' | 'keyColumns'>): bigint {
  const bytes = BigInt(plan.estimatedBytes);
  return plan.keyColumns.length === 0 ? bytes : bytes / BigInt(Math.max(1, plan.chunkCount));
}
