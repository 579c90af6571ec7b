/** What people proposed to accept, newest first; somebody else approves it. */
import { may, me } from '../api.ts';
import { approve, chunkWords, withdraw } from '../decide-chunks.tsx';
import { count, time } from '../format.ts';
import { chunkHref, href } from '../href.ts';
import { useResource } from '../resource.ts';
import type { Proposals } from '../shapes.ts';
import { cursorQuery, Pager, usePages } from './pager.tsx';
import { Panel, Told } from './panel.tsx';

const EVERY_MS = 5_000;
const SHOWN = '20';

export function ProposalPanel() {
  const pages = usePages('proposals');
  const shown = useResource<Proposals>(`/v1/proposals${cursorQuery(pages, { limit: SHOWN })}`, EVERY_MS).value;
  return (
    <Panel title="Proposals">
      <Told shown={shown}>
        {({ proposals, next }) => (
          <>
            <ProposalList proposals={proposals} />
            <Pager pages={pages} next={next} label="proposals" />
          </>
        )}
      </Told>
    </Panel>
  );
}

function ProposalList({ proposals }: Pick<Proposals, 'proposals'>) {
  if (proposals.length === 0) return <p class="empty">None.</p>;
  return (
    <ul class="waiting">
      {proposals.map(({ proposal, at, who, reason, decided, ...subject }) => (
        <li key={proposal}>
          <div>
            <p>
              <b>{who}</b> would {verbOf(subject)} <span class="quiet">{time(at)}</span>
            </p>
            <p>
              “{reason}” <SubjectNames subject={subject} />
            </p>
            {decided === null ? null : (
              <p class="quiet">
                {decided.decision === 'approved' ? 'Approved' : 'Withdrawn'} by {decided.who}, {time(decided.at)}: “
                {decided.reason}”
              </p>
            )}
          </div>
          {decided === null ? (
            <span class="actions">
              {may('approve') || who === me.value?.who ? (
                <button type="button" onClick={() => withdraw(proposal)}>
                  Withdraw …
                </button>
              ) : null}
              {may('approve') ? (
                <button
                  type="button"
                  disabled={who === me.value?.who}
                  title={who === me.value?.who ? 'Somebody else has to approve it.' : ''}
                  onClick={() => approve(proposal)}
                >
                  Approve …
                </button>
              ) : null}
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

type Subject = Pick<Proposals['proposals'][number], 'chunks' | 'drift' | 'loss'>;

function verbOf({ chunks, drift, loss }: Subject): string {
  if (drift !== null) return 'accept a changed schema';
  return loss === null ? `accept ${chunkWords(chunks)}` : 'acknowledge a loss';
}

function SubjectNames({ subject: { chunks, drift, loss } }: { subject: Subject }) {
  if (drift !== null) return <Drift drift={drift} />;
  if (loss === null) return <Names names={chunks.map(({ chunk }) => chunk)} />;
  return (
    <span>
      <a class="name" href={href(['tables', loss.tableId])}>
        {loss.tableId}
      </a>
      {loss.acknowledgements.join(', ')}
    </span>
  );
}

function Drift({ drift: { tableId, drifts } }: { drift: NonNullable<Proposals['proposals'][number]['drift']> }) {
  return (
    <span>
      <a class="name" href={href(['tables', tableId])}>
        {tableId}
      </a>
      {drifts.map(({ kind, detail }) => `${kind}: ${detail}`).join('; ')}
    </span>
  );
}

function Names({ names }: { names: readonly string[] }) {
  return (
    <span>
      {names.slice(0, 5).map((name) => (
        <a key={name} class="name" href={chunkHref(name)}>
          {name}
        </a>
      ))}
      {names.length > 5 ? <span class="quiet"> and {count(names.length - 5)} more</span> : null}
    </span>
  );
}
