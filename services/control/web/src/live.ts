/**
 * What happens, as it happens. Not EventSource: it cannot send the token in a header, and an address with a token in it ends
 * up in logs. Whether the line is alive is told by what was heard last: the service speaks at least every 15 s.
 */
import { signal } from '@preact/signals';
import { send, token } from './api.ts';
import { eventReader } from './event-lines.ts';

export type Link = 'connecting' | 'live' | 'lost';

export const link = signal<Link>('connecting');
/** Of this machine's clock; 0 before the first word. */
export const heardMs = signal(0);
/** Counts what was heard: whoever shows something looks again when it moves. */
export const beat = signal(0);
/** Ticks once a second, for ages. */
export const nowMs = signal(Date.now());

const SILENCE_MS = 20_000;
const PAUSES_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** Without a stream the page still asks now and then. */
const POLL_MS = 10_000;

export function follow(): () => void {
  const ended = new AbortController();
  let current = new AbortController();
  let polledMs = Date.now();
  const clock = setInterval(() => {
    nowMs.value = Date.now();
    if (link.value === 'live' && nowMs.value - heardMs.value > SILENCE_MS) current.abort();
    if (link.value === 'live' || nowMs.value - polledMs < POLL_MS) return;
    polledMs = nowMs.value;
    beat.value += 1;
  }, 1_000);
  void (async () => {
    let lastId = '';
    for (let failures = 0; !ended.signal.aborted && token.value !== null; failures++) {
      current = new AbortController();
      const before = heardMs.value;
      try {
        await listen(AbortSignal.any([ended.signal, current.signal]), lastId, (id) => {
          lastId = id;
        });
      } catch {
        // Told by `link`; a token that is not known any more has ended the session in `send`.
      }
      if (ended.signal.aborted) return;
      link.value = 'lost';
      if (heardMs.value > before) failures = 0;
      await new Promise((done) => setTimeout(done, PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]));
    }
  })();
  return () => {
    ended.abort();
    clearInterval(clock);
  };
}

async function listen(signal: AbortSignal, lastId: string, onId: (id: string) => void): Promise<void> {
  const response = await send('/v1/events', { signal, headers: lastId === '' ? {} : { 'last-event-id': lastId } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const read = eventReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heardMs.value = Date.now();
    nowMs.value = heardMs.value;
    link.value = 'live';
    for (const { id } of read(value)) if (id !== '') onId(id);
    // Also by a word that is no event: a proposal, a signal or a reading of the throttle moves nothing that events tell, and
    // how old the answers are is told by answers alone.
    beat.value += 1;
  }
}
