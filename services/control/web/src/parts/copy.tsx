import { useState } from 'preact/hooks';

/** Text that somebody will want to paste elsewhere. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    // Absent where the page did not come by https: the text can still be marked by hand.
    await navigator.clipboard?.writeText(text);
    setCopied(navigator.clipboard !== undefined);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <span class="copy">
      <code>{text}</code>
      <button type="button" class="plain quiet" aria-label={`Copy ${label}`} onClick={() => void copy()}>
        {isCopied ? 'copied' : 'copy'}
      </button>
    </span>
  );
}
