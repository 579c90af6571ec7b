/**
 * What the haul costs, from counted use and the prices of the configuration. Pure; there are no prices in the code.
 *
 * How it is billed, and what we make of it:
 * - Redshift Serverless meters RPU-seconds, on a per-second basis, while queries run, by the capacity that runs (RDG
 *   SYS_SERVERLESS_USAGE); a provisioned cluster bills node-hours whether we run or not. Both: units × price of a unit's
 *   hour × the time in which at least one UNLOAD of ours ran × the share that is ours. With a share of 100 it is what the
 *   workgroup would cost if it served nobody else.
 * - A SQL warehouse has a number of DBUs an hour for its size while it runs (docs.databricks.com, SQL warehouse sizing;
 *   DBUs are "a normalized unit of processing power … used for measurement and pricing"): the time in which a load or
 *   proof ran or waited to.
 * - S3 bills PUT and GET by the thousand and storage by the GB-month (S3 FAQ: byte-hours of a 30-day month, GB of 2^30);
 *   DELETE is free.
 */
import { priceOf } from './money.ts';

/** Per unit, in micro-units of the currency. A part without prices has no cost, and is told of. */
export interface Prices {
  currency: string;
  redshift: { unitHour: bigint; units: number; sharePercent: number } | null;
  s3: { putThousand: bigint; getThousand: bigint; gibMonth: bigint } | null;
  /** DBUs an hour in millionths, as the price is. */
  databricks: { dbu: bigint; dbusPerHour: bigint } | null;
}

export interface Usage {
  /** Time in which at least one statement of ours ran there. */
  sourceMs: bigint;
  targetMs: bigint;
  putRequests: bigint;
  getRequests: bigint;
  /** Staged bytes times the seconds that they lay there. */
  storedByteSeconds: bigint;
  /** The same when each of them has lain for the whole grace time: most of it is still to come early on. */
  graceByteSeconds: bigint;
  /** Planned bytes proven, and of everything: what is left costs as what was done. */
  provenBytes: bigint;
  plannedBytes: bigint;
  /** Chunks whose receipts were read, of those that are proven. */
  readChunks: number;
  provenChunks: number;
}

export const COST_PARTS = ['redshift', 's3', 'databricks'] as const;
export type CostPart = (typeof COST_PARTS)[number];

export interface Cost {
  currency: string | null;
  /** In micro-units; null for a part without prices. */
  soFar: Record<CostPart, bigint | null>;
  atCompletion: Record<CostPart, bigint | null>;
  /** Sums, null unless every part is known: a sum that leaves something out looks like less. */
  totalSoFar: bigint | null;
  totalAtCompletion: bigint | null;
  /** Receipts of how many chunks it is counted from, of how many. */
  readChunks: number;
  provenChunks: number;
  /** Why something is null. */
  reason: string | null;
}

const NONE: Record<CostPart, bigint | null> = { redshift: null, s3: null, databricks: null };
const HOUR_MS = 3_600_000n;
const GIB_MONTH_SECONDS = 1_073_741_824n * 30n * 86_400n;

export function costOf(usage: Usage | null, prices: Prices | null): Cost {
  if (usage === null || prices === null)
    return {
      ...{ currency: prices?.currency ?? null, soFar: NONE, atCompletion: NONE },
      ...{ totalSoFar: null, totalAtCompletion: null, readChunks: 0, provenChunks: 0 },
      reason: prices === null ? 'the configuration has no prices' : 'not counted here',
    };
  const soFar = { redshift: redshift(usage, prices), s3: s3(usage, prices), databricks: databricks(usage, prices) };
  const unpriced = COST_PARTS.filter((part) => soFar[part] === null);
  const isProven = usage.provenBytes > 0n;
  const inTheEnd = { ...soFar, s3: s3({ ...usage, storedByteSeconds: usage.graceByteSeconds }, prices) };
  const atCompletion = { ...NONE };
  if (isProven)
    for (const part of COST_PARTS) {
      const cost = inTheEnd[part];
      if (cost !== null) atCompletion[part] = priceOf(cost, usage.plannedBytes, usage.provenBytes);
    }
  const reasons = [
    ...(unpriced.length > 0 ? [`no prices for ${unpriced.join(', ')}`] : []),
    ...(isProven ? [] : ['nothing is proven yet, so nothing says what the rest will cost']),
  ];
  return {
    ...{ currency: prices.currency, soFar, atCompletion },
    ...{ totalSoFar: total(soFar), totalAtCompletion: total(atCompletion) },
    ...{ readChunks: usage.readChunks, provenChunks: usage.provenChunks },
    reason: reasons.length === 0 ? null : reasons.join('; '),
  };
}

function redshift({ sourceMs }: Usage, { redshift: prices }: Prices): bigint | null {
  if (prices === null) return null;
  return priceOf(prices.unitHour, sourceMs * BigInt(prices.units) * BigInt(prices.sharePercent), HOUR_MS * 100n);
}

function s3({ putRequests, getRequests, storedByteSeconds }: Usage, { s3: prices }: Prices): bigint | null {
  if (prices === null) return null;
  const requests = priceOf(prices.putThousand, putRequests, 1_000n) + priceOf(prices.getThousand, getRequests, 1_000n);
  return requests + priceOf(prices.gibMonth, storedByteSeconds, GIB_MONTH_SECONDS);
}

function databricks({ targetMs }: Usage, { databricks: prices }: Prices): bigint | null {
  return prices === null ? null : priceOf(prices.dbu, prices.dbusPerHour * targetMs, 1_000_000n * HOUR_MS);
}

function total(parts: Record<CostPart, bigint | null>): bigint | null {
  let sum = 0n;
  for (const part of COST_PARTS) {
    const cost = parts[part];
    if (cost === null) return null;
    sum += cost;
  }
  return sum;
}
