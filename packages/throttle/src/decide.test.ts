import { THROTTLE_DEFAULTS, type ThrottleSettings } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Check, flagged, measured } from './check.ts';
import { type Decision, decide, type ThrottleState } from './decide.ts';

const STEP_MS = 30_000;
const SETTINGS: ThrottleSettings = { ...THROTTLE_DEFAULTS, maxSlots: 16, startSlots: 8 };

const queue = (value: number, settings = SETTINGS): Check =>
  measured(
    {
      ...{ name: 'queue-time', unit: 'ms', limit: settings.queueTimeMs, stop: settings.queueTimeStopMs },
      climbBelowPercent: settings.climbBelowPercent,
    },
    value,
    (is) => is,
  );
const CALM = queue(0);
const PAIN = queue(20_000);
const DANGER = queue(90_000);
const BLACKOUT = flagged('blackout', true, 'from 08:00');

/** Readings one after the other, each of the slots that the one before it left; all slots are in use. */
function run(readings: readonly (Check | ((slots: number) => Check))[], settings = SETTINGS): Decision[] {
  const decisions: Decision[] = [];
  let state: ThrottleState | null = null;
  for (const [index, reading] of readings.entries()) {
    const running: number = state?.slots ?? settings.startSlots;
    const check = typeof reading === 'function' ? reading(running) : reading;
    const nowMs = index * STEP_MS;
    const decision = decide({ state, checks: [check], settings, running: index === 0 ? null : running, nowMs });
    decisions.push(decision);
    state = decision.state;
  }
  return decisions;
}
const slotsOf = (decisions: readonly Decision[]) => decisions.map((decision) => decision.slots);
const repeat = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('slots', () => {
  it('climb by one in each calm interval to the most that is allowed, and stay there', () => {
    const slots = slotsOf(run(repeat(12, CALM)));
    expect(slots).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 16, 16, 16]);
  });

  it('halve at a hit, and again when the cut had its time', () => {
    expect(slotsOf(run([CALM, PAIN, PAIN, PAIN, PAIN, PAIN]))).toEqual([8, 4, 4, 2, 2, 1]);
  });

  it('wait for the UNLOADs of an earlier cut to end before the next', () => {
    const state: ThrottleState = {
      ...{ slots: 4, stoppedBy: null, beforeStop: 0, stopReadings: 0, hurtAt: 8, hurtMs: 0, fellMs: 0, climbedMs: 0 },
    };
    const at = (running: number) => decide({ state, checks: [PAIN], settings: SETTINGS, running, nowMs: 3_600_000 });
    expect(at(7)).toMatchObject({ slots: 4, change: 'hold' });
    expect(at(7).reason).toContain('3 UNLOADs to end');
    expect(at(4)).toMatchObject({ slots: 2, change: 'fall' });
  });

  it('a critical reading alone halves; only the second in a row stops', () => {
    const decisions = run([CALM, DANGER, DANGER, DANGER, CALM, CALM]);
    expect(slotsOf(decisions)).toEqual([8, 4, 0, 0, 1, 2]);
    expect(decisions.map((each) => each.change)).toEqual(['start', 'fall', 'stop', 'hold', 'resume', 'climb']);
    expect(slotsOf(run([CALM, DANGER, CALM, DANGER, CALM, DANGER]))).not.toContain(0);
  });

  it('after a stop for pain nothing starts until the reading is below the lower line', () => {
    expect(slotsOf(run([DANGER, DANGER, PAIN, queue(9_000), queue(6_900)]))).toEqual([4, 0, 0, 0, 1]);
  });

  it('a blackout that ends in danger lets nothing start before the danger is over', () => {
    const both = (check: Check) => [BLACKOUT, check];
    const readings = [[CALM], both(DANGER), both(DANGER), [DANGER], [PAIN], [queue(6_900)], [CALM]];
    let state: ThrottleState | null = null;
    const slots: number[] = [];
    for (const [index, checks] of readings.entries()) {
      const decision = decide({ state, checks, settings: SETTINGS, running: 0, nowMs: index * STEP_MS });
      slots.push(decision.slots);
      state = decision.state;
    }
    expect(slots).toEqual([8, 0, 0, 0, 0, 1, 2]);
    // Seen for the first time when it ends: still not now.
    const first: ThrottleState = {
      ...(state as unknown as ThrottleState),
      slots: 0,
      stoppedBy: 'planned',
      stopReadings: 0,
    };
    const request = { settings: SETTINGS, running: 0, nowMs: 3_600_000 };
    expect(decide({ ...request, state: first, checks: [DANGER] })).toMatchObject({ slots: 0, change: 'hold' });
    expect(decide({ ...request, state: first, checks: [PAIN] })).toMatchObject({ slots: 1, change: 'resume' });
  });

  it('a look that failed between two critical readings does not make the second the first', () => {
    const failed: Check = { ...CALM, name: 'reading', value: 1, limit: 2, unit: 'count', mayClimb: false };
    expect(slotsOf(run([CALM, DANGER, failed, DANGER]))).toEqual([8, 4, 4, 0]);
  });

  it('a blackout stops at once and leaves off at half of what ran before', () => {
    const decisions = run([CALM, BLACKOUT, BLACKOUT, CALM, CALM]);
    expect(slotsOf(decisions)).toEqual([8, 0, 0, 4, 5]);
    expect(decisions[1]).toMatchObject({
      change: 'stop',
      winner: { name: 'blackout' },
      reason: 'blackout: from 08:00',
    });
  });

  it('a blackout over a stop for pain ends in the stop for pain', () => {
    expect(slotsOf(run([DANGER, DANGER, BLACKOUT, queue(9_000), CALM]))).toEqual([4, 0, 0, 0, 1]);
  });

  it('what has hurt is not tried again for a while, then once more', () => {
    const hurtsAtTen = (slots: number) => (slots >= 10 ? PAIN : CALM);
    const slots = slotsOf(run(repeat(60, hurtsAtTen)));
    const falls = slots.filter((each, index) => index > 0 && each < (slots[index - 1] ?? 0)).length;
    // 60 readings are half an hour: the first pain, and one more try after ten minutes, and one after that.
    expect(falls).toBe(3);
    expect(Math.max(...slots)).toBe(10);
  });

  it('pain while nothing of ours runs teaches nothing about our slots', () => {
    const state = run([CALM]).at(-1)?.state ?? null;
    const hit = decide({ state, checks: [PAIN], settings: SETTINGS, running: 0, nowMs: 3_600_000 });
    expect(hit).toMatchObject({ slots: 4, state: { hurtAt: null } });
  });

  it('the first hit is the reason, stops before warnings', () => {
    const checks = [PAIN, { ...PAIN, name: 'disk' }, { ...BLACKOUT, name: 'manual' }];
    expect(decide({ state: null, checks, settings: SETTINGS, running: 0, nowMs: 0 }).winner?.name).toBe('manual');
    expect(
      decide({ state: null, checks: checks.slice(0, 2), settings: SETTINGS, running: 0, nowMs: 0 }).winner?.name,
    ).toBe('queue-time');
  });

  it('fall at once to a maximum or a cap that was lowered, and say by whom', () => {
    const state = run([CALM]).at(-1)?.state ?? null;
    const lowered = { ...SETTINGS, maxSlots: 3 };
    expect(decide({ state, checks: [CALM], settings: lowered, running: 8, nowMs: 1 })).toMatchObject({ slots: 3 });
    const budget: Check = { ...flagged('budget', false, 'half of it is spent'), maxSlots: 2 };
    const capped = decide({ state, checks: [CALM, budget], settings: SETTINGS, running: 8, nowMs: 1 });
    expect(capped).toMatchObject({ slots: 2, change: 'fall', reason: 'budget: half of it is spent' });
  });

  it('a check that allows none stops as what is planned does, is the reason, and is gone on from as from a blackout', () => {
    const none: Check = { ...flagged('budget', false, 'all of it is spent'), maxSlots: 0 };
    const at = (state: ThrottleState | null, checks: Check[], nowMs: number) =>
      decide({ state, checks, settings: SETTINGS, running: 0, nowMs });
    const first = at(null, [none], 0);
    expect(first).toMatchObject({ slots: 0, change: 'start', winner: none, state: { stoppedBy: 'planned' } });
    const running = run([CALM]).at(-1)?.state ?? null;
    const stop = at(running, [CALM, none], 1);
    expect(stop).toMatchObject({ slots: 0, change: 'stop', winner: none, reason: 'budget: all of it is spent' });
    const still = at(stop.state, [PAIN, none], STEP_MS);
    expect(still).toMatchObject({ slots: 0, change: 'hold', winner: none, state: { beforeStop: 8 } });
    const danger = at(still.state, [DANGER, none], 2 * STEP_MS);
    expect(at(danger.state, [DANGER, none], 3 * STEP_MS)).toMatchObject({ slots: 0, winner: DANGER });
    expect(at(still.state, [CALM], 2 * STEP_MS)).toMatchObject({ slots: 4, change: 'resume', winner: null });
  });
});

