/** May we switch? The verdict, every reason against it, and what would turn it. */

import { time } from '../format.ts';
import { Panel, Told } from '../parts/panel.tsx';
import { Verdict } from '../parts/verdict.tsx';
import { useResource } from '../resource.ts';
import type { Gates, Signals } from '../shapes.ts';

export function GatesPage() {
  const gates = useResource<Gates>('/v1/gates').value;
  const signals = useResource<Signals>('/v1/signals', 5_000).value;
  return (
    <div class="page">
      <h1>Gates</h1>
      <Panel title="May we switch?">
        <Told shown={gates}>
          {({ decision, evidence, writesKnownUntil }) => (
            <>
              <div class="answer">
                <Verdict verdict={decision.verdict} large />
                <p>
                  Evidence:{' '}
                  <b class={evidence === 'PASS' ? 'good' : 'bad'}>{evidence === 'PASS' ? 'passes' : 'fails'}</b>.{' '}
                  {writesKnownUntil === null
                    ? 'Writes at the source are not known.'
                    : `Writes at the source are known until ${writesKnownUntil} (its clock).`}
                </p>
              </div>
              {decision.reasons.length === 0 ? (
                <p class="empty">Nothing speaks against it.</p>
              ) : (
                <ul class="attention">
                  {decision.reasons.map(({ code, reason, next }) => (
                    <li key={`${code} ${reason}`}>
                      <div>
                        <b class="mono">{code}</b>
                        <p>{reason}</p>
                        <p class="quiet">{next}</p>
                      </div>
                    </li>
                  ))}
                </ul>
              )}
            </>
          )}
        </Told>
      </Panel>
      <Panel title="Business processes, as declared">
        <Told shown={signals}>
          {(value) =>
            value.signals.length === 0 ? (
              <p class="empty">Nobody declared one.</p>
            ) : (
              <ul class="rows">
                {value.signals.map(({ process, status, at, who, reason }) => (
                  <li key={process}>
                    <span>
                      <b>{process}</b> “{reason}”{' '}
                      <span class="quiet">
                        {who}, {time(at)}
                      </span>
                    </span>
                    <span class={status === 'failing' ? 'bad' : 'good'}>{status}</span>
                  </li>
                ))}
              </ul>
            )
          }
        </Told>
      </Panel>
    </div>
  );
}
