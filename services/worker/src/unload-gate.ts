/**
 * The worker's own look at blackouts, straight before an UNLOAD is sent. The governor holds the queue too, but it may be
 * away and the queue store may have been emptied: with a blackout on, no UNLOAD starts, whatever they say.
 */
import {
  type Clock,
  heldBy,
  LakehaulError,
  limitRows,
  THROTTLE_DEFAULTS,
  type ThrottleSettings,
  throttleSettings,
} from '@lakehaul/core';
import { type Ledger, STEERING_AGE_MS } from '@lakehaul/ledger';
import { type Blackouts, type Hold, unloadHold } from '@lakehaul/throttle';

export interface UnloadGate {
  configured: ThrottleSettings;
  blackouts: Blackouts;
  /** Ask what people have set as well: a service does; whoever calls a step directly has asked before. */
  isLive?: boolean;
}

export interface GateDeps {
  ledger: Pick<Ledger, 'steering'>;
  clock: Pick<Clock, 'nowMs'>;
  gate: UnloadGate;
}

/** By the configuration and what people have set: why no UNLOAD may start now; null when one may. */
export async function heldUnload({ ledger, clock, gate }: GateDeps): Promise<Hold | null> {
  const { throttle } = await ledger.steering.current(STEERING_AGE_MS);
  return unloadHold(throttleSettings(gate.configured, throttle), gate.blackouts, clock.nowMs());
}

/**
 * Straight before an UNLOAD of `path` (schema.table) is recorded and sent: a pause or a hold may have come since the job
 * began. Not live, the ledger is asked only when the calendar says no: somebody may have had the blackout overlooked.
 */
export async function refuseHeld(deps: GateDeps, path: string): Promise<void> {
  const { gate, clock, ledger } = deps;
  if (gate.isLive === true) {
    const pause = heldBy(limitRows([], await ledger.steering.current(STEERING_AGE_MS)), path, 'unload');
    if (pause !== null) throw new LakehaulError('UNLOAD_HELD', `${pause.pattern} is paused`, { where: path });
  } else if (unloadHold({ ...gate.configured, blackouts: 1 }, gate.blackouts, clock.nowMs()) === null) return;
  const hold = await heldUnload(deps);
  if (hold !== null) throw new LakehaulError('UNLOAD_HELD', hold.reason);
}

/** Without blackouts. */
export const OPEN_GATE: UnloadGate = { configured: THROTTLE_DEFAULTS, blackouts: { hours: [], dates: [] } };
