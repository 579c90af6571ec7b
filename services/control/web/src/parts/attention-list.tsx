import type { Attention } from '../attention.ts';

export function AttentionList({ items }: { items: readonly Attention[] }) {
  if (items.length === 0) return <p class="empty">Nothing. Nobody has to do anything now.</p>;
  return (
    <ul class="attention">
      {items.map((item) => (
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
    </ul>
  );
}
