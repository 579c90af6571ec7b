/** The budget as a check of the throttle: beyond the warning share it slows down, at the cap it pauses. Pure. */
import { type Check, unreadable } from '@lakehaul/throttle';
import { COST_PARTS, type Cost } from './cost.ts';
import { microsText } from './money.ts';

export interface BudgetCap {
  capMicros: bigint;
  /** From this share of the cap on it warns. */
  warnPercent: number;
}

const NAME = 'budget';

/**
 * What is known to be spent counts, also where a part has no prices: the whole is at least that. Nothing here is measured
 * pain: it needs no second reading.
 */
export function budgetCheck(cost: Cost, { capMicros, warnPercent }: BudgetCap): Check {
  const known = COST_PARTS.map((part) => cost.soFar[part]).filter((micros) => micros !== null);
  if (known.length === 0) return unreadable(NAME, 'percent', cost.reason ?? 'the cost is not known');
  const spent = known.reduce((sum, micros) => sum + micros, 0n);
  const isOver = spent >= capMicros;
  const isNear = spent * 100n >= capMicros * BigInt(warnPercent);
  const verdict = isOver ? 'stop' : isNear ? 'warn' : 'ok';
  const amounts = `${microsText(spent)} of ${microsText(capMicros)} ${cost.currency ?? ''}`.trim();
  const words = { ok: 'spent', warn: `spent, ${warnPercent} % or more`, stop: 'spent: the budget is used up' };
  return {
    ...{ name: NAME, unit: 'percent', limit: isOver ? 100 : warnPercent, verdict, mayClimb: verdict === 'ok' },
    // Rounded down: 100 is said when it is spent, not before.
    value: capMicros === 0n ? 100 : Number((spent * 100n) / capMicros),
    ...{ isMeasured: false, maxSlots: null, reason: `${amounts} ${words[verdict]}` },
  };
}

export function unreadBudget(reason: string): Check {
  return unreadable(NAME, 'percent', reason);
}