const checkOf = fc.oneof(
  fc.integer({ min: 0, max: 120_000 }).map((ms) => queue(ms)),
  fc.integer({ min: 0, max: 20 }).map((most): Check => ({ ...flagged('budget', false, 'cap'), maxSlots: most })),
  fc.constant(BLACKOUT),
);

describe('whatever is read', () => {
  it('slots are whole, never above the maximum or a cap, and 0 while something planned stops us', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ checks: fc.array(checkOf, { maxLength: 3 }), running: fc.option(fc.nat(40)) }), {
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 32 }),
        (readings, maxSlots) => {
          const settings = { ...SETTINGS, maxSlots };
          let state: ThrottleState | null = null;
          for (const [index, { checks, running }] of readings.entries()) {
            const decision: Decision = decide({ state, checks, settings, running, nowMs: index * STEP_MS });
            state = decision.state;
            const most = Math.min(maxSlots, ...checks.map((check) => check.maxSlots ?? maxSlots));
            expect(Number.isInteger(decision.slots) && decision.slots >= 0 && decision.slots <= most).toBe(true);
            expect(state.slots).toBe(decision.slots);
            // Whoever is asked why nothing starts knows it.
            expect(state.stoppedBy !== null).toBe(decision.slots === 0);
            if (checks.some((check) => check.verdict === 'stop' && !check.isMeasured)) expect(decision.slots).toBe(0);
          }
        },
      ),
    );
  });

  it('slots never rise under pain, and come back to the maximum when it is over for good', () => {
    fc.assert(
      fc.property(fc.array(checkOf, { maxLength: 30 }), fc.integer({ min: 1, max: 30 }), (before, hits) => {
        const calmReadings = Math.ceil(SETTINGS.retryAboveMs / STEP_MS) + 2 * SETTINGS.maxSlots + 4;
        const slots = slotsOf(run([...before, ...repeat(hits, PAIN), ...repeat(calmReadings, CALM)]));
        const painful = slots.slice(before.length, before.length + hits);
        for (const [index, each] of painful.entries())
          if (index > 0) expect(each).toBeLessThanOrEqual(Math.max(painful[index - 1] ?? 0, SETTINGS.minSlots));
        expect(slots.at(-1)).toBe(SETTINGS.maxSlots);
      }),
    );
  });

  it('under a constant load slots settle: what hurts is tried once in retryAboveMs at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9_000 }),
        fc.integer({ min: 0, max: 24 }),
        fc.integer({ min: 1, max: 8_000 }),
        (othersMs, freeSlots, perSlotMs) => {
          const load = (slots: number) => queue(othersMs + perSlotMs * Math.max(0, slots - freeSlots));
          const readings = 240;
          const late = slotsOf(run(repeat(readings, load))).slice(readings / 2);
          const falls = late.filter((each, index) => index > 0 && each < (late[index - 1] ?? 0)).length;
          const tries = ((readings / 2) * STEP_MS) / SETTINGS.retryAboveMs;
          expect(falls).toBeLessThanOrEqual(tries + 1);
        },
      ),
    );
  });
});
