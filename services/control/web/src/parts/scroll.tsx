import type { ComponentChildren } from 'preact';

/** What may be wider than its panel; reached by the keyboard, or nobody could scroll it without a pointer. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: axe asks for it (scrollable-region-focusable)
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
