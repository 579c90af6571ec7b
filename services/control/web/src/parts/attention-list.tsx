import type { Attention } from '../attention.ts';

/** A longer list is not read; the pages that it leads to show the rest. */
const MOST = 12;

export function AttentionList({ items }: { items: readonly Attention[] }) {
  if (items.length === 0) return <p class="empty">Nothing. Nobody has to do anything now.</p>;
  return (
    <ul class="attention">
      {items.slice(0, MOST).map((item) => (
        <li key={item.key} class={item.isGrave ? 'grave' : ''}>
          <div>
            <b>{item.what}</b> <span class="where">{item.where}</span>
            <p>
              {item.why} <span class="quiet">{item.next}</span>
            </p>
          </div>
          {item.href === '' ? null : (
            <a class="button" href={item.href} aria-label={`${item.verb}: ${item.what} ${item.where}`}>
              {item.verb}
            </a>
          )}
        </li>
      ))}
      {items.length > MOST ? <li class="quiet">and {items.length - MOST} more</li> : null}
    </ul>
  );
}
