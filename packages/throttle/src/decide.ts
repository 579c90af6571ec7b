/**
 * How many UNLOADs may run at once: additive increase, multiplicative decrease, as TCP does it (RFC 5681), with what a
 * warehouse needs besides: a lower line to climb at than to fall at, time for a cut to work, and a memory of what hurt.
 * Pure: state and checks in, state and slots out.
 */
import type { ThrottleSettings } from '@lakehaul/core';
import type { Check } from './check.ts';

export interface ThrottleState {
  slots: number;
  /** What brought them to 0. */
  stoppedBy: 'planned' | 'measured' | null;
  /** Slots before a planned stop. */
  beforeStop: number;
  /** Critical readings in a row. */
  stopReadings: number;
  /** Fewest slots that have hurt lately, and when; null: none. */
  hurtAt: number | null;
  hurtMs: number;
  fellMs: number;
  climbedMs: number;
}

export type SlotChange = 'start' | 'fall' | 'stop' | 'resume' | 'climb' | 'hold';

export interface Decision {
  state: ThrottleState;
  slots: number;
  change: SlotChange;
  /** The first check that is not ok, stops before warnings; else the one that allows no slot. */
  winner: Check | null;
  reason: string;
}

export interface DecideRequest {
  /** Null before the first reading of a migration. */
  state: ThrottleState | null;
  checks: readonly Check[];
  settings: ThrottleSettings;
  /** UNLOADs that run now; null: not known. */
  running: number | null;
  nowMs: number;
}

/** One critical reading may be a blip. */
const STOP_READINGS = 2;

export function startState(settings: ThrottleSettings, nowMs: number, slots = settings.startSlots): ThrottleState {
  return {
    slots: Math.min(Math.max(slots, settings.minSlots), settings.maxSlots),
    ...{ stoppedBy: null, beforeStop: 0, stopReadings: 0, hurtAt: null, hurtMs: 0 },
    ...{ fellMs: Number.NEGATIVE_INFINITY, climbedMs: nowMs },
  };
}

export function decide(request: DecideRequest): Decision {
  const { checks, settings, nowMs } = request;
  const before = request.state ?? startState(settings, nowMs);
  const stop = checks.find((check) => check.verdict === 'stop');
  const planned = checks.find((check) => check.verdict === 'stop' && !check.isMeasured);
  const hit = stop ?? checks.find((check) => check.verdict === 'warn') ?? null;
  const winner = planned ?? hit;
  // Counted during a planned stop as well: when that ends, the pain need not be found out anew. A look that failed
  // says nothing either way.
  const isBlind = checks.some(({ name, value }) => name === 'reading' && (value ?? 0) > 0);
  const isCritical = checks.some((check) => check.verdict === 'stop' && check.isMeasured);
  const stopReadings = isCritical ? before.stopReadings + 1 : isBlind ? before.stopReadings : 0;
  const state = { ...before, stopReadings };

  const moved =
    planned !== undefined
      ? stopped(state, 'planned', says(planned))
      : stopReadings >= STOP_READINGS && stop !== undefined
        ? stopped(state, 'measured', says(stop))
        : hit !== null
          ? hurting(state, request, hit)
          : calm(state, request);
  // A check that allows none is why there are none, whatever its verdict.
  const none = winner?.verdict === 'stop' ? undefined : checks.find((check) => check.maxSlots === 0);
  return { ...capped(moved, request, before), winner: none ?? winner };
}

interface Move {
  state: ThrottleState;
  change: SlotChange;
  reason: string;
}

function says({ name, reason }: Check): string {
  return `${name}: ${reason}`;
}

function stopped(state: ThrottleState, stoppedBy: 'planned' | 'measured', reason: string): Move {
  const beforeStop = state.slots > 0 ? state.slots : state.beforeStop;
  const isNew = state.slots > 0;
  // A planned stop over a measured one: when the blackout ends, the pain has still to be seen to be over.
  const kept = state.stoppedBy === 'measured' ? 'measured' : stoppedBy;
  return { state: { ...state, slots: 0, stoppedBy: kept, beforeStop }, change: isNew ? 'stop' : 'hold', reason };
}

