/** What waits for a person: why, and the two ways out. Accepting takes somebody else as well. */
import { useState } from 'preact/hooks';
import { may } from '../api.ts';
import { proposeAccept, replay } from '../decide-chunks.tsx';
import { count, time } from '../format.ts';
import { chunkHref } from '../href.ts';
import { cursorQuery, Pager, usePages } from '../parts/pager.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { ProposalPanel } from '../parts/proposals.tsx';
import { useResource } from '../resource.ts';
import { choose, place } from '../router.ts';
import type { Quarantine } from '../shapes.ts';

/** Each look reads receipts from the ledger. */
const EVERY_MS = 5_000;

export function QuarantinePage() {
  const { query } = place.value;
  const [table, code] = [query.get('table') ?? '', query.get('code') ?? ''];
  const pages = usePages(`${table} ${code}`);
  const page = useResource<Quarantine>(`/v1/quarantine${cursorQuery(pages, { table, code })}`, EVERY_MS).value;
  const chosen = [table === '' ? '' : `of ${table}`, code === '' ? '' : `with ${code}`].filter((each) => each !== '');
  return (
    <div class="page">
      <h1>Quarantine</h1>
      <Panel
        title={['Chunks', ...chosen, 'that wait for a person'].join(' ')}
        aside={
          chosen.length === 0 ? undefined : (
            <button type="button" onClick={() => choose({ table: '', code: '' })}>
              All that wait
            </button>
          )
        }
      >
        <Told shown={page}>
          {({ chunks, next }) => (
            <>
              {chunks.length > 0 ? (
                <Waiting key={`${table} ${code} ${pages.cursor ?? ''}`} chunks={chunks} />
              ) : (
                <p class="empty">
                  {/* By code a page may be empty and have a next one. */}
                  {next !== null || pages.cursor !== null
                    ? 'None on this page.'
                    : 'None. Nobody has to do anything here.'}
                </p>
              )}
              <Pager pages={pages} next={next} label="chunks that wait" />
            </>
          )}
        </Told>
      </Panel>
      <ProposalPanel />
    </div>
  );
}

function Waiting({ chunks }: Pick<Quarantine, 'chunks'>) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const names = chunks.map(({ chunk }) => chunk);
  const taken = names.filter((chunk) => chosen.has(chunk));
  const mayAct = may('replay') || may('propose');
  const toggle = (chunk: string) => {
    const changed = new Set(chosen);
    if (!changed.delete(chunk)) changed.add(chunk);
    setChosen(changed);
  };
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
    </>
  );
}
