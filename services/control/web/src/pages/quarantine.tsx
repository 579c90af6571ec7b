/** What waits for a person: why, and the two ways out. Accepting takes somebody else as well. */
import { useState } from 'preact/hooks';
import { may, me } from '../api.ts';
import { count, time } from '../format.ts';
import { chunkHref } from '../href.ts';
import { ask } from '../parts/ask.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { useResource } from '../resource.ts';
import { choose, place } from '../router.ts';
import type { Approved, Proposals, Proposed, Quarantine, Replayed } from '../shapes.ts';

/** Each look reads receipts from the ledger. */
const EVERY_MS = 5_000;

export function QuarantinePage() {
  const table = place.value.query.get('table') ?? '';
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const query = new URLSearchParams({
    ...(table === '' ? {} : { table }),
    ...(cursor === undefined ? {} : { cursor }),
  }).toString();
  const page = useResource<Quarantine>(`/v1/quarantine${query === '' ? '' : `?${query}`}`, EVERY_MS).value;
  const proposals = useResource<Proposals>('/v1/proposals', EVERY_MS).value;
  return (
    <div class="page">
      <h1>Quarantine</h1>
      <Panel
        title={table === '' ? 'Chunks that wait for a person' : `Chunks of ${table} that wait for a person`}
        aside={
          table === '' ? undefined : (
            <button type="button" onClick={() => choose({ table: '' })}>
              Every table
            </button>
          )
        }
      >
        <Told shown={page}>
          {({ chunks, next }) => (
            <Waiting
              key={`${table} ${cursor ?? ''}`}
              chunks={chunks}
              back={cursors.length === 0 ? null : () => setCursors(cursors.slice(0, -1))}
              next={next === null ? null : () => setCursors([...cursors, next])}
            />
          )}
        </Told>
      </Panel>
      <Panel title="Proposals to accept">
        <Told shown={proposals}>{(value) => <ProposalList proposals={value.proposals} />}</Told>
      </Panel>
    </div>
  );
}

function Waiting(props: { chunks: Quarantine['chunks']; back: (() => void) | null; next: (() => void) | null }) {
  const { chunks, back, next } = props;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const names = chunks.map(({ chunk }) => chunk);
  const taken = names.filter((chunk) => chosen.has(chunk));
  const mayAct = may('replay') || may('propose');
  const toggle = (chunk: string) => {
    const changed = new Set(chosen);
    if (!changed.delete(chunk)) changed.add(chunk);
    setChosen(changed);
  };
  if (chunks.length === 0 && next === null && back === null)
    return <p class="empty">None. Nobody has to do anything here.</p>;
  return (
    <>
      {mayAct ? (
        <div class="tools">
          <button type="button" onClick={() => setChosen(new Set(taken.length === names.length ? [] : names))}>
            {taken.length === names.length ? 'Choose none' : 'Choose all'}
          </button>
          {may('replay') ? (
            <button type="button" disabled={taken.length === 0} onClick={() => replay(taken)}>
              Replay {count(taken.length)} …
            </button>
          ) : null}
          {may('propose') ? (
            <button type="button" disabled={taken.length === 0} onClick={() => proposeAccept(taken)}>
              Propose to accept {count(taken.length)} …
            </button>
          ) : null}
        </div>
      ) : null}
      <ul class="waiting">
        {chunks.map(({ chunk, table, trouble, attempt, changedAt }) => (
          <li key={chunk}>
            {mayAct ? (
              <input
                type="checkbox"
                aria-label={`Choose ${chunk}`}
                checked={chosen.has(chunk)}
                onChange={() => toggle(chunk)}
              />
            ) : null}
            <div>
              <p>
                <a href={chunkHref(chunk)}>
                  {table} {chunk.split('/').slice(1).join('/')}
                </a>{' '}
                <b class="bad">{trouble?.code ?? ''}</b>{' '}
                <span class="quiet">
                  attempt {attempt}
                  {changedAt === null ? '' : `, since ${time(changedAt)}`}
                </span>
              </p>
              {trouble === null ? null : (
                <p>
                  {trouble.reason} {trouble.likely === null ? '' : `Likely: ${trouble.likely}. `}
                  <span class="quiet">{trouble.next}</span>
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
      {back === null && next === null ? null : (
        <div class="actions">
          <button type="button" disabled={back === null} onClick={() => back?.()}>
            Back
          </button>
          <button type="button" disabled={next === null} onClick={() => next?.()}>
            Next
          </button>
        </div>
      )}
    </>
  );
}

function ProposalList({ proposals }: Pick<Proposals, 'proposals'>) {
  if (proposals.length === 0) return <p class="empty">None.</p>;
  return (
    <ul class="waiting">
      {proposals.map(({ proposal, at, who, reason, chunks, decided }) => (
        <li key={proposal}>
          <div>
            <p>
              <b>{who}</b> would accept {count(chunks.length)} {chunks.length === 1 ? 'chunk' : 'chunks'}{' '}
              <span class="quiet">{time(at)}</span>
            </p>
            <p>
              “{reason}” <Names names={chunks.map(({ chunk }) => chunk)} />
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

export function replay(chunks: readonly string[]): void {
  ask({
    ...{ title: `Replay ${words(chunks)}`, verb: 'Replay', method: 'POST', path: '/v1/quarantine/replay' },
    body: { filter: { chunks } },
    bind: (preview) => ({ expected: (preview as Replayed).total }),
    tell: (preview) => (
      <p>
        A new attempt of {words((preview as Replayed).chunks)} is opened; it starts from the source, with a whole budget
        of repairs.
      </p>
    ),
  });
}

export function proposeAccept(chunks: readonly string[]): void {
  ask({
    ...{ title: `Propose to accept ${words(chunks)}`, verb: 'Propose', method: 'POST', path: '/v1/quarantine/accept' },
    ...{ body: { filter: { chunks } }, isGrave: true },
    bind: (preview) => ({ expected: (preview as Proposed).total }),
    tell: (preview) => (
      <p>
        Nothing is done before somebody else approves. Then {words((preview as Proposed).chunks)} would be taken as{' '}
        {(preview as Proposed).total === 1 ? 'it is' : 'they are'}: never called verified, named by the gate, and not to
        be undone.
      </p>
    ),
  });
}

function approve(proposal: string): void {
  ask({
    ...{ title: 'Approve', verb: 'Approve', method: 'POST', path: `/v1/proposals/${proposal}/approve` },
    ...{ body: {}, isGrave: true },
    tell: (preview) => {
      const { chunks, movedOn } = preview as Approved;
      return (
        <p>
          {words(chunks)} would be taken unproven, now, in both your names. It cannot be undone, only replayed.
          {movedOn.length === 0 ? null : ` Not as proposed any more, and left alone: ${movedOn.join(', ')}.`}
        </p>
      );
    },
  });
}

function withdraw(proposal: string): void {
  ask({
    ...{ title: 'Withdraw the proposal', verb: 'Withdraw', method: 'POST', path: `/v1/proposals/${proposal}/withdraw` },
    body: {},
    tell: () => <p>Nobody can approve it any more; the chunks stay in quarantine.</p>,
  });
}

function words(chunks: readonly unknown[]): string {
  return `${count(chunks.length)} ${chunks.length === 1 ? 'chunk' : 'chunks'}`;
}
