/** Settings where they are seen: a pause, a number, and the way back to the configuration. Why is asked by ask.tsx. */
import { useState } from 'preact/hooks';
import { may } from '../api.ts';
import { count } from '../format.ts';
import type { Status } from '../shapes.ts';
import { patternWords, pause, resume, steer, takeBack } from '../steer.tsx';

type Steering = Status['steering'];

export function PauseButton({ pattern, pauses }: { pattern: string; pauses: readonly string[] }) {
  if (!may('steer')) return null;
  const isPaused = pauses.includes(pattern);
  return (
    <button type="button" onClick={() => (isPaused ? resume(pattern) : pause(pattern))}>
      {isPaused ? 'Resume …' : 'Pause …'}
    </button>
  );
}

/** Only for those who may steer: others see the number where it stands. */
export function NumberForm(props: {
  /** Of the field, for those who do not see where it stands; with the unit. */
  label: string;
  verb: string;
  /** What stands, or the unit. */
  placeholder: string;
  least: number;
  most: number;
  onSet: (value: number) => void;
  /** Null where nothing is set that could be taken back. */
  onTakeBack: (() => void) | null;
}) {
  const { label, verb, placeholder, least, most, onSet, onTakeBack } = props;
  const [given, setGiven] = useState('');
  if (!may('steer')) return null;
  const isRight = /^\d{1,15}$/.test(given) && Number(given) >= least && Number(given) <= most;
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isRight) return;
        onSet(Number(given));
        setGiven('');
      }}
    >
      {onTakeBack === null ? null : (
        <button type="button" aria-label={`As configured …: ${label}`} onClick={onTakeBack}>
          As configured …
        </button>
      )}
      <input
        inputMode="numeric"
        autocomplete="off"
        size={6}
        placeholder={placeholder}
        aria-label={`${label}, ${count(least)} to ${count(most)}`}
        aria-invalid={given !== '' && !isRight}
        value={given}
        onInput={(event) => setGiven(event.currentTarget.value.trim())}
      />
      <button type="submit" disabled={!isRight}>
        {verb} …
      </button>
    </form>
  );
}

/** What a number of jobs at once may be: services/control/src/routes/steering.ts. */
const MOST_JOBS = 1_000_000;
const LAST_PRIORITY = 2 ** 20;

export function LimitForm({ pattern, limits }: { pattern: string; limits: Steering['limits'] }) {
  const own = limits.find((limit) => limit.pattern === pattern);
  return (
    <NumberForm
      label={`Most jobs at once, ${patternWords(pattern)}`}
      verb="Limit"
      placeholder={own === undefined ? 'most' : String(own.max)}
      least={0}
      most={MOST_JOBS}
      onSet={(max) => steer(`Limit ${patternWords(pattern)}`, 'Limit', { limits: { [pattern]: max } })}
      onTakeBack={own === undefined ? null : () => takeBack('limit', pattern)}
    />
  );
}

export function PriorityForm({ table, priorities }: { table: string; priorities: Steering['priorities'] }) {
  const own = priorities.find((each) => each.pattern === table);
  return (
    <NumberForm
      label={`Priority of ${table}, 1 is first`}
      verb="Prefer"
      placeholder={own === undefined ? '1 is first' : String(own.priority)}
      least={1}
      most={LAST_PRIORITY}
      onSet={(priority) => steer(`Priority of ${table}`, 'Prefer', { priorities: { [table]: priority } })}
      onTakeBack={own === undefined ? null : () => takeBack('priority', table)}
    />
  );
}

export function SetByPeople({ steering }: { steering: Steering }) {
  const rows = [
    ...steering.pauses.map((pattern) => ({
      ...{ key: `pause ${pattern}`, words: `paused: ${patternWords(pattern)}`, verb: 'Resume …' },
      undo: () => resume(pattern),
    })),
    ...steering.limits.map(({ pattern, max }) => ({
      ...{ key: `limit ${pattern}`, words: `${patternWords(pattern)}: at most ${count(max)}`, verb: 'As configured …' },
      undo: () => takeBack('limit', pattern),
    })),
    ...steering.priorities.map(({ pattern, priority }) => ({
      ...{ key: `priority ${pattern}`, words: `${pattern}: priority ${count(priority)}`, verb: 'As configured …' },
      undo: () => takeBack('priority', pattern),
    })),
    ...steering.throttle.map(({ name, value }) => ({
      ...{ key: `throttle ${name}`, words: `throttle ${name}: ${count(value)}`, verb: 'As configured …' },
      undo: () => takeBack('throttle', name),
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

export function LimitRows({ limits }: { limits: Steering['limits'] }) {
  if (limits.length === 0) return null;
  return (
    <ul class="rows">
      {limits.map(({ pattern, max }) => (
        <li key={`${pattern} ${max}`}>
          <span>{patternWords(pattern)}</span>
          <span class={max === 0 ? 'bad' : 'number'}>{max === 0 ? 'paused' : `at most ${count(max)}`}</span>
        </li>
      ))}
    </ul>
  );
}
