/**
 * How often S3 asked the whole fleet to slow down. Each process tells on the queue store's board how often since it began,
 * and a beat that shows that it lives; whoever sums up keeps what it heard last and adds what has come since. So a board
 * that was emptied costs nothing: the processes tell again, and the sums go on. Any number may sum up.
 */
import type { ChunkQueues } from '@lakehaul/queue';

/** Their name on the board. */
export const SLOW_DOWNS = 's3-slow-downs';
export const TELL_EVERY_MS = 10_000;
/** A process that was not heard for so long is not counted among those that tell; after the second it is forgotten. */
const SILENT_MS = 60_000;
const GONE_MS = 600_000;

type TellingQueues = Pick<ChunkQueues, 'board' | 'tellBoard' | 'forgetOnBoard'>;

/** What a process does every TELL_EVERY_MS. */
export function slowDownTeller(deps: {
  queues: Pick<TellingQueues, 'tellBoard'>;
  process: string;
  total: () => number;
}): () => Promise<void> {
  let beat = 0;
  return () => deps.queues.tellBoard(SLOW_DOWNS, deps.process, `${deps.total()} ${++beat}`);
}

interface Heard {
  text: string;
  total: number;
  changedMs: number;
}

export interface FleetSlowDowns {
  /** Since this was last asked; at the first time only of this process. */
  calls: number;
  /** Processes that have told lately, this one included. */
  processes: number;
}

export class SlowDownTally {
  readonly #deps: { queues: TellingQueues; process: string; total: () => number; nowMs: () => number };
  readonly #heard = new Map<string, Heard>();
  #isFirst = true;
  #own = 0;

  constructor(deps: { queues: TellingQueues; process: string; total: () => number; nowMs: () => number }) {
    this.#deps = deps;
  }

  /** Throws when the board cannot be read: what others tell is counted the next time. */
  async take(): Promise<FleetSlowDowns> {
    const { queues, process, total, nowMs } = this.#deps;
    const board = await queues.board(SLOW_DOWNS);
    const now = nowMs();
    const own = total();
    let calls = own - this.#own;
    this.#own = own;
    let processes = 1;
    for (const [other, text] of board) {
      if (other === process) continue;
      const before = this.#heard.get(other);
      const isNews = before?.text !== text;
      const heard = isNews ? { text, total: totalOf(text), changedMs: now } : before;
      // Nothing is known of when a process told what was there at the first look.
      if (before !== undefined || !this.#isFirst) calls += Math.max(0, heard.total - (before?.total ?? 0));
      this.#heard.set(other, heard);
      if (now - heard.changedMs < SILENT_MS) processes += 1;
      else if (now - heard.changedMs >= GONE_MS) await queues.forgetOnBoard(SLOW_DOWNS, other);
    }
    this.#isFirst = false;
    return { calls, processes };
  }
}

function totalOf(text: string): number {
  const total = Number(text.split(' ')[0]);
  return Number.isSafeInteger(total) && total > 0 ? total : 0;
}
