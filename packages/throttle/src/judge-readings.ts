/** Readings of one moment held against the settings: the checks in the order in which people are told of them. Pure. */
import type { ThrottleSettings } from '@lakehaul/core';
import { type Blackouts, unloadHold } from './blackout.ts';
import { type Check, flagged, inUnit, measured, unreadable } from './check.ts';

/** A sign that could not be read, and why: the platform does not offer it, or refused it. */
export interface Unread {
  unread: string;
}

export interface SourceReading {
  /** 95th percentile of the waits of statements that are not of the haul; null: none waited or started lately. */
  queueTimeMs: number | null;
  queued: number;
  running: number;
  /** Of the running ones: by our query groups, probes and canaries included. */
  runningOurs: number;
}

export interface Readings {
  /** Readings of the source that failed one after the other, the last one included, and how it failed. */
  failed: { times: number; reason: string } | null;
  source: SourceReading | Unread;
  canaryMs: number | Unread;
  diskPercent: number | Unread;
  warehouseQueued: number | Unread;
  /** Calls that S3 asked to slow down with since the last reading, of so many processes. */
  s3SlowDowns: { calls: number; processes: number } | Unread;
  /** A flag object that several migrations share; null: none is configured. */
  flag: { key: string; isUp: boolean } | Unread | null;
}

export interface JudgeRequest {
  settings: ThrottleSettings;
  blackouts: Blackouts;
  readings: Readings;
  /** What the canary takes in calm; null as long as it is not known. */
  canaryBaselineMs: number | null;
  nowMs: number;
  /** Checks of others, such as the budget; asked before what is measured. */
  others?: readonly Check[];
}

export function judgeReadings(request: JudgeRequest): Check[] {
  const { settings, readings, others = [] } = request;
  return [
    ...holds(request),
    ...flagChecks(readings.flag),
    ...others,
    failedCheck(readings.failed),
    ...sourceChecks(settings, readings.source),
    canaryCheck(settings, readings.canaryMs, request.canaryBaselineMs),
    read('disk', 'percent', readings.diskPercent, (value) =>
      measured(
        {
          ...lines(settings),
          name: 'disk',
          unit: 'percent',
          limit: settings.diskPercent,
          stop: settings.diskStopPercent,
        },
        value,
        (is, limit) => `${is} of the fullest node’s storage are in use (limit ${limit})`,
      ),
    ),
    read('warehouse-queue', 'count', readings.warehouseQueued, (value) =>
      measured(
        { ...lines(settings), name: 'warehouse-queue', unit: 'count', limit: settings.warehouseQueue },
        value,
        (is, limit) => `${is} statements wait in the warehouse’s queue (limit ${limit})`,
      ),
    ),
    slowDownCheck(settings, readings.s3SlowDowns),
  ];
}

function lines({ climbBelowPercent }: ThrottleSettings): { climbBelowPercent: number } {
  return { climbBelowPercent };
}

function read(name: string, unit: Check['unit'], reading: number | Unread, judge: (value: number) => Check): Check {
  return typeof reading === 'number' ? judge(reading) : unreadable(name, unit, reading.unread);
}

function slowDownCheck(settings: ThrottleSettings, reading: Readings['s3SlowDowns']): Check {
  if ('unread' in reading) return unreadable('s3-slow-downs', 'count', reading.unread);
  const { calls, processes } = reading;
  const of = processes === 1 ? 'one process' : `${processes} processes`;
  return measured(
    { ...lines(settings), name: 's3-slow-downs', unit: 'count', limit: settings.s3SlowDowns },
    calls,
    (is, limit) => `S3 asked ${is} calls of ${of} to slow down since the last reading (limit ${limit})`,
  );
}

