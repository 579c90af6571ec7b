import { THROTTLE_DEFAULTS } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { canaryBaselineMs, NO_CANARY, rememberCanary } from './canary.ts';
import { flagged } from './check.ts';
import { type JudgeRequest, judgeReadings, type Readings } from './judge-readings.ts';

const CALM: Readings = {
  failed: null,
  source: { queueTimeMs: 20, queued: 0, running: 6, runningOurs: 2 },
  canaryMs: 40,
  diskPercent: 40,
  warehouseQueued: 0,
  s3SlowDowns: { calls: 0, processes: 3 },
  flag: null,
};

function judged(readings: Partial<Readings> = {}, more: Partial<JudgeRequest> = {}) {
  const checks = judgeReadings({
    ...{ settings: THROTTLE_DEFAULTS, blackouts: { hours: [], dates: [] }, canaryBaselineMs: 1_000, nowMs: 0 },
    readings: { ...CALM, ...readings },
    ...more,
  });
  return {
    names: checks.map((check) => check.name),
    hits: checks.filter((check) => check.verdict !== 'ok').map((check) => `${check.name} ${check.verdict}`),
    holding: checks.filter((check) => !check.mayClimb).map((check) => check.name),
    of: (name: string) => checks.find((check) => check.name === name),
  };
}

describe('readings', () => {
  it('of a calm source hit nothing and hold nothing back', () => {
    expect(judged().hits).toEqual([]);
    expect(judged().holding).toEqual([]);
  });

  it.each<[string, Partial<Readings>, string]>([
    ['queue time', { source: { queueTimeMs: 10_000, queued: 0, running: 6, runningOurs: 2 } }, 'queue-time warn'],
    ['long queue time', { source: { queueTimeMs: 60_000, queued: 0, running: 6, runningOurs: 2 } }, 'queue-time stop'],
    ['queue depth', { source: { queueTimeMs: null, queued: 10, running: 6, runningOurs: 2 } }, 'queue-depth warn'],
    ['a deep queue', { source: { queueTimeMs: null, queued: 50, running: 6, runningOurs: 2 } }, 'queue-depth stop'],
    ['our share', { source: { queueTimeMs: 0, queued: 0, running: 13, runningOurs: 10 } }, 'share warn'],
    ['a slow canary', { canaryMs: 3_000 }, 'canary warn'],
    ['a dying canary', { canaryMs: 10_000 }, 'canary stop'],
    ['a full disk', { diskPercent: 85 }, 'disk warn'],
    ['a disk about to be full', { diskPercent: 95 }, 'disk stop'],
    ['a waiting warehouse', { warehouseQueued: 20 }, 'warehouse-queue warn'],
    ['slow-downs of S3', { s3SlowDowns: { calls: 20, processes: 3 } }, 's3-slow-downs warn'],
    ['a shared flag', { flag: { key: 'stop', isUp: true } }, 'flag stop'],
    ['two readings that failed', { failed: { times: 2, reason: 'UNREACHABLE' } }, 'reading warn'],
  ])('%s hits', (_name, readings, hit) => {
    expect(judged(readings).hits).toEqual([hit]);
  });

  it('between the two lines nothing is hit and nothing is added', () => {
    const between = judged({ source: { queueTimeMs: 7_500, queued: 0, running: 6, runningOurs: 2 } });
    expect(between.hits).toEqual([]);
    expect(between.holding).toEqual(['queue-time']);
  });

  it('what cannot be read says so and holds nothing', () => {
    const blind = judged({ source: { unread: 'own statements only' }, diskPercent: { unread: 'serverless' } });
    expect(blind.hits).toEqual([]);
    expect(blind.holding).toEqual([]);
    expect(blind.of('disk')).toMatchObject({ value: null, reason: 'not readable here: serverless' });
    expect(blind.of('queue-time')?.reason).toBe('not readable here: own statements only');
  });

  it('all that runs may be ours where hardly anybody else runs anything', () => {
    expect(judged({ source: { queueTimeMs: 0, queued: 0, running: 18, runningOurs: 16 } }).hits).toEqual([]);
  });

  it('checks of others are asked after what people say and before what is measured', () => {
    const budget = { ...flagged('budget', false, 'within it'), maxSlots: 3 };
    expect(judged({}, { others: [budget] }).names.slice(0, 4)).toEqual(['manual', 'blackout', 'budget', 'reading']);
  });

  it('a canary is judged by its own calm, which pain does not raise', () => {
    expect(judged({ canaryMs: 60_000 }, { canaryBaselineMs: null }).hits).toEqual([]);
    const five = [40, 50, 45, 60, 50].reduce((memory, ms) => rememberCanary(memory, ms, true), NO_CANARY);
    expect(canaryBaselineMs(NO_CANARY)).toBeNull();
    expect(canaryBaselineMs(five)).toBe(50);
    const pain = Array.from({ length: 30 }, () => 9_000).reduce(
      (memory, ms) => rememberCanary(memory, ms, false),
      five,
    );
    expect(canaryBaselineMs(pain)).toBe(50);
  });

  it('a canary of milliseconds is calm below the floor, whatever the factor', () => {
    expect(judged({ canaryMs: 400 }, { canaryBaselineMs: 4 }).hits).toEqual([]);
    expect(judged({ canaryMs: 1_600 }, { canaryBaselineMs: 4 }).hits).toEqual(['canary warn']);
  });
});
