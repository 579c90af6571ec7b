/** What is holding us back? Queues, and what people set on them; each in its place. */
import { useState } from 'preact/hooks';
import { may } from '../api.ts';
import { count } from '../format.ts';
import { Panel, Told } from '../parts/panel.tsx';
import { useResource } from '../resource.ts';
import type { Queues, Status } from '../shapes.ts';
import { patternWords, pause, resume, steer } from '../steer.tsx';

type Queue = Queues['queues'][number];
const STEP_WORDS = { unload: 'Redshift to S3', load: 'S3 to Delta', verify: 'hashes compared' } as const;

export function QueuesPage() {
  const queues = useResource<Queues>('/v1/queues').value;
  const status = useResource<Status>('/v1/status').value;
  return (
    <div class="page">
      <h1>Queues</h1>
      <Told shown={queues}>
        {(value) => (
          <div class="cards">
            {value.queues.map((queue) => (
              <QueueCard key={queue.queue} queue={queue} pauses={status.value?.steering.pauses ?? []} />
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

function QueueCard({ queue, pauses }: { queue: Queue; pauses: readonly string[] }) {
  const pattern = `*::${queue.queue}`;
  const own = queue.limits.find((limit) => limit.pattern === pattern && limit.max > 0);
  const [max, setMax] = useState('');
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
      {may('steer') ? (
        <div class="tools">
          {pauses.includes(pattern) ? (
            <button type="button" onClick={() => resume(pattern)}>
              Resume …
            </button>
          ) : (
            <button type="button" onClick={() => pause(pattern)}>
              Pause …
            </button>
          )}
          <form
            class="inline"
            onSubmit={(event) => {
              event.preventDefault();
              if (/^\d{1,7}$/.test(max))
                steer(`Limit ${patternWords(pattern)}`, 'Limit', { limits: { [pattern]: Number(max) } });
            }}
          >
            <input
              inputMode="numeric"
              pattern="\d{1,7}"
              size={5}
              placeholder={own === undefined ? 'most' : String(own.max)}
              aria-label={`Most jobs of ${queue.queue} at once`}
              value={max}
              onInput={(event) => setMax(event.currentTarget.value)}
            />
            <button type="submit" disabled={!/^\d{1,7}$/.test(max)}>
              Limit …
            </button>
          </form>
        </div>
      ) : null}
      {queue.limits.length === 0 ? null : (
        <ul class="rows">
          {queue.limits.map((limit) => (
            <li key={limit.pattern}>
              <span>{patternWords(limit.pattern)}</span>
              <span class={limit.max === 0 ? 'bad' : 'number'}>
                {limit.max === 0 ? 'paused' : `at most ${count(limit.max)}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function SetByPeople({ steering }: Pick<Status, 'steering'>) {
  const rows = [
    ...steering.pauses.map((pattern) => ({
      ...{ key: `pause ${pattern}`, words: `paused: ${patternWords(pattern)}`, verb: 'Resume …' },
      undo: () => resume(pattern),
    })),
    ...steering.limits.map(({ pattern, max }) => ({
      ...{ key: `limit ${pattern}`, words: `${patternWords(pattern)}: at most ${count(max)}`, verb: 'As configured …' },
      undo: () =>
        steer(`Limit of ${patternWords(pattern)} as configured`, 'Take back', { limits: { [pattern]: null } }),
    })),
    ...steering.priorities.map(({ pattern, priority }) => ({
      ...{ key: `priority ${pattern}`, words: `${pattern}: priority ${priority}`, verb: 'As configured …' },
      undo: () => steer(`Priority of ${pattern} as configured`, 'Take back', { priorities: { [pattern]: null } }),
    })),
    ...steering.throttle.map(({ name, value }) => ({
      ...{ key: `throttle ${name}`, words: `throttle ${name}: ${count(value)}`, verb: 'As configured …' },
      undo: () => steer(`Throttle’s ${name} as configured`, 'Take back', { throttle: { [name]: null } }),
    })),
  ];
  if (rows.length === 0) return <p class="empty">Nothing: all is as configured.</p>;
  return (
    <ul class="rows">
      {rows.map(({ key, words, verb, undo }) => (
        <li key={key}>
          <span>{words}</span>
          {may('steer') ? (
            <button type="button" onClick={undo} aria-label={`${verb} ${words}`}>
              {verb}
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
