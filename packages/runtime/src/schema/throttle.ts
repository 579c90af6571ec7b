/** The section `throttle` of lakehaul.yaml. Its numbers are one table with what people set while the fleet runs. */
import { THROTTLE_SETTINGS, type ThrottleSettingName, type ThrottleSettings } from '@lakehaul/core';
import { type Blackouts, isZone, WEEKDAYS } from '@lakehaul/throttle';
import { z } from 'zod';
import { durationMs, form, text, whole } from './fields.ts';

/** Durations may be written with a unit and flags as true or false; the rest are whole numbers. */
function numberField(name: ThrottleSettingName) {
  const { kind, default: fallback, least, most, doc } = THROTTLE_SETTINGS[name];
  if (kind === 'flag')
    return z
      .boolean()
      .default(fallback === 1)
      .transform(Number)
      .describe(doc);
  if (kind === 'count' || kind === 'percent') return whole(least, most).default(fallback).describe(doc);
  return durationMs()
    .prefault(fallback)
    .refine((value) => value >= least && value <= most, { error: `must be from ${least} ms to ${most} ms` })
    .describe(doc);
}

const clockTime = (pattern: RegExp, wanted: string) => form(pattern, wanted);
const zone = () => text().refine(isZone, { error: 'is not a time zone such as Europe/Berlin' });
const ZONE_DOC = 'Time zone (IANA) that the times are of.';

const hours = z
  .strictObject({
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1)
      .default([...WEEKDAYS])
      .describe('Days on which it begins.'),
    from: clockTime(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 08:00').describe('When it begins.'),
    to: clockTime(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'a time such as 18:00, or 24:00').describe(
      'When it ends; not later than from: on the next day.',
    ),
    zone: zone().default('UTC').describe(ZONE_DOC),
  })
  .describe('Hours in which no UNLOAD starts. What runs goes on: begin earlier by what an UNLOAD takes.');

const dates = z
  .strictObject({
    date: form(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a date such as 2026-12-24').describe('The whole day.'),
    zone: zone().default('UTC').describe(ZONE_DOC),
  })
  .describe('Days on which no UNLOAD starts.');

export const throttle = z
  .strictObject({
    governor: z
      .boolean()
      .default(true)
      .describe('Off: nobody reads the source’s pain, and slots are the workers’ own. Blackouts hold all the same.'),
    everyMs: durationMs()
      .prefault('15s')
      .refine((value) => value >= 100, { error: 'must be 100ms or more' })
      .describe('Pause between two readings.'),
    readingTimeoutMs: durationMs()
      .prefault('60s')
      .refine((value) => value >= 100, { error: 'must be 100ms or more' })
      .describe('A source that does not answer a reading for so long was not read; two in a row halve.'),
    blackoutHours: z.array(hours).default([]),
    blackoutDates: z.array(dates).default([]),
    flagKey: text()
      .exactOptional()
      .describe(
        'Key of an object in the ledger’s bucket: while it is there, no UNLOAD starts. Migrations may share it.',
      ),
    ...numberFields(),
  })
  .describe(
    'How much of the source the haul may use: its pain is read, and UNLOADs at once follow. lakehaul throttle.',
  );

function numberFields() {
  const names = Object.keys(THROTTLE_SETTINGS) as ThrottleSettingName[];
  // Typed as what they become; what may be written in the file is wider.
  return Object.fromEntries(names.map((name) => [name, numberField(name)])) as unknown as Record<
    ThrottleSettingName,
    z.ZodDefault<z.ZodNumber>
  >;
}

/** The section as the throttle takes it. */
export function throttleOf(section: z.output<typeof throttle>): { configured: ThrottleSettings; blackouts: Blackouts } {
  const names = Object.keys(THROTTLE_SETTINGS) as ThrottleSettingName[];
  const configured = Object.fromEntries(names.map((name) => [name, section[name]])) as Record<
    ThrottleSettingName,
    number
  >;
  return { configured, blackouts: { hours: section.blackoutHours, dates: section.blackoutDates } };
}
