import { THROTTLE_DEFAULTS } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { type Blackouts, blackoutAt, isZone, unloadHold, WEEKDAYS } from './blackout.ts';

const at = (text: string) => Date.parse(text);
const hours = (from: string, to: string, days = WEEKDAYS.slice(0, 5), zone = 'Europe/Berlin'): Blackouts => ({
  hours: [{ days, from, to, zone }],
  dates: [],
});

describe('a blackout', () => {
  it.each([
    ['before it', '2026-11-26T06:59:59Z', false],
    ['at its first second', '2026-11-26T07:00:00Z', true],
    ['in its last', '2026-11-26T16:59:59Z', true],
    ['at its end', '2026-11-26T17:00:00Z', false],
    ['on a Saturday', '2026-11-28T10:00:00Z', false],
    ['in summer an hour earlier by UTC', '2026-07-01T06:30:00Z', true],
  ])('of office hours in Berlin, %s', (_name, time, isOn) => {
    expect(blackoutAt(hours('08:00', '18:00'), at(time)) !== null).toBe(isOn);
  });

  it.each([
    ['Friday before midnight', '2026-11-27T22:30:00Z', true],
    ['Saturday after midnight: Friday’s', '2026-11-28T03:00:00Z', true],
    ['Saturday before midnight', '2026-11-28T22:30:00Z', false],
    ['Sunday after midnight', '2026-11-29T03:00:00Z', false],
  ])('that passes midnight belongs to the day on which it begins: %s', (_name, time, isOn) => {
    expect(blackoutAt(hours('22:00', '06:00'), at(time)) !== null).toBe(isOn);
  });

  it('of a whole day is by the place’s own date', () => {
    const dates: Blackouts = { hours: [], dates: [{ date: '2026-11-30', zone: 'America/New_York' }] };
    expect(blackoutAt(dates, at('2026-11-30T04:59:00Z'))).toBeNull();
    expect(blackoutAt(dates, at('2026-11-30T05:00:00Z'))).toBe('2026-11-30 is a blackout day (America/New_York)');
    expect(blackoutAt(dates, at('2026-12-01T04:59:00Z'))).not.toBeNull();
    expect(blackoutAt(dates, at('2026-12-01T05:00:00Z'))).toBeNull();
  });

  it('to 24:00 ends with the day', () => {
    expect(blackoutAt(hours('20:00', '24:00', WEEKDAYS.slice(), 'UTC'), at('2026-11-26T23:59:59Z'))).not.toBeNull();
    expect(blackoutAt(hours('20:00', '24:00', WEEKDAYS.slice(), 'UTC'), at('2026-11-27T00:00:00Z'))).toBeNull();
  });

  it('holds UNLOADs unless a person has it overlooked; a person’s hold holds always', () => {
    const now = at('2026-11-26T10:00:00Z');
    const on = hours('08:00', '18:00');
    expect(unloadHold(THROTTLE_DEFAULTS, on, now)?.name).toBe('blackout');
    expect(unloadHold({ ...THROTTLE_DEFAULTS, blackouts: 0 }, on, now)).toBeNull();
    expect(unloadHold({ ...THROTTLE_DEFAULTS, hold: 1, blackouts: 0 }, on, now)?.name).toBe('manual');
  });

  it('knows zones from inventions', () => {
    expect(['Europe/Berlin', 'UTC', 'Europe/Atlantis'].map(isZone)).toEqual([true, true, false]);
  });
});
