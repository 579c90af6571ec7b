/** Bugs of the throttle: what would let production at the source suffer, or the haul swing. */
import { type Mutant, mutant } from '../mutant.ts';

const DECIDE = 'packages/throttle/src/decide.test.ts';
const JUDGE = 'packages/throttle/src/judge-readings.test.ts';
const BLACKOUT = 'packages/throttle/src/blackout.test.ts';
const GATE = 'services/worker/src/unload-gate.test.ts';

export const THROTTLE: readonly Mutant[] = [
  mutant('throttle: a worker does not ask for blackouts', {
    harm: 'an UNLOAD starts in month-end hours, because the queue store was emptied or the planner was away',
    file: 'services/worker/src/unload-chunk.ts',
    from: 'await refuseHeld(deps, `${request.plan.source.schema}.${request.plan.source.table}`);\n',
    to: '',
    tests: [GATE],
  }),
  mutant('throttle: what a person has set does not reach the worker’s gate', {
    harm: 'a blackout that was lifted for an emergency holds on',
    file: 'services/worker/src/unload-gate.ts',
    from: 'unloadHold(throttleSettings(gate.configured, throttle),',
    to: 'unloadHold(gate.configured,',
    tests: [GATE],
  }),
  mutant('throttle: a pause that came while a job was prepared is overlooked', {
    harm: 'people pause and cancel, and a moment later another UNLOAD starts',
    file: 'services/worker/src/unload-gate.ts',
    from: 'if (gate.isLive === true) {',
    to: 'if (gate.isLive === undefined) {',
    tests: [GATE],
  }),
  mutant('throttle: one critical reading stops everything', {
    harm: 'a blip of one reading costs the haul its whole way up',
    file: 'packages/throttle/src/decide.ts',
    from: 'const STOP_READINGS = 2;',
    to: 'const STOP_READINGS = 1;',
    tests: [DECIDE],
  }),
  mutant('throttle: danger never stops anything', {
    harm: 'UNLOADs go on starting at a source that is about to fall over',
    file: 'packages/throttle/src/decide.ts',
    from: 'stopReadings >= STOP_READINGS && stop !== undefined',
    to: 'stopReadings < 0 && stop !== undefined',
    tests: [DECIDE],
  }),
  mutant('throttle: slots are added right below the limit', {
    harm: 'slots swing between the last that is borne and the first that hurts',
    file: 'packages/throttle/src/check.ts',
    from: 'mayClimb: value * 100 < limit * climbBelowPercent,',
    to: 'mayClimb: value < limit,',
    tests: [JUDGE],
  }),
  mutant('throttle: what has hurt is forgotten', {
    harm: 'production suffers the same pain every few minutes, for weeks',
    file: 'packages/throttle/src/decide.ts',
    from: 'next >= state.hurtAt && nowMs - state.hurtMs < settings.retryAboveMs)',
    to: 'next >= state.hurtAt && nowMs - state.hurtMs < 0)',
    tests: [DECIDE],
  }),
  mutant('throttle: a cut is not given time to work', {
    harm: 'slots fall to the least although the first cut was enough',
    file: 'packages/throttle/src/decide.ts',
    from: 'if (running !== null && running > state.slots)',
    to: 'if (running !== null && running > state.slots + 1_000_000)',
    tests: [DECIDE],
  }),
  mutant('throttle: a cap is not heeded', {
    harm: 'the budget says two slots, and sixteen run',
    file: 'packages/throttle/src/decide.ts',
    from: 'Math.min(settings.maxSlots, cap?.maxSlots ?? settings.maxSlots)',
    to: 'settings.maxSlots',
    tests: [DECIDE],
  }),
  mutant('throttle: pain raises the canary’s calm', {
    harm: 'a source that gets slower day by day is taken for calm',
    file: 'packages/throttle/src/canary.ts',
    from: 'return isCalm ? ',
    to: 'return isCalm || memory !== NO_CANARY ? ',
    tests: [JUDGE],
  }),
  mutant('throttle: a night’s blackout ends at midnight', {
    harm: 'UNLOADs start in the hours after midnight that were asked to be left alone',
    file: 'packages/throttle/src/blackout.ts',
    from: 'return begins(weekday) || (days.includes(yesterday) && minute < end);',
    to: 'return begins(weekday);',
    tests: [BLACKOUT],
  }),
  mutant('throttle: blind twice in a row and none the wiser', {
    harm: 'a source too busy to answer our small question gets the same load as before',
    file: 'packages/throttle/src/judge-readings.ts',
    from: "times >= BLIND_READINGS ? 'warn'",
    to: "times >= BLIND_READINGS * 1_000 ? 'warn'",
    tests: [JUDGE],
  }),
];
