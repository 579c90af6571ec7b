/**
 * Hours and days on which no UNLOAD starts. By the wall clock of the place that is named, so that a blackout keeps its
 * hours when the clocks change. Pure: whoever starts something asks with its own clock.
 */
import type { ThrottleSettings } from '@lakehaul/core';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface BlackoutHours {
  /** On which it begins; one that passes midnight belongs to the day before. */
  days: readonly Weekday[];
  /** HH:MM, inclusive. */
  from: string;
  /** HH:MM, exclusive, to 24:00; not later than `from`: on the next day. */
  to: string;
  /** IANA name. */
  zone: string;
}

export interface BlackoutDate {
  /** YYYY-MM-DD, the whole day. */
  date: string;
  zone: string;
}

export interface Blackouts {
  hours: readonly BlackoutHours[];
  dates: readonly BlackoutDate[];
}

export interface Hold {
  name: 'manual' | 'blackout';
  reason: string;
}

/** Why no UNLOAD may start now, whatever the source feels; null when one may. */
export function unloadHold(
  { hold, blackouts: isHeeded }: Pick<ThrottleSettings, 'hold' | 'blackouts'>,
  blackouts: Blackouts,
  nowMs: number,
): Hold | null {
  if (hold !== 0) return { name: 'manual', reason: 'held by a person (throttle setting hold)' };
  const reason = isHeeded === 0 ? null : blackoutAt(blackouts, nowMs);
  return reason === null ? null : { name: 'blackout', reason };
}

/** The blackout that is on, in words; null outside of all. */
export function blackoutAt({ hours, dates }: Blackouts, nowMs: number): string | null {
  const date = dates.find((each) => localTime(nowMs, each.zone).date === each.date);
  if (date !== undefined) return `${date.date} is a blackout day (${date.zone})`;
  const window = hours.find((each) => isWithin(each, nowMs));
  return window === undefined ? null : `blackout from ${window.from} to ${window.to} (${window.zone})`;
}

function isWithin({ days, from, to, zone }: BlackoutHours, nowMs: number): boolean {
  const { weekday, minute } = localTime(nowMs, zone);
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  const begins = (day: Weekday) => days.includes(day) && minute >= begin;
  if (begin < end) return begins(weekday) && minute < end;
  const yesterday = WEEKDAYS[(WEEKDAYS.indexOf(weekday) + 6) % 7] ?? weekday;
  return begins(weekday) || (days.includes(yesterday) && minute < end);
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

interface LocalTime {
  date: string;
  weekday: Weekday;
  minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(nowMs: number, zone: string): LocalTime {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone: zone, hourCycle: 'h23', calendar: 'gregory', numberingSystem: 'latn' },
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', weekday: 'short' },
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    weekday: part('weekday').toLowerCase() as Weekday,
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  };
}

/** Does the platform know the zone? For the configuration, before anything is started. */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
