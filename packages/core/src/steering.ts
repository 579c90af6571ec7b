/**
 * What people set while the fleet runs: pauses, limits, priorities. Pure; the ledger keeps the changes, the feeder and
 * every step read what is true now. A pause is no limit of 0: resuming must bring back the limit that was there.
 */
import { LakehaulError } from './errors.ts';
import { STEPS, type Step } from './journey.ts';
import { checkThrottleSetting, type ThrottleRow } from './throttle-settings.ts';

export interface LimitRow {
  /** On the path `schema.table::step`, with `*` for any run of characters. */
  pattern: string;
  /** Jobs that may be in the queues at once, over all that the pattern names; 0 pauses. */
  max: number;
}

export interface PriorityRow {
  /** On `schema.table`, with `*`. The last row that names a table counts. */
  pattern: string;
  /** 1 is first. Tables of a lower number are served before all others. */
  priority: number;
}

export interface Steering {
  pauses: readonly string[];
  limits: readonly LimitRow[];
  priorities: readonly PriorityRow[];
  /** Settings of the throttle that are not as configured. */
  throttle: readonly ThrottleRow[];
}

export type SteeringChange =
  | { action: 'pause' | 'resume'; pattern: string }
  /** Null takes the row back: the configuration's own limit counts again. */
  | { action: 'limit'; pattern: string; max: number | null }
  | { action: 'priority'; pattern: string; priority: number | null }
  | { action: 'throttle'; name: string; value: number | null };

export const NOTHING_STEERED: Steering = { pauses: [], limits: [], priorities: [], throttle: [] };

const LIMIT_MAX = 1_000_000;
const PRIORITY_MAX = 2 ** 20;

/** State after the change; the same object when the change changes nothing. Throws USAGE when it means nothing. */
export function steered(before: Steering, change: SteeringChange): Steering {
  switch (change.action) {
    case 'pause': {
      const { pattern } = change;
      checkStepPattern(pattern);
      return before.pauses.includes(pattern) ? before : { ...before, pauses: [...before.pauses, pattern] };
    }
    case 'resume':
      return resumed(before, change.pattern);
    case 'limit': {
      const { pattern } = change;
      checkStepPattern(pattern);
      checkWhole('a limit', change.max, 0, LIMIT_MAX);
      const rest = before.limits.filter((row) => row.pattern !== pattern);
      const limits = change.max === null ? rest : [...rest, { pattern, max: change.max }];
      return isSameList(before.limits, limits) ? before : { ...before, limits };
    }
    case 'priority': {
      const { pattern } = change;
      checkTablePattern(pattern);
      checkWhole('a priority', change.priority, 1, PRIORITY_MAX);
      const rest = before.priorities.filter((row) => row.pattern !== pattern);
      const priorities = change.priority === null ? rest : [...rest, { pattern, priority: change.priority }];
      return isSameList(before.priorities, priorities) ? before : { ...before, priorities };
    }
    case 'throttle':
      return throttled(before, change);
  }
}

function resumed(before: Steering, pattern: string): Steering {
  if (before.pauses.includes(pattern))
    return { ...before, pauses: before.pauses.filter((paused) => paused !== pattern) };
  const paused = before.pauses.length === 0 ? 'nothing is paused' : `paused are ${before.pauses.join(', ')}`;
  throw new LakehaulError('USAGE', `${pattern} is not paused: ${paused}`, {
    next: 'A pause is lifted by the pattern that it was set with.',
  });
}

function throttled(before: Steering, { name, value }: SteeringChange & { action: 'throttle' }): Steering {
  checkThrottleSetting(name, value);
  const rest = before.throttle.filter((row) => row.name !== name);
  const throttle = value === null ? rest : [...rest, { name, value }];
  return isSameList(before.throttle, throttle) ? before : { ...before, throttle };
}

function isSameList(a: readonly object[], b: readonly object[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function checkStepPattern(pattern: string): void {
  const [tables = '', step = '', ...more] = pattern.split('::');
  if (tables !== '' && more.length === 0 && (step === '*' || (STEPS as readonly string[]).includes(step))) return;
  throw new LakehaulError('USAGE', `${JSON.stringify(pattern)} names no queue`, {
    next: `schema.table::step, where step is ${STEPS.join(', ')} or *, and * stands for any run of characters: *::unload, sales.*::*`,
  });
}

function checkTablePattern(pattern: string): void {
  if (pattern !== '' && !pattern.includes('::')) return;
  throw new LakehaulError('USAGE', `${JSON.stringify(pattern)} names no table`, {
    next: 'schema.table, where * stands for any run of characters.',
  });
}

function checkWhole(what: string, value: number | null, least: number, most: number): void {
  if (value === null || (Number.isSafeInteger(value) && value >= least && value <= most)) return;
  throw new LakehaulError('USAGE', `${what} is a whole number from ${least} to ${most}, not ${value}`);
}

/** The configuration's rows, those replaced that somebody set since, and every pause as a row of 0. */
export function limitRows(configured: readonly LimitRow[], steering: Steering): LimitRow[] {
  const set = new Set(steering.limits.map((row) => row.pattern));
  return [
    ...configured.filter((row) => !set.has(row.pattern)),
    ...steering.limits,
    ...steering.pauses.map((pattern) => ({ pattern, max: 0 })),
  ];
}

/** With limits only the feeder lets jobs in: a step that chained its next job would go past them. */
export function isLimited(steering: Steering): boolean {
  return steering.limits.length + steering.pauses.length > 0;
}

/** The first row that lets nothing through; null when the step may run. */
export function heldBy(rows: readonly LimitRow[], path: string, step: Step): LimitRow | null {
  return rows.find((row) => row.max === 0 && matchesLimit(row.pattern, path, step)) ?? null;
}

export function priorityOf(steering: Steering, path: string, planned: number): number {
  return steering.priorities.findLast((row) => patternTest(row.pattern).test(path))?.priority ?? planned;
}

export function matchesLimit(pattern: string, path: string, step: Step): boolean {
  return patternTest(pattern).test(`${path}::${step}`);
}

/** `*` is any run of characters, everything else itself: names hold dots, brackets and dollars. */
export interface PatternTest {
  test(text: string): boolean;
}

/**
 * No regular expression: `******…x` would take longer than anybody waits, in every process that reads the record. A star
 * takes as little as it can; only the last one passed has ever to take more, so this is length times length at worst.
 */
export function patternTest(pattern: string): PatternTest {
  return { test: (text) => isLike(text, pattern) };
}

function isLike(text: string, pattern: string): boolean {
  let [at, inPattern] = [0, 0];
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern++;
      starAt = at;
    } else if (pattern[inPattern] === text[at]) {
      at++;
      inPattern++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
