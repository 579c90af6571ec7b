/** What is holding us back? Queues, and what people set on them; each in its place. */
import { useEffect, useState } from 'preact/hooks';
import { send } from '../api.ts';
import { count } from '../format.ts';
import { Panel, Told } from '../parts/panel.tsx';
import { LimitForm, LimitRows, PauseButton, SetByPeople } from '../parts/set-in-place.tsx';
import { useResource } from '../resource.ts';
import type { Queues, Status } from '../shapes.ts';

type Queue = Queues['queues'][number];
const STEP_WORDS = { unload: 'Redshift to S3', load: 'S3 to Delta', verify: 'hashes compared' } as const;

export function QueuesPage() {
  const queues = useResource<Queues>('/v1/queues').value;
  const status = useResource<Status>('/v1/status').value;
  return (
    <div class="page">
      <div class="head">
        <h1>Queues</h1>
        <BoardLink />
      </div>
      <Told shown={queues}>
        {(value) => (
          <div class="cards">
            {value.queues.map((queue) => (
              <QueueCard key={queue.queue} queue={queue} steering={status.value?.steering ?? null} />
            ))}
          </div>
        )}
      </Told>
      <Panel title="Set by people">
        <Told shown={status}>{(value) => <SetByPeople steering={value.steering} />}</Told>
      </Panel>
    </div>
  );
}

function QueueCard({ queue, steering }: { queue: Queue; steering: Status['steering'] | null }) {
  const pattern = `*::${queue.queue}`;
  const own = queue.limits.find((limit) => limit.pattern === pattern && limit.max > 0);
  return (
    <section class="panel queue" aria-label={`Queue ${queue.queue}`}>
      <header>
        <h2>{queue.queue}</h2>
        <span class="quiet aside">{STEP_WORDS[queue.queue]}</span>
      </header>
      <p class={queue.isPaused ? 'bad state' : 'state'}>{queue.isPaused ? 'Paused: nothing more starts.' : 'Open.'}</p>
      <dl class="counts">
        {(['active', 'waiting', 'delayed'] as const).map((name) => (
          <div key={name}>
            <dt>{name === 'active' ? 'running' : name}</dt>
            <dd class="number">{count(queue[name])}</dd>
          </div>
        ))}
        <div>
          <dt>limit</dt>
          <dd class="number">{own === undefined ? 'none' : count(own.max)}</dd>
        </div>
      </dl>
      {/* Before what is set is known, a button could only guess what it does. */}
      {steering === null ? null : (
        <div class="tools">
          <PauseButton pattern={pattern} pauses={steering.pauses} />
          <LimitForm pattern={pattern} limits={steering.limits} />
        </div>
      )}
      <LimitRows limits={queue.limits} />
    </section>
  );
}

/** Of the control service; a page of its own, for which a browser asks for name and token: any name. */
const BOARD = '/queues-board/';

/** Jobs one by one, to read only; not every queue store can be looked into, so it is offered where it answers. */
function BoardLink() {
  const [isServed, setServed] = useState(false);
  useEffect(() => {
    let isGone = false;
    send(BOARD, { method: 'HEAD' }).then(
      () => {
        if (!isGone) setServed(true);
      },
      // Not served, or not for whoever asks: there is nothing to lead to.
      () => undefined,
    );
    return () => {
      isGone = true;
    };
  }, []);
  if (!isServed) return null;
  return (
    <a class="actions" href={BOARD} target="_blank" rel="noreferrer">
      Look into the queue store
    </a>
  );
}
