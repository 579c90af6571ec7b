/** The keyboard: `g` and a letter opens a page, `/` finds, `?` tells. */
import { useEffect, useRef } from 'preact/hooks';
import { href } from '../href.ts';
import { PAGES } from '../pages/index.tsx';
import { go } from '../router.ts';

const LATE_MS = 1_500;

export function Keys() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    let gMs = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      const page = Date.now() - gMs < LATE_MS ? PAGES.find(({ letter }) => letter === event.key) : undefined;
      gMs = event.key === 'g' ? Date.now() : 0;
      if (page !== undefined) go(href(page.path === '' ? [] : [page.path]));
      else if (event.key === '?') dialog.current?.showModal();
      else if (event.key === '/') document.querySelector<HTMLElement>('[data-find]')?.focus();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <button type="button" class="plain keys-button" onClick={() => dialog.current?.showModal()}>
        <kbd>?</kbd> keys
      </button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <dl class="keys">
          {PAGES.map(({ path, title, letter }) => (
            <div key={path}>
              <dt>
                <kbd>g</kbd> <kbd>{letter}</kbd>
              </dt>
              <dd>{title}</dd>
            </div>
          ))}
          <Key keys={['/']} does="Find in the page" />
          <Key keys={['?']} does="These keys" />
          <Key keys={['+', '−', '0']} does="Map: closer, farther, all of it" />
          <Key keys={['←', '→', '↑', '↓']} does="Map: next cell; Enter opens its trail" />
          <Key keys={['Esc']} does="Close what is open" />
        </dl>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </dialog>
    </>
  );
}

function Key({ keys, does }: { keys: readonly string[]; does: string }) {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable)
  );
}
