/**
 * How much of its budget an attempt has used. `attempts.max` bounds *automatic repair*: a difference that comes back. A
 * chunk that is hauled anew because its rows changed at the source, or because a person said so, starts from one again;
 * else a table with late rows would be quarantined for being alive.
 */
import type { OpenCause } from './receipt.ts';

/** Which openings begin a new budget. Complete by type. */
const BEGINS_BUDGET = {
  planned: true,
  'late-rows': true,
  operator: true,
  mismatched: false,
  void: false,
} as const satisfies Record<OpenCause, boolean>;

export function beginsBudget(cause: OpenCause): boolean {
  return BEGINS_BUDGET[cause];
}

/**
 * 1 for the attempt that began a budget, 2 for its first automatic repair, and so on; what is compared with
 * `attempts.max`. An attempt without a cause (it failed before it was opened) is a repair of the one before it.
 */
export function repairNumber(causes: ReadonlyMap<number, OpenCause>, attempt: number): number {
  let first = attempt;
  while (first > 1) {
    const cause = causes.get(first);
    if (cause !== undefined && beginsBudget(cause)) break;
    first -= 1;
  }
  return attempt - first + 1;
}
