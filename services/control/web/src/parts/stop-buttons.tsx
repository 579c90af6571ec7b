import { may } from '../api.ts';
import type { StoppedTable } from '../attention.ts';
import { liftStop, proposeDrift } from '../lift-stop.tsx';

/** What a person may do about a stopped table; what the source must undo first, the dry run tells. */
export function StopButtons({ stopped }: { stopped: StoppedTable }) {
  const { table, stop } = stopped;
  const isAcceptable = stop.driftAcceptance === 'on' || stop.driftAcceptance === 'reopening';
  return (
    <span class="actions stop">
      {may('replay') ? (
        <button type="button" aria-label={`Lift the stop of ${table} …`} onClick={() => liftStop(stopped)}>
          Lift …
        </button>
      ) : null}
      {isAcceptable && may('propose') ? (
        <button
          type="button"
          aria-label={`Propose to accept the schema of ${table} …`}
          onClick={() => proposeDrift(stopped)}
        >
          Accept the schema …
        </button>
      ) : null}
    </span>
  );
}
