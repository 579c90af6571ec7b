/**
 * The numbers that the throttle goes by, one table for lakehaul.yaml, for what people set while the fleet runs, and for
 * what explains them. All are whole numbers: durations in milliseconds, shares in percent, flags 0 or 1.
 */
import { LakehaulError } from './errors.ts';

export interface ThrottleSetting {
  kind: 'duration' | 'count' | 'percent' | 'flag';
  default: number;
  least: number;
  most: number;
  doc: string;
}

const DAY_MS = 86_400_000;
const duration = (fallback: number, doc: string, least = 0): ThrottleSetting => ({
  ...{ kind: 'duration', default: fallback, least, most: DAY_MS, doc },
});
const count = (fallback: number, doc: string, least = 0): ThrottleSetting => ({
  ...{ kind: 'count', default: fallback, least, most: 100_000, doc },
});
const percent = (fallback: number, doc: string, most = 100): ThrottleSetting => ({
  ...{ kind: 'percent', default: fallback, least: 1, most, doc },
});
const flag = (fallback: 0 | 1, doc: string): ThrottleSetting => ({
  ...{ kind: 'flag', default: fallback, least: 0, most: 1, doc },
});

export const THROTTLE_SETTINGS = {
  hold: flag(0, 'On: no UNLOAD starts. Unlike a pause it leaves nothing out of the queue.'),
  blackouts: flag(1, 'Off: blackout hours and dates are overlooked.'),
  maxSlots: count(16, 'UNLOADs at once over the whole fleet, at most.', 1),
  minSlots: count(1, 'UNLOADs at once that remain while the source is in pain but not in danger.', 1),
  startSlots: count(8, 'UNLOADs at once before the first reading.', 1),
  climbEveryMs: duration(30_000, 'One slot more after so long a calm.'),
  settleMs: duration(60_000, 'How long a cut is given to work before the next one.'),
  retryAboveMs: duration(600_000, 'How long a number of slots that has hurt is not tried again.'),
  climbBelowPercent: percent(70, 'Slots are added only while each reading is below this share of its limit.'),
  windowMs: duration(120_000, 'Waits of statements that left the queue so lately are looked at.', 1_000),
  queueTimeMs: duration(10_000, 'Wait in the source’s queue (95th percentile) from which we halve.', 1),
  queueTimeStopMs: duration(60_000, 'The same, from which no UNLOAD starts.', 1),
  queueDepth: count(10, 'Statements in the source’s queue from which we halve.', 1),
  queueDepthStop: count(50, 'The same, from which no UNLOAD starts.', 1),
  canaryPercent: percent(300, 'Time of the canary query, of what it takes in calm, from which we halve.', 100_000),
  canaryStopPercent: percent(1_000, 'The same, from which no UNLOAD starts.', 100_000),
  canaryFloorMs: duration(500, 'A canary faster than this is calm, whatever it took before.', 1),
  sharePercent: percent(70, 'Share of the statements running at the source that are ours, from which we halve.'),
  shareFromOthers: count(3, 'The share is judged while at least so many statements of others run.', 1),
  diskPercent: percent(85, 'Storage in use on the fullest node from which we halve.'),
  diskStopPercent: percent(95, 'The same, from which no UNLOAD starts.'),
  warehouseQueue: count(20, 'Statements in the target warehouse’s queue from which we halve.', 1),
  s3SlowDowns: count(20, 'Calls that S3 asked us to slow down with, between two readings, from which we halve.', 1),
} as const satisfies Record<string, ThrottleSetting>;

export type ThrottleSettingName = keyof typeof THROTTLE_SETTINGS;
export type ThrottleSettings = Readonly<Record<ThrottleSettingName, number>>;

export interface ThrottleRow {
  name: string;
  value: number;
}

export const THROTTLE_SETTING_NAMES = Object.keys(THROTTLE_SETTINGS) as ThrottleSettingName[];

export function isThrottleSetting(name: string): name is ThrottleSettingName {
  return Object.hasOwn(THROTTLE_SETTINGS, name);
}

/** Throws USAGE. Null takes a setting back and fits every name. */
export function checkThrottleSetting(name: string, value: number | null): void {
  if (!isThrottleSetting(name))
    throw new LakehaulError('USAGE', `${JSON.stringify(name)} is no setting of the throttle`, {
      next: `one of ${THROTTLE_SETTING_NAMES.join(', ')}`,
    });
  const { least, most } = THROTTLE_SETTINGS[name];
  if (value === null || (Number.isSafeInteger(value) && value >= least && value <= most)) return;
  throw new LakehaulError('USAGE', `${name} is a whole number from ${least} to ${most}, not ${value}`, {
    next: `lakehaul throttle '${name}=?'`,
  });
}

/** As configured, with what people have set since. */
export function throttleSettings(configured: ThrottleSettings, set: readonly ThrottleRow[]): ThrottleSettings {
  const known = set.filter((row) => isThrottleSetting(row.name));
  return { ...configured, ...Object.fromEntries(known.map((row) => [row.name, row.value])) };
}

export const THROTTLE_DEFAULTS: ThrottleSettings = Object.freeze(
  Object.fromEntries(THROTTLE_SETTING_NAMES.map((name) => [name, THROTTLE_SETTINGS[name].default])) as Record<
    ThrottleSettingName,
    number
  >,
);
