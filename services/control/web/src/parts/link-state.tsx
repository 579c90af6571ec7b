/** Whether the line to the service is alive, and since when not. */
import { duration } from '../format.ts';
import { heardMs, link, nowMs } from '../live.ts';

/** A word every 15 s is promised; what is older than this is told. */
const STALE_MS = 17_000;

export function LinkState() {
  const silentMs = nowMs.value - heardMs.value;
  const isLive = link.value === 'live' && silentMs < STALE_MS;
  const text = isLive
    ? 'live'
    : heardMs.value === 0
      ? link.value === 'connecting'
        ? 'connecting'
        : 'not connected'
      : `last heard ${duration(Math.max(1_000, silentMs))} ago`;
  return (
    <span class={`link ${isLive ? 'live' : link.value === 'connecting' ? '' : 'lost'}`}>
      <span class="dot" aria-hidden="true" />
      {text}
      <span class="unseen" role="status">
        {isLive || link.value === 'connecting' ? '' : 'Connection to the control service lost.'}
      </span>
    </span>
  );
}
