/** May we switch? The verdict, every reason against it, every gate with its number, and the way to what it rests on. */
import { time } from '../format.ts';
import { isGate, reading, threshold, VERDICT_LOOKS, VERDICT_WORDS } from '../gate-words.ts';
import { href } from '../href.ts';
import { Panel, Told } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Verdict } from '../parts/verdict.tsx';
import { useResource } from '../resource.ts';
import { place } from '../router.ts';
import type { Gates, Signals } from '../shapes.ts';
import { OneGate } from './gate.tsx';

export function GatesPage() {
  const code = place.value.parts[1];
  return code === undefined ? <AllGates /> : <OneGate code={code} />;
}

function AllGates() {
  const gates = useResource<Gates>('/v1/gates').value;
  const signals = useResource<Signals>('/v1/signals', 5_000).value;
  return (
    <div class="page">
      <h1>Gates</h1>
      <Panel title="May we switch?">
        <Told shown={gates}>{(value) => <Answer gates={value} />}</Told>
      </Panel>
      <Panel title="Every gate">
        <Told shown={gates}>{(value) => <GateTable gates={value.gates} />}</Told>
      </Panel>
      <Panel title="Business processes, as declared">
        <Told shown={signals}>{(value) => <Processes signals={value.signals} />}</Told>
      </Panel>
    </div>
  );
}

function Answer({ gates: { decision, evidence, writesKnownUntil, gates } }: { gates: Gates }) {
  return (
    <>
      <div class="answer">
        <Verdict verdict={decision.verdict} large />
        <p>
          Evidence: <b class={evidence === 'PASS' ? 'good' : 'bad'}>{evidence === 'PASS' ? 'passes' : 'fails'}</b>.{' '}
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
            <li key={code} class={gates.find((gate) => gate.code === code)?.verdict === 'NO_GO' ? 'grave' : ''}>
              <div>
                <b class="mono">{code}</b>
                <p>{reason}</p>
                <p class="quiet">{next}</p>
              </div>
              {isGate(code, gates) ? (
                <a class="button" href={href(['gates', code])} aria-label={`How do you know? ${code}`}>
                  How do you know?
                </a>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function GateTable({ gates }: Pick<Gates, 'gates'>) {
  return (
    <Scroll label="Every gate with its number">
      <table class="wide-rows">
        <thead>
          <tr>
            <th scope="col">gate</th>
            <th scope="col">verdict</th>
            <th scope="col" class="right">
              against it
            </th>
            <th scope="col" class="right">
              allowed
            </th>
            <th scope="col">code</th>
          </tr>
        </thead>
        <tbody>
          {gates.map((gate) => (
            <tr key={gate.code}>
              <th scope="row" class="name">
                <a href={href(['gates', gate.code])}>{gate.question}</a>
              </th>
              <td class={VERDICT_LOOKS[gate.verdict]}>{VERDICT_WORDS[gate.verdict]}</td>
              <td class="right number">{gate.verdict === 'NOT_ASKED' ? '–' : reading(gate)}</td>
              <td class="right number">{threshold(gate)}</td>
              <td class="mono quiet">{gate.code}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Processes({ signals }: Pick<Signals, 'signals'>) {
  if (signals.length === 0) return <p class="empty">Nobody declared one.</p>;
  return (
    <ul class="rows">
      {signals.map(({ process, status, at, who, reason }) => (
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
  );
}
