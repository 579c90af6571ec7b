/**
 * Notes what is news and hands it to the receivers, each in the order of the notices. What a receiver does not take keeps
 * waiting for it alone; nothing else waits, and nothing of the haul does.
 */
import { asLakehaulError, type Clock, type Log } from '@lakehaul/core';
import type { NotedNotice, NoticeLog, NoticeOutcome } from '@lakehaul/ledger';
import { SEVERITIES } from '@lakehaul/ledger';
import type { Facts } from './facts.ts';
import type { Message } from './message.ts';
import { nextNotice } from './next-notice.ts';
import { type Receiver, type SendDeps, sendNotice } from './send-notice.ts';

export interface NotifierDeps extends Omit<SendDeps, 'signal'> {
  notices: NoticeLog;
  /** S3's clock. */
  serverTimeMs: () => Promise<number>;
  receivers: readonly Receiver[];
  migration: string;
  /** This process, in its claims. */
  claimant: string;
  /** After this a notice that could not be sent is given up. */
  giveUpAfterMs: number;
  clock: Clock;
  log: Log;
  count: (outcome: NoticeOutcome | 'failed') => void;
}

/** Of one look: a flood takes several. */
const NOTED = 20;
const SENT = 20;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** When the receiver itself asks for it. */
const LONGEST_ASKED_MS = 3_600_000;

interface Progress {
  /** Everything up to this number is over. */
  ended: number;
  failures: number;
  notBeforeMs: number;
}

export class Notifier {
  readonly #deps: NotifierDeps;
  readonly #progress = new Map<string, Progress>();
  readonly #stopping = new AbortController();

  constructor(deps: NotifierDeps) {
    this.#deps = deps;
  }

  /** What is being sent is cut off, and sent again by the next one. */
  stop(): void {
    this.#stopping.abort();
  }

  async runOnce(facts: Facts): Promise<void> {
    // Before anything is noted: what is noted afterwards is for them.
    for (const receiver of this.#deps.receivers) await this.#join(receiver);
    const last = await this.#note(facts);
    await Promise.all(this.#deps.receivers.map((receiver) => this.#deliver(receiver, last)));
  }

  async #join({ name }: Receiver): Promise<void> {
    if (this.#progress.has(name)) return;
    const { notices } = this.#deps;
    let ended = await notices.lastEnded(name);
    if (ended === null) {
      ended = (await notices.latest())?.number ?? 0;
      await notices.end(name, ended, 'joined');
    }
    this.#progress.set(name, { ended, failures: 0, notBeforeMs: Number.NEGATIVE_INFINITY });
  }

  /** Number of the last notice. */
  async #note(facts: Facts): Promise<number> {
    const { notices, log } = this.#deps;
    let latest = await notices.latest();
    // What another process noted while or after these facts were read may not be in them: by them it would be taken back,
    // and told anew by its next look, for ever. S3 tells whole seconds.
    let isBehind = latest !== null && facts.observedMs <= latest.notedMs;
    for (let noted = 0; noted < NOTED && !isBehind; noted++) {
      const number = (latest?.number ?? 0) + 1;
      const news = nextNotice(latest?.told ?? null, facts, number);
      if (news === null) break;
      const { kind, action, severity, summary } = news.notice;
      isBehind = !(await notices.note(number, news));
      if (!isBehind) log.info('notice noted', { number, kind, action, severity, summary });
      latest = await notices.latest();
    }
    return latest?.number ?? 0;
  }

  async #deliver(receiver: Receiver, last: number): Promise<void> {
    const { notices, clock } = this.#deps;
    const progress = this.#progress.get(receiver.name);
    if (progress === undefined) return;
    for (let sent = 0; sent < SENT && progress.ended < last && !this.#stopping.signal.aborted; ) {
      const noted = await notices.read(progress.ended + 1);
      if (noted === null) return;
      if (isFor(receiver, noted)) {
        if (clock.nowMs() < progress.notBeforeMs) return;
        if (!(await this.#hand(receiver, noted, progress))) return;
        sent += 1;
      }
      progress.ended = noted.number;
    }
  }

  /** False: this receiver has to wait. */
  async #hand(receiver: Receiver, noted: NotedNotice, progress: Progress): Promise<boolean> {
    const { notices, claimant, clock, log, count, giveUpAfterMs } = this.#deps;
    const { number } = noted;
    if (await notices.isEnded(receiver.name, number)) return true;
    const nowMs = await this.#deps.serverTimeMs();
    if (!(await notices.claim({ receiver: receiver.name, number, claimant, nowMs }))) return false;
    // The claim may be younger than somebody's end of the same notice.
    if (await notices.isEnded(receiver.name, number)) return true;
    let outcome: NoticeOutcome = 'sent';
    try {
      await sendNotice(receiver, messageOf(this.#deps.migration, noted), {
        ...this.#deps,
        signal: this.#stopping.signal,
      });
      progress.failures = 0;
    } catch (thrown) {
      if (this.#stopping.signal.aborted) return false;
      const error = asLakehaulError(thrown);
      const fields = { receiver: receiver.name, number, code: error.code, reason: error.message, next: error.next };
      const isOver = error.code === 'NOTICE_REFUSED' || nowMs - noted.notedMs > giveUpAfterMs;
      if (!isOver) {
        progress.failures += 1;
        const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (progress.failures - 1), LONGEST_WAIT_MS);
        // A header of years would be silence that nobody hears of: giving up is told after a try.
        const askedMs = Math.min(error.retryAfterMs ?? 0, LONGEST_ASKED_MS);
        progress.notBeforeMs = clock.nowMs() + Math.max(waitMs, askedMs);
        log.warn('notice not sent', { ...fields, failures: progress.failures });
        count('failed');
        return false;
      }
      outcome = error.code === 'NOTICE_REFUSED' ? 'refused' : 'given-up';
      log.error('notice given up', fields);
    }
    await notices.end(receiver.name, number, outcome);
    count(outcome);
    return true;
  }
}

/** The end of what was told is told, too: it has the severity of its beginning. */
function isFor({ minSeverity }: Receiver, { notice }: NotedNotice): boolean {
  return SEVERITIES.indexOf(notice.severity) >= SEVERITIES.indexOf(minSeverity);
}

export function messageOf(migration: string, { number, notice, notedMs }: NotedNotice): Message {
  const id = (of: number) => `lakehaul/${migration}/notice/${of}`;
  return { ...notice, id: id(number), incident: id(notice.incident), migration, at: new Date(notedMs).toISOString() };
}
