/**
 * Every change asks the same way: what would be done (told by the service's own dry run), why, then done once. The key of the
 * change is made when it is asked for, so that a second try after a lost answer changes nothing twice.
 */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { change, newKey } from '../api.ts';
import { lookAgain, problemOf } from '../resource.ts';
import type { Problem } from '../shapes.ts';
import { ProblemNote } from './panel.tsx';

export interface Question {
  title: string;
  verb: string;
  method: 'POST' | 'PATCH';
  path: string;
  /** Without reason and dryRun. */
  body: object;
  /** In words, of the dry run's answer. */
  tell: (preview: unknown) => ComponentChildren;
  /** What the change needs besides, out of the dry run's answer. */
  bind?: (preview: unknown) => object;
  isGrave?: boolean;
}

const question = signal<Question | null>(null);

export function ask(asked: Question): void {
  question.value = asked;
}

export function AskDialog() {
  return question.value === null ? null : <Asked key={question.value.path} asked={question.value} />;
}

function Asked({ asked }: { asked: Question }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [key] = useState(newKey);
  const [reason, setReason] = useState('');
  const [preview, setPreview] = useState<unknown>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const close = () => {
    question.value = null;
  };
  useEffect(() => {
    dialog.current?.showModal();
    // The reason is not known yet, and the dry run records nothing.
    change<unknown>(asked.method, asked.path, { ...asked.body, reason: 'dry run', dryRun: true }).then(
      setPreview,
      (thrown: unknown) => setProblem(problemOf(thrown)),
    );
  }, [asked]);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await change(asked.method, asked.path, { ...asked.body, ...asked.bind?.(preview), reason: reason.trim() }, key);
      close();
      lookAgain();
    } catch (thrown) {
      setProblem(problemOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="ask-title" onClose={close}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="ask-title">{asked.title}</h2>
        <div class="preview" aria-live="polite">
          {preview === null ? (
            problem === null ? (
              <span class="quiet">asking what it would do …</span>
            ) : null
          ) : (
            asked.tell(preview)
          )}
        </div>
        <label for="ask-reason">Why? It is recorded with your name.</label>
        <input
          id="ask-reason"
          autofocus
          required
          maxLength={1_000}
          autocomplete="off"
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        {problem === null ? null : <ProblemNote problem={problem} />}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          <button
            type="submit"
            class={asked.isGrave === true ? 'main grave' : 'main'}
            disabled={preview === null || isBusy || reason.trim() === ''}
          >
            {asked.verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}
