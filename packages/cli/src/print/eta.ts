/** When it will be done, in one line: the same words in `status` and in the progress of `run`. */
import type { Forecast } from '@lakehaul/operate';
import { duration, size } from './units.ts';

/** Null when everything is proven. */
export function etaText(forecast: Forecast): string | null {
  const { state, reason, nowMs, p50Ms, p90Ms, plannedMs, isLate } = forecast;
  if (state === 'done') return null;
  if (p50Ms === null) return `no ETA: ${reason ?? ''}`;
  if (p90Ms === null)
    return `ETA ${duration(p50Ms - nowMs)} by the first UNLOADs alone (P50)${isLate === true && plannedMs !== null ? `, beyond ${day(plannedMs)}` : ''}`;
  const [from, to] = [duration(p50Ms - nowMs), duration(p90Ms - nowMs)];
  const range = from === to ? from : `${from} to ${to}`;
  return `ETA ${range} (P50, P90)${plannedMs === null ? '' : `, ${isLate === true ? 'beyond' : 'before'} ${day(plannedMs)}`}`;
}

export function rateText({ bytesPerSecond }: Forecast): string | null {
  return bytesPerSecond === null ? null : `${size(BigInt(Math.round(bytesPerSecond)))}/s`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
