/**
 * How many slots each step could use now, for the autoscaler. What runs always counts: a worker that is taken away hands its
 * statement over, and somebody has to watch it (kedacore/keda#157). What waits counts only where it may start: pods for what
 * a limit or the throttle holds back would idle.
 */
import { type LimitRow, matchesLimit, STEPS, type Step } from '@lakehaul/core';
import type { StepCounts } from '@lakehaul/queue';

export function desiredSlots(request: {
  counts: Readonly<Record<Step, StepCounts>>;
  /** What each queue lets run at once, which is what the throttle has set; null: as much as there are slots. */
  concurrency: Readonly<Record<Step, number | null>>;
  /** In force, pauses as 0. */
  limits: readonly LimitRow[];
  /** `schema.table` of every planned table. */
  paths: readonly string[];
}): Record<Step, number> {
  const { counts, concurrency, limits, paths } = request;
  const slots = STEPS.map((step) => {
    const { waiting, active, delayed } = counts[step];
    const most = Math.min(roomOf(step, limits, paths), concurrency[step] ?? Number.MAX_SAFE_INTEGER);
    return [step, Math.max(active, Math.min(waiting + delayed + active, most))] as const;
  });
  return Object.fromEntries(slots) as Record<Step, number>;
}

/** What the limits that name every table let through at once; a limit of some tables bounds these only. */
function roomOf(step: Step, limits: readonly LimitRow[], paths: readonly string[]): number {
  const ofAll = limits.filter(({ pattern }) => paths.every((path) => matchesLimit(pattern, path, step)));
  return Math.min(Number.MAX_SAFE_INTEGER, ...ofAll.map(({ max }) => max));
}