function hurting(state: ThrottleState, { settings, running, nowMs }: DecideRequest, hit: Check): Move {
  const reason = `${hit.name}: ${hit.reason}`;
  if (state.slots === 0)
    return state.stoppedBy === 'planned' && hit.verdict !== 'stop'
      ? resumed(state, settings.minSlots, nowMs, reason)
      : { state, change: 'hold', reason };
  const waits = { state, change: 'hold', reason } as const;
  if (running !== null && running > state.slots)
    return { ...waits, reason: `${reason}; an earlier cut waits for ${running - state.slots} UNLOADs to end` };
  if (nowMs - state.fellMs < settings.settleMs || state.slots <= settings.minSlots) return waits;
  // What hurts is what runs, not what would be allowed; with none of ours running it hurts whatever we do.
  const mayBeUs = running !== 0;
  const hurtAt = mayBeUs ? Math.min(state.slots, running ?? state.slots) : state.hurtAt;
  const slots = Math.max(
    settings.minSlots,
    Math.floor(Math.min(state.slots, mayBeUs ? (hurtAt ?? state.slots) : state.slots) / 2),
  );
  const hurtMs = mayBeUs ? nowMs : state.hurtMs;
  return { state: { ...state, slots, hurtAt, hurtMs, fellMs: nowMs, climbedMs: nowMs }, change: 'fall', reason };
}

function calm(state: ThrottleState, { checks, settings, nowMs }: DecideRequest): Move {
  const between = checks.find((check) => !check.mayClimb);
  if (state.slots === 0) {
    // After pain the way up begins at its foot; after a planned stop at half of what ran well before.
    if (state.stoppedBy === 'planned')
      return resumed(state, Math.floor(state.beforeStop / 2), nowMs, 'what stopped us is over');
    if (between === undefined) return resumed(state, 1, nowMs, 'the source is calm again');
    return {
      state,
      change: 'hold',
      reason: `${between.name}: ${between.reason}; it must fall further before we begin`,
    };
  }
  if (between !== undefined)
    return {
      state,
      change: 'hold',
      reason: `${between.name}: ${between.reason}; slots are added below ${settings.climbBelowPercent} % of it`,
    };
  if (state.slots >= settings.maxSlots) return { state, change: 'hold', reason: 'calm, with all slots' };
  if (nowMs - state.climbedMs < settings.climbEveryMs) return { state, change: 'hold', reason: 'calm' };
  const next = state.slots + 1;
  if (state.hurtAt !== null && next >= state.hurtAt && nowMs - state.hurtMs < settings.retryAboveMs)
    return { state, change: 'hold', reason: `calm; ${state.hurtAt} slots have hurt and are not tried again yet` };
  const hurtAt = state.hurtAt !== null && next >= state.hurtAt ? null : state.hurtAt;
  return { state: { ...state, slots: next, hurtAt, climbedMs: nowMs }, change: 'climb', reason: 'calm: one slot more' };
}

function resumed(state: ThrottleState, slots: number, nowMs: number, reason: string): Move {
  return {
    state: { ...state, slots: Math.max(1, slots), stoppedBy: null, climbedMs: nowMs },
    change: 'resume',
    reason,
  };
}

/** Above all others: what people and the other checks allow at most. Allowed none, it is a planned stop like any other. */
function capped(moved: Move, request: DecideRequest, before: ThrottleState): Omit<Decision, 'winner'> {
  const { state, change, reason } = moved;
  const { checks, settings } = request;
  const caps = checks.flatMap((check) => (check.maxSlots === null ? [] : [{ ...check, maxSlots: check.maxSlots }]));
  const cap = caps.reduce<(typeof caps)[number] | null>(
    (low, each) => (low === null || each.maxSlots < low.maxSlots ? each : low),
    null,
  );
  const most = Math.max(0, Math.min(settings.maxSlots, cap?.maxSlots ?? settings.maxSlots));
  const isFirst = request.state === null;
  if (state.slots <= most) return { state, slots: state.slots, reason, change: isFirst ? 'start' : change };
  const isOfCheck = cap !== null && cap.maxSlots === most;
  const why = isOfCheck ? `${cap.name}: ${cap.reason}` : `at most ${most} slots (throttle setting maxSlots)`;
  if (most > 0)
    return { state: { ...state, slots: most }, slots: most, reason: why, change: isFirst ? 'start' : 'fall' };
  // From the slots of before: a move that would have begun again has not taken place.
  const halted = stopped({ ...state, slots: before.slots, stoppedBy: before.stoppedBy }, 'planned', why);
  return { ...halted, slots: 0, change: isFirst ? 'start' : halted.change };
}
