export {
  type BlackoutDate,
  type BlackoutHours,
  type Blackouts,
  blackoutAt,
  type Hold,
  isZone,
  unloadHold,
  WEEKDAYS,
  type Weekday,
} from './blackout.ts';
export { type CanaryMemory, canaryBaselineMs, NO_CANARY, rememberCanary } from './canary.ts';
export { type Check, type CheckUnit, flagged, inUnit, measured, unreadable, type Verdict } from './check.ts';
export {
  type DecideRequest,
  type Decision,
  decide,
  type SlotChange,
  startState,
  type ThrottleState,
} from './decide.ts';
export { type JudgeRequest, judgeReadings, type Readings, type SourceReading, type Unread } from './judge-readings.ts';
