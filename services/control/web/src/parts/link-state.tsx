/** Whether the line to the service is alive and what comes over it is new; and since when not. */
import { lookedMs } from '../api.ts';
import { linkWords } from '../link-words.ts';
import { heardMs, link, nowMs } from '../live.ts';

export function LinkState() {
  const { text, look, alarm } = linkWords({
    ...{ link: link.value, nowMs: nowMs.value, heardMs: heardMs.value, lookedMs: lookedMs.value },
  });
  return (
    <span class={`link ${look}`}>
      <span class="dot" aria-hidden="true" />
      {text}
      <span class="unseen" role="status">
        {alarm}
      </span>
    </span>
  );
}
