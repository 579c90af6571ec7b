/**
 * How many slots each step could use now, for the autoscaler. What runs always counts: a worker that is taken away hands its
 * statement over, and somebody has to watch it (kedacore/keda#157). What waits counts only where it may start.
 */
import { type LimitRow, matchesLimit, STEPS, type Step } from '@lakehaul/core';
import type { StepCounts } from '@lakehaul/queue';

export function desiredSlots(request: {
  counts: Readonly<Record<Step, StepCounts>>;
  /** In force, pauses as 0. */
  limits: readonly LimitRow[];
  /** `schema.table` of every planned table. */
  paths: readonly string[];
}): Record<Step, number> {
  const { counts, limits, paths } = request;
  const slots = STEPS.map((step) => {
    const { waiting, active, delayed } = counts[step];
    return [step, Math.max(active, Math.min(waiting + delayed + active, roomOf(step, limits, paths)))] as const;
  });
  return Object.fromEntries(slots) as Record<Step, number>;
}

/** What the limits that name every table let through at once; a limit of some tables bounds these only. */
function roomOf(step: Step, limits: readonly LimitRow[], paths: readonly string[]): number {
  const ofAll = limits.filter(({ pattern }) => paths.every((path) => matchesLimit(pattern, path, step)));
  return Math.min(Number.MAX_SAFE_INTEGER, ...ofAll.map(({ max }) => max));
}
