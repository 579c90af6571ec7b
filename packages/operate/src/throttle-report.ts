/** What the throttle read and decided last, for people and machines, from its records and the settings in force. */
import { THROTTLE_SETTING_NAMES, THROTTLE_SETTINGS, type ThrottleSettings, throttleSettings } from '@lakehaul/core';
import type { Ledger, LedgerRecord, ThrottleRecord } from '@lakehaul/ledger';
import { type Blackouts, blackoutAt } from '@lakehaul/throttle';
import type { z } from 'zod';
import { calibrationJson } from './calibration.ts';
import type { THROTTLE_JSON } from './json/throttle.ts';

/** Beyond it nobody governs: a pass is every 15 s, a record every minute. */
const SILENT_MS = 300_000;

export interface ThrottleConfig {
  configured: ThrottleSettings;
  blackouts: Blackouts;
}

export type ThrottleReport = z.input<typeof THROTTLE_JSON>;

export interface ThrottleNow {
  slots: number;
  /** The first check that is not ok; null: nothing holds UNLOADs back. */
  winner: string | null;
  reason: string;
}

/** What is in force now, by the last record; null while nobody governs. */
export async function throttleNow(ledger: Pick<Ledger, 'throttle' | 'serverTimeMs'>): Promise<ThrottleNow | null> {
  const last = await ledger.throttle.latest();
  if (last === null || !(await isGoverned(ledger, last))) return null;
  const { slots, winner, reason } = last.body;
  return { slots, winner, reason };
}

export async function throttleReport(
  ledger: Pick<Ledger, 'steering' | 'throttle' | 'serverTimeMs' | 'calibration'>,
  { configured, blackouts }: ThrottleConfig,
  { nowMs, history }: { nowMs: number; history: number },
): Promise<ThrottleReport> {
  const set = (await ledger.steering.current()).throttle;
  const records = await ledger.throttle.recent(Math.max(1, history));
  const last = records.at(-1) ?? null;
  const inForce = throttleSettings(configured, set);
  return {
    isGoverned: last !== null && (await isGoverned(ledger, last)),
    asOf: last === null ? null : timeOf(last),
    slots: last?.body.slots ?? null,
    winner: last?.body.winner ?? null,
    reason: last?.body.reason ?? null,
    blackout: blackoutAt(blackouts, nowMs),
    calibration: calibrationJson((await ledger.calibration.current())?.body ?? null),
    checks: (last?.body.checks ?? []).map(({ name, value, limit, unit, verdict, reason }) => ({
      ...{ name, value, limit, unit, verdict, reason },
    })),
    settings: THROTTLE_SETTING_NAMES.map((name) => {
      const { kind, least, most, doc } = THROTTLE_SETTINGS[name];
      const isSet = set.some((row) => row.name === name);
      return { name, value: inForce[name], configured: configured[name], isSet, kind, least, most, doc };
    }),
    history: history === 0 ? [] : records.map(entry),
  };
}

async function isGoverned(ledger: Pick<Ledger, 'serverTimeMs'>, last: LedgerRecord<ThrottleRecord>): Promise<boolean> {
  return (await ledger.serverTimeMs()) - last.lastModifiedMs < SILENT_MS;
}

function entry(record: LedgerRecord<ThrottleRecord>): ThrottleReport['history'][number] {
  const { slots, change, winner, reason, canaryMs, checks } = record.body;
  const queueTimeMs = checks.find((check) => check.name === 'queue-time')?.value ?? null;
  return { at: timeOf(record), slots, change, winner, reason, canaryMs, queueTimeMs };
}

function timeOf(record: LedgerRecord<ThrottleRecord>): string {
  return new Date(record.lastModifiedMs).toISOString();
}
