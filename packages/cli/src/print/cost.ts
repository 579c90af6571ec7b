/** What it costs, in one line. */
import { type CostReport, microsText } from '@lakehaul/operate';

/** Null where there are no prices. */
export function costText({ cost, budget }: CostReport): string | null {
  if (cost.currency === null) return null;
  const { totalSoFar, totalAtCompletion, currency, reason } = cost;
  const spent =
    totalSoFar === null ? `cost not known: ${reason ?? ''}` : `cost ${cents(totalSoFar)} ${currency} so far`;
  const end = totalAtCompletion === null ? '' : `, ${cents(totalAtCompletion)} ${currency} at completion`;
  return `${spent}${end}${budget === null || budget.verdict === 'ok' ? '' : `; budget: ${budget.value} % spent`}`;
}

/** Rounded up, as a bill is. */
function cents(micros: bigint): string {
  return microsText(((micros + 9_999n) / 10_000n) * 10_000n).slice(0, -4);
}
