/** A moment of a search: the clouds, where each worker stands, and what may still happen. */
import { GAVE_UP, NOTHING_LEFT } from '../model/ports.ts';
import type { Step } from './trace.ts';
import type { CloudMoment } from './transitions.ts';
import type { Place, Program } from './worker-tree.ts';

export interface NamedProgram {
  /** One capital letter. */
  name: string;
  program: Program;
  /** It gives up after so many. */
  turns: number;
}

export interface Moment {
  cloud: CloudMoment;
  places: readonly Place[];
  turnsLeft: readonly number[];
  /** How a worker ended; null while it has not. */
  ends: readonly (string | null)[];
  /** Of preempted workers: does the next call conflict with what was done since? */
  hasConflict: readonly boolean[];
  active: number;
  switchesLeft: number;
  faultsLeft: number;
  /** All have ended: only a delayed effect can still come. */
  isOver: boolean;
  step: Step | null;
}

export function replaced<T>(list: readonly T[], place: number, entry: T): readonly T[] {
  return list.map((each, at) => (at === place ? entry : each));
}

/** Moments that were seen. A moment whose budget another one with the same key covers leads to nothing new. */
export class SeenMoments {
  readonly #workers: readonly NamedProgram[];
  readonly #isPlain: boolean;
  /** Almost all moments are seen with one budget, and there are few: a list for each of millions would cost as much again. */
  readonly #lists = new Map<number, readonly number[]>();

  constructor(workers: readonly NamedProgram[], isPlain: boolean) {
    this.#workers = workers;
    this.#isPlain = isPlain;
  }

  /** `more`: seen, but with less left to it. */
  add(moment: Moment): 'new' | 'more' | 'covered' {
    const { key, budget } = this.#standing(moment);
    const { seen } = moment.cloud;
    const earlier = seen.get(key);
    if (earlier === undefined) {
      seen.set(key, this.#only(budget));
      return 'new';
    }
    if (earlier.some((more) => covers(more, budget))) return 'covered';
    seen.set(key, [...earlier, budget]);
    return 'more';
  }

  #only(budget: number): readonly number[] {
    let list = this.#lists.get(budget);
    if (list === undefined) {
      list = [budget];
      this.#lists.set(budget, list);
    }
    return list;
  }

  /** Workers of one program are sorted by where they stand: which of them has which name does not matter. */
  #standing(moment: Moment): { key: string; budget: number } {
    const { active, ends, places, turnsLeft, hasConflict, switchesLeft, faultsLeft, cloud } = moment;
    const workers = this.#workers.map(({ program }, worker) => {
      const end = ends[worker] ?? null;
      const isActive = worker === active;
      const stands = `${isActive ? '*' : ''}${places[worker]?.id}.${turnsLeft[worker]}`;
      const mayReturn = hasConflict[worker] === true && !isActive && end === null;
      return { program, text: end === null ? stands : this.#isPlain ? end : endKey(end), mayReturn };
    });
    const sorted = cloud.isAnonymous && !this.#isPlain ? inOrder(workers) : workers;
    let bits = switchesLeft * 16 + faultsLeft;
    for (const { mayReturn } of sorted) bits = bits * 2 + (mayReturn ? 1 : 0);
    const key = sorted.map(({ text }) => text).join(';');
    return { key: moment.isOver ? `over ${key}` : key, budget: bits * 16 + sorted.length };
  }
}

type Standing = { program: Program; text: string; mayReturn: boolean };

/** The last one is the successor, who is nobody's equal: it has turns enough, and begins when all others have ended. */
function inOrder(workers: readonly Standing[]): readonly Standing[] {
  const equals = workers.slice(0, -1).filter(({ program }) => program === workers[0]?.program);
  const others = workers.slice(equals.length);
  const order = ({ text, mayReturn }: Standing) => `${text} ${mayReturn}`;
  return [...equals.sort((a, b) => (order(a) < order(b) ? -1 : 1)), ...others];
}

/**
 * Switches and faults that are left, and who may come back, in bits: more of each allows all that less of it does, since
 * the search may always do without.
 */
function covers(more: number, less: number): boolean {
  const workers = more % 16;
  const unit = 16 * 2 ** workers;
  const flags = (budget: number) => Math.floor(budget / 16) % 2 ** workers;
  const [a, b] = [Math.floor(more / unit), Math.floor(less / unit)];
  return a >> 4 >= b >> 4 && (a & 15) >= (b & 15) && (flags(less) & ~flags(more)) === 0;
}

/** Who has ended does nothing more, and the end is judged the same. */
function endKey(end: string): string {
  return end === 'crashed' || end === GAVE_UP || end === NOTHING_LEFT ? '-' : end;
}
