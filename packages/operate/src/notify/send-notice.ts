/** One try to hand a message to a receiver. Neither its URL nor its key is in any error. */
import { LakehaulError, type Outside } from '@lakehaul/core';
import type { Severity } from '@lakehaul/ledger';
import { type Message, messageBody, type ReceiverShape } from './message.ts';

/** Revealed when it is used: a rotated secret counts at the next send. Throws when it is not there. */
interface Hidden {
  reveal(): string;
}

export interface Receiver {
  name: string;
  shape: ReceiverShape;
  minSeverity: Severity;
  url: Hidden;
  /** PagerDuty's only. */
  routingKey: Hidden;
}

export interface SendDeps {
  outside: Outside;
  /** Of the platform; tests bring their own. */
  fetch?: typeof fetch;
  signal?: AbortSignal;
}

/** NOTICE_REFUSED: this message will never be taken. Everything else may go better later. */
export async function sendNotice(receiver: Receiver, message: Message, deps: SendDeps): Promise<void> {
  const url = urlOf(receiver);
  const body = JSON.stringify(messageBody(receiver.shape, message, () => receiver.routingKey.reveal()));
  const options = deps.signal === undefined ? {} : { signal: deps.signal };
  const send = async (signal: AbortSignal) => {
    const response = await (deps.fetch ?? fetch)(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': message.id },
      body,
      signal,
      // Elsewhere it would be told to somebody else.
      redirect: 'error',
    }).catch(() => {
      // Not the cause: it may name the URL, which is the secret.
      throw new LakehaulError('UNREACHABLE', `receiver ${receiver.name} did not answer`, { where: receiver.name });
    });
    await response.body?.cancel();
    if (!response.ok) throw refusal(receiver.name, response);
  };
  // Tried again by whoever asked: a receiver that is away must not hold the pass.
  await deps.outside('notify.send', send, options);
}

function urlOf(receiver: Receiver): string {
  const url = receiver.url.reveal().trim();
  if (/^https?:/i.test(url) && URL.canParse(url)) return url;
  throw new LakehaulError('CREDENTIALS_REJECTED', `the URL of receiver ${receiver.name} is no http(s) URL`, {
    where: receiver.name,
    next: 'mend the variable or file that notify.receivers names for it',
  });
}

function refusal(name: string, response: Response): LakehaulError {
  const { status } = response;
  const message = `receiver ${name} answered ${status}`;
  if (status === 429) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1_000 } : {};
    return new LakehaulError('THROTTLED', message, { where: name, ...retryAfterMs });
  }
  if (status >= 500 || status === 408) return new LakehaulError('UNAVAILABLE', message, { where: name });
  // A revoked webhook or key (401, 403, 404, 410) is mended by a person, and then it is taken after all.
  if (status === 400 || status === 413 || status === 422)
    return new LakehaulError('NOTICE_REFUSED', message, { where: name });
  return new LakehaulError('CREDENTIALS_REJECTED', message, {
    where: name,
    next: 'check the webhook or key of this receiver, then lakehaul notify test',
  });
}