function holds({ settings, blackouts, nowMs }: JudgeRequest): Check[] {
  const hold = unloadHold(settings, blackouts, nowMs);
  const reasonOf = (name: 'manual' | 'blackout', calm: string) => (hold?.name === name ? hold.reason : calm);
  const calm = settings.blackouts === 0 ? 'blackouts are overlooked (throttle setting blackouts)' : 'no blackout now';
  return [
    flagged('manual', hold?.name === 'manual', reasonOf('manual', 'nobody holds it')),
    flagged('blackout', hold?.name === 'blackout', reasonOf('blackout', calm)),
  ];
}

function flagChecks(flag: Readings['flag']): Check[] {
  if (flag === null) return [];
  if ('unread' in flag) return [unreadable('flag', 'flag', flag.unread)];
  return [
    flagged('flag', flag.isUp, flag.isUp ? `the flag object ${flag.key} is there` : `no flag object ${flag.key}`),
  ];
}

/** Blind twice in a row: perhaps because the source has no room for our question either. */
const BLIND_READINGS = 2;

function failedCheck(failed: Readings['failed']): Check {
  const times = failed?.times ?? 0;
  return {
    ...{ name: 'reading', value: times, limit: BLIND_READINGS, unit: 'count' },
    ...{ verdict: times >= BLIND_READINGS ? 'warn' : 'ok', mayClimb: times === 0, isMeasured: true, maxSlots: null },
    reason:
      failed === null ? 'the source was read' : `the source could not be read, ${times} times now: ${failed.reason}`,
  };
}

function sourceChecks(settings: ThrottleSettings, source: Readings['source']): Check[] {
  if ('unread' in source)
    return [
      unreadable('queue-time', 'ms', source.unread),
      unreadable('queue-depth', 'count', source.unread),
      unreadable('share', 'percent', source.unread),
    ];
  const common = lines(settings);
  return [
    measured(
      { ...common, name: 'queue-time', unit: 'ms', limit: settings.queueTimeMs, stop: settings.queueTimeStopMs },
      source.queueTimeMs ?? 0,
      (is, limit) =>
        source.queueTimeMs === null
          ? 'no statement waited lately'
          : `one statement in twenty waits ${is} or longer in the source’s queue (limit ${limit})`,
    ),
    measured(
      { ...common, name: 'queue-depth', unit: 'count', limit: settings.queueDepth, stop: settings.queueDepthStop },
      source.queued,
      (is, limit) => `${is} statements are in the source’s queue (limit ${limit})`,
    ),
    shareCheck(settings, source),
  ];
}

/** Alone at night we are all that runs, and hurt nobody by it. */
function shareCheck(settings: ThrottleSettings, { running, runningOurs }: SourceReading): Check {
  const others = Math.max(0, running - runningOurs);
  const percent = running === 0 ? 0 : (runningOurs * 100) / running;
  const check = measured(
    { ...lines(settings), name: 'share', unit: 'percent', limit: settings.sharePercent },
    percent,
    (is, limit) =>
      `${is} of the statements that run at the source are ours: ${runningOurs} of ${running} (limit ${limit})`,
  );
  if (others >= settings.shareFromOthers) return check;
  const reason = `${others} statements of others run; the share is judged from ${settings.shareFromOthers} on`;
  return { ...check, verdict: 'ok', mayClimb: true, reason };
}

function canaryCheck(settings: ThrottleSettings, reading: Readings['canaryMs'], baselineMs: number | null): Check {
  if (typeof reading !== 'number') return unreadable('canary', 'percent', reading.unread);
  if (baselineMs === null)
    return unreadable('canary', 'percent', `its calm is not known yet; it took ${inUnit(reading, 'ms')}`);
  // Below the floor a factor says nothing: 6 ms instead of 2 is no pain.
  const calmMs = Math.max(baselineMs, settings.canaryFloorMs);
  const { canaryPercent: limit, canaryStopPercent: stop } = settings;
  return measured(
    { ...lines(settings), name: 'canary', unit: 'percent', limit, stop },
    (reading * 100) / calmMs,
    (is, most) => `the canary query took ${inUnit(reading, 'ms')}, ${is} of its calm (limit ${most})`,
  );
}
