/**
 * Server-sent events (WHATWG HTML, section 9.2): progress whenever something moved, and every change that a person made. An
 * event's id is the number of the last change before it, so that whoever comes back with Last-Event-ID, to whichever
 * process, is told what was set meanwhile.
 */
import type { ServerResponse } from 'node:http';
import { type Clock, LakehaulError } from '@lakehaul/core';
import { changesJson } from '@lakehaul/operate';
import type { ReadModel, Snapshot } from './read-model.ts';

type Stream = Pick<ServerResponse, 'write' | 'end' | 'destroy' | 'writableLength' | 'on'>;

interface Listener {
  stream: Stream;
  who: string;
  sinceMs: number;
  spokenMs: number;
  mayStay: () => Promise<boolean>;
}

export const KEEP_EVERY_MS = 5_000;
/** Proxies close what is silent for a minute, and the console takes 20 s of silence for a line that is dead. */
const SILENCE_MS = 10_000;
/** Then the listener comes again, to whichever process has room. */
const LIFE_MS = 10 * 60_000;
/** Who reads slower than this is behind for good. */
const BACKLOG_BYTES = 1_048_576;
const RETRY_MS = 2_000;
/** Of all connections, for one name: a page that opens them without end must not silence everybody else. */
const SHARE_OF_ONE = 1 / 4;
/** Changes that a returning listener is told at most. */
const REPLAYED = 500;

export class EventHub {
  readonly #model: ReadModel;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #listeners = new Set<Listener>();
  readonly #forget: () => void;
  #last: { etag: string; changes: number } | null = null;

  constructor(options: { model: ReadModel; clock: Clock; maxConnections: number }) {
    this.#model = options.model;
    this.#clock = options.clock;
    this.#most = options.maxConnections;
    this.#forget = options.model.onSnapshot((snapshot) => this.#tell(snapshot));
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** TOO_MANY_REQUESTS when there are enough listeners, or enough of this one. */
  refuseFull(who: string): void {
    if (this.#listeners.size >= this.#most)
      throw new LakehaulError('TOO_MANY_REQUESTS', `${this.#most} listeners are connected already`);
    const ofOne = Math.ceil(this.#most * SHARE_OF_ONE);
    if ([...this.#listeners].filter((listener) => listener.who === who).length >= ofOne)
      throw new LakehaulError('TOO_MANY_REQUESTS', `${ofOne} listeners of ${who} are connected already`);
  }

  /**
   * The headers are sent already. `who` is whose connection it is; `lastEventId` is what the listener heard last, null when it is new. `mayStay` is asked
   * again and again: a token that was revoked hears no more.
   */
  connect(stream: Stream, who: string, lastEventId: number | null, mayStay: () => Promise<boolean>): void {
    const nowMs = this.#clock.nowMs();
    const listener = { stream, who, sinceMs: nowMs, spokenMs: nowMs, mayStay };
    this.#listeners.add(listener);
    stream.on('close', () => void this.#listeners.delete(listener));
    const { snapshot } = this.#model;
    const from = lastEventId === null ? snapshot.changes.length : lastEventId;
    stream.write(
      `retry: ${RETRY_MS}\n\n${steeringFrames(snapshot, Math.max(from, snapshot.changes.length - REPLAYED))}${progressFrame(snapshot)}`,
    );
  }

  close(): void {
    this.#forget();
    for (const { stream } of this.#listeners) stream.end();
    this.#listeners.clear();
  }

  #tell(snapshot: Snapshot): void {
    const frames =
      steeringFrames(snapshot, this.#last?.changes ?? snapshot.changes.length) +
      (snapshot.status.etag === this.#last?.etag ? '' : progressFrame(snapshot));
    this.#last = { etag: snapshot.status.etag, changes: snapshot.changes.length };
    if (frames === '') return;
    for (const listener of this.#listeners) this.#speak(listener, frames);
  }

  /** Apart from the looks: these may fail for hours, and a listener whose token is gone must not stay until they go on. */
  async runOnce(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    await Promise.all(
      [...this.#listeners].map(async (listener) => {
        const isOver = nowMs - listener.sinceMs >= LIFE_MS || !(await listener.mayStay().catch(() => false));
        if (isOver) this.#end(listener);
        else if (nowMs - listener.spokenMs >= SILENCE_MS) this.#speak(listener, ': still here\n\n');
      }),
    );
  }

  #speak(listener: Listener, text: string): void {
    const { stream } = listener;
    if (stream.writableLength > BACKLOG_BYTES) {
      this.#listeners.delete(listener);
      stream.destroy();
      return;
    }
    stream.write(text);
    listener.spokenMs = this.#clock.nowMs();
  }

  #end(listener: Listener): void {
    // It may have gone by itself while its token was looked at.
    if (this.#listeners.delete(listener)) listener.stream.end();
  }
}

function frame(event: string, id: number, data: object): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function progressFrame({ asOf, report, changes, queues }: Snapshot): string {
  const stages: Record<string, number> = {};
  for (const table of report.tables)
    for (const [stage, chunks] of Object.entries(table.stages)) stages[stage] = (stages[stage] ?? 0) + chunks;
  const { verdict, evidence } = report.decision;
  return frame('progress', changes.length, {
    ...{ asOf, tables: report.tables.length, chunks: report.chunks, done: report.done, stages },
    ...{ queues, evidence, verdict },
  });
}

/** One frame a change after the first `from` ones. */
export function steeringFrames({ changes }: Snapshot, from: number): string {
  return changesJson(changes.slice(from))
    .map((change, index) => frame('steering', from + index + 1, change))
    .join('');
}
