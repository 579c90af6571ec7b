/** What the throttle allows, and why not more: the same words in `status`, `top` and the progress of `run`. */
import type { ThrottleNow } from '@lakehaul/operate';
import { counted } from './units.ts';

/** The reason of a decision begins with the name of the check that made it. */
export function throttleText({ slots, winner, reason }: ThrottleNow): string {
  return `throttle: ${counted(slots, 'UNLOAD')} may run; ${winner === null ? 'nothing holds it back' : reason}`;
}

/** For a line that may be cut: what it is first, why it is so last. */
export function throttleParts({ slots, winner, reason }: ThrottleNow): { now: string; why: string[] } {
  const at = counted(slots, 'slot');
  return winner === null ? { now: at, why: [] } : { now: `${at} by ${winner}`, why: [reason] };
}
