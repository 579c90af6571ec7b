/** What a page shows of one address of the API: the last value stays, with its age, whatever happens to the next one. */
import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ApiProblem, get, Unreachable } from './api.ts';
import { beat } from './live.ts';
import type { Problem } from './shapes.ts';

export interface Shown<T> {
  value: T | null;
  /** Of the last try; null when it went well. */
  problem: Problem | null;
  /** When the value was last known to be right; 0 before. */
  freshMs: number;
}

interface Resource {
  shown: Signal<Shown<unknown>>;
  etag: string | null;
  askedMs: number;
  isAsking: boolean;
  isWanted: boolean;
}

const known = new Map<string, Resource>();
/** Addresses whose values are kept when no page shows them: enough to go back to without a skeleton. */
const MOST_KEPT = 60;

export function forgetAll(): void {
  known.clear();
}

/** After a change: whatever is shown is asked for again, now. */
export function lookAgain(): void {
  for (const each of known.values()) each.askedMs = 0;
  beat.value += 1;
}

/** `everyMs` is the least time between two requests; null for `path` asks nothing. */
export function useResource<T>(path: string | null, everyMs = 1_000): ReadonlySignal<Shown<T>> {
  const resource = useMemo(() => (path === null ? fresh() : resourceOf(path)), [path]);
  useEffect(() => {
    if (path === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      void beat.value;
      clearTimeout(timer);
      const waitMs = resource.askedMs + everyMs - Date.now();
      timer = setTimeout(() => void ask(path, resource), Math.max(0, waitMs));
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [path, resource, everyMs]);
  return resource.shown as ReadonlySignal<Shown<T>>;
}

function fresh(): Resource {
  return {
    ...{ shown: signal<Shown<unknown>>({ value: null, problem: null, freshMs: 0 }), etag: null },
    ...{ askedMs: 0, isAsking: false, isWanted: false },
  };
}

function resourceOf(path: string): Resource {
  const found = known.get(path) ?? fresh();
  known.delete(path);
  known.set(path, found);
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KEPT) break;
    known.delete(oldest);
  }
  return found;
}

async function ask(path: string, resource: Resource): Promise<void> {
  if (document.hidden && resource.shown.value.value !== null) return;
  if (resource.isAsking) {
    resource.isWanted = true;
    return;
  }
  resource.isAsking = true;
  resource.askedMs = Date.now();
  const before = resource.shown.value;
  try {
    const { value, etag } = await get<unknown>(path, resource.etag);
    resource.etag = etag;
    resource.shown.value = { value: value ?? before.value, problem: null, freshMs: Date.now() };
  } catch (thrown) {
    resource.shown.value = { ...before, problem: problemOf(thrown) };
  } finally {
    resource.isAsking = false;
  }
  if (!resource.isWanted) return;
  resource.isWanted = false;
  await ask(path, resource);
}

export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ApiProblem) return thrown.problem;
  const detail = thrown instanceof Unreachable ? thrown.message : 'the page itself failed';
  const next = thrown instanceof Unreachable ? 'It is asked again by itself.' : 'Load the page again.';
  return { type: '', title: '', status: 0, code: 'UNREACHABLE', detail, where: '', next, requestId: '' };
}
