/** What a change of steering names, checked against the plans before anybody records it. */
import {
  LakehaulError,
  matchesLimit,
  patternTest,
  STEPS,
  type SteeringChange,
  type Step,
  type TablePlan,
} from '@lakehaul/core';

/** `unload` is `*::unload`, `sales.orders` is `sales.orders::*`. */
export function stepPattern(what: string): string {
  if (what.includes('::')) return what;
  return (STEPS as readonly string[]).includes(what) ? `*::${what}` : `${what}::*`;
}

/** A pattern with a typing error would hold nothing, and nobody would know. */
export function refuseUnknownPattern(change: SteeringChange, plans: readonly TablePlan[]): void {
  if (change.action === 'resume' || change.action === 'throttle' || plans.length === 0) return;
  const paths = [...new Set(plans.map(({ source }) => `${source.schema}.${source.table}`))];
  const names = (path: string) =>
    change.action === 'priority'
      ? patternTest(change.pattern).test(path)
      : STEPS.some((step: Step) => matchesLimit(change.pattern, path, step));
  if (paths.some(names)) return;
  throw new LakehaulError('USAGE', `${change.pattern} names no planned table`, {
    next: `planned are ${paths.slice(0, 20).join(', ')}`,
  });
}
