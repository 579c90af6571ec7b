/** Losses that people put their names to: with the plan, later, and those that chunks still wait for. */
import { may } from '../api.ts';
import { proposeLoss, replay } from '../decide-chunks.tsx';
import { count, time } from '../format.ts';
import { chunkHref } from '../href.ts';
import { useResource } from '../resource.ts';
import type { Acknowledgements } from '../shapes.ts';
import { Panel, Told } from './panel.tsx';

/** Each look reads receipts from the ledger. */
const EVERY_MS = 10_000;
const NAMED = 5;

export function AcknowledgementPanel({ table }: { table: string }) {
  const path = `/v1/tables/${encodeURIComponent(table)}/acknowledgements`;
  const shown = useResource<Acknowledgements>(path, EVERY_MS).value;
  return (
    <Panel title="Losses acknowledged">
      <Told shown={shown}>{(value) => <Listed value={value} />}</Told>
    </Panel>
  );
}

function Listed({ value }: { value: Acknowledgements }) {
  const { planned, later, missing, toReplay, isWhole } = value;
  if (planned.length + later.length + missing.length === 0)
    return <p class="empty">None, and no chunk waits for one.</p>;
  return (
    <ul class="rows">
      {missing.map(({ acknowledgement, chunks }) => (
        <li key={`missing ${acknowledgement}`}>
          <span>
            <b class="bad">missing</b> <code>{acknowledgement}</code>
            <br />
            <span class="quiet">
              {count(chunks.length)} {chunks.length === 1 ? 'chunk waits' : 'chunks wait'} for it:{' '}
              <Names names={chunks} />
            </span>
          </span>
          {may('propose') ? (
            <button
              type="button"
              aria-label={`Propose to acknowledge ${acknowledgement} …`}
              onClick={() => proposeLoss(value, acknowledgement)}
            >
              Propose to acknowledge …
            </button>
          ) : null}
        </li>
      ))}
      {toReplay.length === 0 ? null : (
        <li>
          <span>
            {count(toReplay.length)} {toReplay.length === 1 ? 'chunk was' : 'chunks were'} held back for what is
            acknowledged by now: <Names names={toReplay} />
          </span>
          {may('replay') ? (
            <button type="button" onClick={() => replay(toReplay)}>
              Replay {count(toReplay.length)} …
            </button>
          ) : null}
        </li>
      )}
      {later.map(({ acknowledgement, at, who, reason }) => (
        <li key={`${acknowledgement} ${at}`}>
          <span>
            <code>{acknowledgement}</code> {reason === null ? '' : `“${reason}” `}
            <span class="quiet">
              {who ?? 'by the configuration'}, {time(at)}
            </span>
          </span>
        </li>
      ))}
      {planned.map((acknowledgement) => (
        <li key={`planned ${acknowledgement}`}>
          <span>
            <code>{acknowledgement}</code> <span class="quiet">with the plan</span>
          </span>
        </li>
      ))}
      {isWhole ? null : <li class="quiet">More chunks wait than were looked at.</li>}
    </ul>
  );
}

function Names({ names }: { names: readonly string[] }) {
  return (
    <>
      {names.slice(0, NAMED).map((name) => (
        <a key={name} class="chunk-name" href={chunkHref(name)}>
          {name.split('/').slice(1).join('/')}
        </a>
      ))}
      {names.length > NAMED ? ` and ${count(names.length - NAMED)} more` : ''}
    </>
  );
}
