/** A panel and its states: loading, told, stale, forbidden, in error. */
import type { ComponentChildren } from 'preact';
import { duration } from '../format.ts';
import { nowMs } from '../live.ts';
import type { Shown } from '../resource.ts';
import type { Problem } from '../shapes.ts';

export function Panel(props: {
  title: string;
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  return (
    <section class={`panel ${props.class ?? ''}`} aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        {props.aside === undefined ? null : <div class="aside">{props.aside}</div>}
      </header>
      {props.children}
    </section>
  );
}

/** What was told last stays, and says how old it is when a new answer does not come. */
export function Told<T>({ shown, children }: { shown: Shown<T>; children: (value: T) => ComponentChildren }) {
  const { value, problem, freshMs } = shown;
  if (value === null)
    return problem === null ? (
      <div class="skeleton" aria-busy="true">
        <span class="unseen">loading</span>
      </div>
    ) : (
      <ProblemNote problem={problem} />
    );
  return (
    <>
      {problem === null ? null : (
        <ProblemNote problem={problem} note={`shown as of ${duration(Math.max(1_000, nowMs.value - freshMs))} ago`} />
      )}
      {children(value)}
    </>
  );
}

export function ProblemNote({ problem, note = '' }: { problem: Problem; note?: string }) {
  return (
    <p class="problem" role="alert">
      <b>{problem.status === 403 ? 'Not for you' : problem.code}</b> {problem.detail}
      {problem.where === '' ? null : ` (${problem.where})`}. {problem.next}{' '}
      {note === '' ? null : <span class="quiet">{note}</span>}
    </p>
  );
}
