/** The pace of the proofs out of the ledger's own times: what a chart of a rate is drawn of. */
import type { TablePlan } from '@lakehaul/core';
import type { Snapshot } from './read-model.ts';

/** Enough for a chart as wide as a wall, few enough to be sent with every look. */
const MOST_INTERVALS = 240;
/** Whole seconds that a person can think in. */
const INTERVALS_SECONDS = [5, 10, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400];

export interface ProofPace {
  from: string | null;
  intervalSeconds: number;
  chunks: number[];
  bytes: string[];
  provenBytes: string;
  plannedBytes: string;
}

/** The last interval is the one that `asOf` lies in, so it is not over yet. */
export function proofPace({ plans, scan, asOf }: Pick<Snapshot, 'plans' | 'scan' | 'asOf'>): ProofPace {
  const times = plans.map((plan) => ({ plan, seconds: scan.provenSeconds(plan) }));
  const plannedBytes = plans.reduce((sum, plan) => sum + BigInt(plan.estimatedBytes), 0n);
  const provenBytes = times.reduce((sum, { plan, seconds }) => sum + bytesOf(plan, seconds.length), 0n);
  let first = Number.POSITIVE_INFINITY;
  for (const { seconds } of times) for (const second of seconds) first = second < first ? second : first;
  const totals = { provenBytes: provenBytes.toString(), plannedBytes: plannedBytes.toString() };
  if (first === Number.POSITIVE_INFINITY)
    return { from: null, intervalSeconds: INTERVALS_SECONDS[0] ?? 5, chunks: [], bytes: [], ...totals };
  // A receipt may be a moment younger than the look began.
  const last = Math.max(first, Math.floor(Date.parse(asOf) / 1000), ...times.map(({ seconds }) => newest(seconds)));
  const intervalSeconds = intervalFor(last - first);
  const start = Math.floor(first / intervalSeconds) * intervalSeconds;
  const length = Math.floor((last - start) / intervalSeconds) + 1;
  const chunks = new Array<number>(length).fill(0);
  const bytes = new Array<bigint>(length).fill(0n);
  for (const { plan, seconds } of times) {
    const counts = new Uint32Array(length);
    for (const second of seconds) {
      const place = Math.floor((second - start) / intervalSeconds);
      counts[place] = (counts[place] ?? 0) + 1;
    }
    counts.forEach((count, place) => {
      chunks[place] = (chunks[place] ?? 0) + count;
      bytes[place] = (bytes[place] ?? 0n) + bytesOf(plan, count);
    });
  }
  const from = new Date(start * 1000).toISOString();
  return { from, intervalSeconds, chunks, bytes: bytes.map(String), ...totals };
}

function newest(seconds: Uint32Array): number {
  let most = 0;
  for (const second of seconds) most = second > most ? second : most;
  return most;
}

function bytesOf(plan: Pick<TablePlan, 'estimatedBytes' | 'chunkCount'>, chunks: number): bigint {
  return plan.chunkCount === 0 ? 0n : (BigInt(plan.estimatedBytes) * BigInt(chunks)) / BigInt(plan.chunkCount);
}

export function intervalFor(spanSeconds: number): number {
  const fitting = INTERVALS_SECONDS.find((seconds) => spanSeconds / seconds <= MOST_INTERVALS - 2);
  if (fitting !== undefined) return fitting;
  const days = Math.ceil(spanSeconds / 86_400 / (MOST_INTERVALS - 2));
  return days * 86_400;
}
