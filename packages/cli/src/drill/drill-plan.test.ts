import { describe, expect, it } from 'vitest';
import { DRILLS } from './catalogue.ts';
import { chooseDrills, SHORT_DRILLS } from './choose-drills.ts';
import { actionText, planDrill } from './drill-plan.ts';
import { drillOutcome, drillText, summarize } from './drill-report.ts';
import type { DrillResult } from './run-drill.ts';

describe('a drill', () => {
  it.each(DRILLS.map((drill) => [drill.name, drill] as const))('%s: the seed is the schedule', (_name, drill) => {
    const plans = Array.from({ length: 30 }, (_, seed) => JSON.stringify(planDrill(drill, seed)));
    expect(plans).toEqual(Array.from({ length: 30 }, (_, seed) => JSON.stringify(planDrill(drill, seed))));
    // Fixed parts aside (a share of all calls), other seeds are other schedules.
    expect(new Set(plans.map((plan) => plan.replace(/"seed":\d+/, ''))).size).toBeGreaterThan(5);
    for (const each of planDrill(drill, 7).schedule) expect(actionText(each)).not.toMatch(/undefined|NaN/);
  });

  it('without a name is the next one round the short ones', () => {
    const plans = chooseDrills({ name: undefined, seed: 40, count: 20, hasRedis: true });
    expect(plans.map((plan) => plan.drill).sort()).toEqual(SHORT_DRILLS.map((drill) => drill.name).sort());
    expect(plans.map((plan) => plan.seed)).toEqual(Array.from({ length: 20 }, (_, index) => 40 + index));
  });

  it('that needs Redis is refused without one, and the others are offered', () => {
    const choose = () => chooseDrills({ name: 'sigkill', seed: 1, count: 1, hasRedis: false });
    expect(choose).toThrow(expect.objectContaining({ code: 'REDIS_MISSING', where: 'sigkill' }));
    expect(choose).toThrow(expect.objectContaining({ next: expect.stringContaining('s3-slowdown') }));
    const others = chooseDrills({ name: undefined, seed: 1, count: 20, hasRedis: false });
    expect(others.every((plan) => DRILLS.find((drill) => drill.name === plan.drill)?.needsRedis === false)).toBe(true);
  });

  it('that does not exist is a mistake of the caller', () => {
    expect(() => chooseDrills({ name: 'earthquake', seed: 1, count: 1, hasRedis: true })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});

const RESULT: DrillResult = {
  drill: 'sigkill',
  seed: 7,
  injected: ['SIGKILL verifier at receipt 1'],
  isEqual: true,
  failure: null,
  chunks: 10,
  verified: 10,
  lost: '0',
  doubled: '0',
  falselyVerified: 0,
  liveWritten: 27,
  foreignTouched: '0',
  restarts: 1,
  unloadsSubmitted: 10,
  unloadsRepeated: 0,
  recoverySeconds: 2.5,
  hits: 1,
  unproven: [],
  durationSeconds: 9,
  log: [],
};

describe('what a drill tells', () => {
  it('is the time to recover where it recovered', () => {
    expect(drillText(RESULT)).toContain('  recovered  2.5 s after the last injection; met work in flight 1 time;');
    expect(drillText(RESULT)).not.toContain('next');
  });

  it('never says recovered where chunks are unproven, but which ones and how to look closer', () => {
    const failure = '9 of 10 chunks proven within the limit';
    const unproven = ['g1/3 (attempt 1: opened, submit)'];
    const said = drillText({ ...RESULT, isEqual: false, failure, verified: 9, recoverySeconds: null, unproven });
    expect(said).not.toMatch(/^ +recovered/m);
    expect(said).toContain('NOT recovered within the limit');
    expect(said).toContain('nothing of what is proven; 9 of 10 chunks verified');
    expect(said).toContain('g1/3 (attempt 1: opened, submit)');
    expect(said).toContain('lakehaul drill sigkill --seed 7 --limit 300');
  });

  it('counts no time for a drill that never recovered', () => {
    const never = { ...RESULT, isEqual: false, recoverySeconds: null };
    expect(summarize([RESULT, never])).toMatchObject({ equal: 1, recoverySecondsP50: 2.5, recoverySecondsP95: 2.5 });
  });
});

describe('drills end with', () => {
  const FAILED = { ...RESULT, isEqual: false, failure: 'something' };

  it('done when all were held and equal', () => {
    expect(drillOutcome([RESULT, RESULT], 2)).toBe('done');
  });

  it.each([
    { lost: '1' },
    { doubled: '1' },
    { foreignTouched: '2' },
    { falselyVerified: 1, unproven: ['g1/3'] },
    { unloadsRepeated: 1 },
  ])('failed when what must never be was done: %o', (done) => {
    expect(drillOutcome([RESULT, { ...FAILED, ...done }], 3)).toBe('failed');
  });

  it('not proven when time ran out, nothing met work in flight, or one was not held', () => {
    expect(drillOutcome([RESULT, { ...FAILED, unproven: ['g1/3'], doubled: '4' }], 2)).toBe('notProven');
    expect(drillOutcome([{ ...FAILED, hits: 0 }], 1)).toBe('notProven');
    expect(drillOutcome([RESULT], 2)).toBe('notProven');
  });
});

describe('many drills', () => {
  it('are summed up: what was lost, which failed, how long recovery took', () => {
    const good = { drill: 'sigkill', isEqual: true, lost: '0', doubled: '0', falselyVerified: 0, foreignTouched: '0' };
    const results = Array.from({ length: 20 }, (_, index) => ({ ...good, seed: index, recoverySeconds: index + 1 }));
    const bad = { ...good, seed: 99, isEqual: false, lost: '3', falselyVerified: 1, recoverySeconds: 0.5 };
    expect(summarize([...results, bad])).toEqual({
      drills: 21,
      equal: 20,
      lost: '3',
      doubled: '0',
      falselyVerified: 1,
      foreignTouched: '0',
      failures: [{ drill: 'sigkill', seed: 99 }],
      recoverySecondsP50: 10,
      recoverySecondsP95: 19,
    });
  });
});
