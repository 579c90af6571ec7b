/** Why is this chunk so? Everything that ever happened to it, newest last, with what can be looked up elsewhere. */
import { may } from '../api.ts';
import { proposeAccept, replay } from '../decide-chunks.tsx';
import { bytes, count, duration, time } from '../format.ts';
import { href } from '../href.ts';
import { Copy } from '../parts/copy.tsx';
import { DiffRows } from '../parts/diff-rows.tsx';
import { Fact } from '../parts/fact.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { StageTag } from '../parts/stage-bar.tsx';
import { useResource } from '../resource.ts';
import { place } from '../router.ts';
import type { ChunkStory } from '../shapes.ts';
import { STAGE_LOOKS } from '../stage-look.ts';
import { type Counts, countsOf, judgement, type TrailEvent, trailOf } from '../trail.ts';

/** A trail is read from the ledger each time. */
const EVERY_MS = 5_000;

export function ChunkPage() {
  const [, table = '', generation = '', number = ''] = place.value.parts;
  const path = `/v1/chunks/${encodeURIComponent(table)}/${encodeURIComponent(generation)}/${encodeURIComponent(number)}`;
  const story = useResource<ChunkStory>(path, EVERY_MS).value;
  return (
    <div class="page">
      <p class="crumbs">
        <a href={href(['tables'])}>Tables</a> / <a href={href(['tables', table])}>{table}</a>
      </p>
      <Told shown={story}>{(value) => <Story story={value} path={path} />}</Told>
    </div>
  );
}

function Story({ story, path }: { story: ChunkStory; path: string }) {
  const { definition, state, chunk, traces } = story;
  const counts = countsOf(story);
  const isWaiting = state.stage === 'quarantined';
  return (
    <>
      <div class="head">
        <h1>{chunk.split('/').slice(1).join('/')}</h1>
        <StageTag stage={state.stage} />
        <span class="quiet">{STAGE_LOOKS[state.stage].what}</span>
        {isWaiting ? (
          <span class="actions">
            {may('replay') ? (
              <button type="button" onClick={() => replay([chunk])}>
                Replay …
              </button>
            ) : null}
            {may('propose') ? (
              <button type="button" onClick={() => proposeAccept([chunk])}>
                Propose to accept …
              </button>
            ) : null}
          </span>
        ) : null}
      </div>
      <div class="columns">
        <Panel title="Counts that must agree" aside={counts === null ? undefined : `attempt ${counts.attempt}`}>
          {counts === null ? (
            <p class="empty">Nothing was counted yet.</p>
          ) : (
            <>
              <dl class="counts">
                {counts.counts.map(({ name, rows }) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd class="number">{rows === null ? '–' : count(rows)}</dd>
                  </div>
                ))}
              </dl>
              <Judged counts={counts} />
              {counts.hashes.length === 0 ? null : (
                <dl class="hashes">
                  {counts.hashes.map(({ name, sums }) => (
                    <div key={name}>
                      <dt>{name === 'carried' ? 'travelled' : name}</dt>
                      <dd>
                        {sums.map((sum) => (
                          <code key={sum}>{sum}</code>
                        ))}
                      </dd>
                    </div>
                  ))}
                </dl>
              )}
            </>
          )}
        </Panel>
        <Panel title="Which rows">
          <dl class="facts">
            {definition.parts.map((part) => (
              <Fact key={JSON.stringify(part)} name={part.kind}>
                <PartWords part={part} />
              </Fact>
            ))}
            <Fact name="as planned">
              {count(definition.estimatedRows)} rows, {bytes(definition.estimatedBytes)}
            </Fact>
            <Fact name="attempt">
              {state.attempt === 0
                ? 'none yet'
                : `${state.attempt}, ${plural(state.failures, 'failure')}, ${plural(state.submissions, 'submission')}`}
            </Fact>
            <Fact name="name">
              <Copy text={chunk} label="the chunk’s name" />
            </Fact>
            {traces.slice(-1).map(({ attempt, traceId }) => (
              <Fact key={traceId} name={`OpenTelemetry trace of attempt ${attempt}, where traces are collected`}>
                <Copy text={traceId} label="the trace’s id" />
              </Fact>
            ))}
          </dl>
        </Panel>
      </div>
      {may('rows') && story.trail.some(({ stage }) => stage === 'mismatched') ? <DiffRows path={path} /> : null}
      <Panel title="Trail" aside="times by S3’s clock">
        <ol class="trail">
          {trailOf(story).map((event) => (
            <Event key={event.key} event={event} />
          ))}
        </ol>
        {story.trail.length === 0 ? <p class="empty">Nothing happened to it yet.</p> : null}
      </Panel>
    </>
  );
}

function plural(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
}

function Judged({ counts }: { counts: Counts }) {
  const { words, isGood } = judgement(counts);
  return <p class={isGood === null ? '' : isGood ? 'good' : 'bad'}>{words}</p>;
}

function Event({ event }: { event: TrailEvent }) {
  return (
    <li class={event.isTrouble ? 'trouble' : ''}>
      <span class={`swatch ${event.stage}`} aria-hidden="true" />
      <div class="when number">
        <time dateTime={event.at} title={event.at}>
          {time(event.at)}
        </time>
        <span class="quiet">
          {event.afterMs === null ? '' : event.afterMs < 1_000 ? '< 1 s later' : `${duration(event.afterMs)} later`}
        </span>
      </div>
      <div class="what">
        <b>{event.stage}</b> <span>{event.what}</span>
        {event.why === '' ? null : <p>{event.why}</p>}
        <p class="quiet">
          attempt {event.attempt} · {event.who}
        </p>
        {event.ids.map(({ label, text }) => (
          <p key={`${label} ${text}`} class="ids">
            <span class="quiet">{label}</span> <Copy text={text} label={label} />
          </p>
        ))}
      </div>
    </li>
  );
}

function PartWords({ part }: { part: ChunkStory['definition']['parts'][number] }) {
  if (part.kind === 'hash')
    return (
      <>
        bucket {part.bucket} of {part.modulus}
      </>
    );
  if (part.kind === 'null') return <code>{part.column} IS NULL</code>;
  return (
    <code>
      {part.from === null ? '' : `${part.from} ≤ `}
      {part.column}
      {part.to === null ? '' : ` < ${part.to}`}
    </code>
  );
}
