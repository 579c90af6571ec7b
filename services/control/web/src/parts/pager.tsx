/** A list that the service gives page by page. */
import { useState } from 'preact/hooks';

export interface Pages {
  /** Null: the first page. */
  cursor: string | null;
  back: (() => void) | null;
  to: (next: string) => void;
}

/** The cursors of the way here, so that Back is the page that was seen. Another list (`of`) begins at its first page. */
export function usePages(of: string): Pages {
  const [way, setWay] = useState<{ of: string; cursors: readonly string[] }>({ of, cursors: [] });
  const cursors = way.of === of ? way.cursors : [];
  return {
    cursor: cursors.at(-1) ?? null,
    back: cursors.length === 0 ? null : () => setWay({ of, cursors: cursors.slice(0, -1) }),
    to: (next) => setWay({ of, cursors: [...cursors, next] }),
  };
}

/** With what is asked for besides; what is empty is not asked for. */
export function cursorQuery({ cursor }: Pages, asked: Readonly<Record<string, string>> = {}): string {
  const query = Object.entries({ ...asked, cursor: cursor ?? '' }).filter(([, value]) => value !== '');
  return query.length === 0 ? '' : `?${new URLSearchParams(query)}`;
}

/** Nothing where everything fits on one page. */
export function Pager({ pages: { back, to }, next, label }: { pages: Pages; next: string | null; label: string }) {
  if (back === null && next === null) return null;
  return (
    <nav class="actions" aria-label={`Pages of ${label}`}>
      <button type="button" disabled={back === null} onClick={() => back?.()}>
        Back
      </button>
      <button type="button" disabled={next === null} onClick={() => next !== null && to(next)}>
        Next
      </button>
    </nav>
  );
}
