/** Questions about a stopped table: its stop lifted by one person, or with the changed schema accepted by two. */
import type { StoppedTable } from './attention.ts';
import { count } from './format.ts';
import { ask } from './parts/ask.tsx';
import type { DriftProposed, Lifted } from './shapes.ts';

/** The stop that was looked at: another one is refused. */
const request = ({ tableId, stop }: StoppedTable, verb: string) => ({
  ...{ method: 'POST' as const, path: `/v1/tables/${encodeURIComponent(tableId)}/${verb}` },
  body: { digest: stop.digest },
});

export function liftStop(stopped: StoppedTable): void {
  ask({
    ...{ ...request(stopped, 'lift-stop'), title: `Lift the stop of ${stopped.table}`, verb: 'Lift the stop' },
    tell: (preview) => <LiftSteps lifted={preview as Lifted} />,
  });
}

export function proposeDrift(stopped: StoppedTable): void {
  ask({
    ...{ ...request(stopped, 'accept-drift'), title: `Accept the schema of ${stopped.table}`, verb: 'Propose' },
    isGrave: true,
    tell: (preview) => (
      <>
        <p>Nothing is done before somebody else approves; then it cannot be undone:</p>
        <LiftSteps lifted={preview as DriftProposed} />
      </>
    ),
  });
}

export function LiftSteps({ lifted: { accepts, steps, reopened } }: { lifted: Lifted }) {
  return (
    <>
      {accepts.length === 0 ? null : (
        <ul class="told grave">
          {accepts.map(({ kind, column, detail }) => (
            <li key={`${kind} ${column ?? ''}`}>
              accepts {kind}: {detail}
            </li>
          ))}
        </ul>
      )}
      <ol class="told">
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p class="quiet">
        {reopened === 0
          ? 'No chunk is opened again.'
          : `${count(reopened)} ${reopened === 1 ? 'chunk is' : 'chunks are'} hauled and proven again.`}
      </p>
    </>
  );
}
