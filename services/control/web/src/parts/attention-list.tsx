import type { Attention } from '../attention.ts';
import { StopButtons } from './stop-buttons.tsx';

/** A longer list is not read; the pages that it leads to show the rest. */
const MOST = 12;

/** `here` is the address of the page that shows it: nothing leads to where one is. */
export function AttentionList({ items, here = '' }: { items: readonly Attention[]; here?: string }) {
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
            {item.stopped === null ? null : <StopButtons stopped={item.stopped} />}
          </div>
          {item.href === '' || item.href === here ? null : (
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
