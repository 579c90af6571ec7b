/**
 * Real asynchronous code as a tree that can be walked again and again. A worker is deterministic: what it does next
 * depends on nothing but the answers that it got. So each place in the tree is one history of answers, and its call is
 * found out once, by running the code; after that the place is only looked up.
 *
 * Code that has run on cannot go back: for a second branch of a place its turn is run anew from its beginning with the
 * answers that led there.
 */
import type { Answer, Call } from '../model/calls.ts';
import type { Caller } from '../model/ports.ts';

/**
 * A worker's code, in turns. What a turn leaves to the next one is its state, all of it: nothing else is remembered. So
 * two histories that end a turn in the same state at the same time go on as one. Workers of the same program share its
 * tree: code does not know who it is, its nonces begin with OWN_MARK, and whoever makes its calls puts a name there.
 */
export interface Program {
  first: string;
  turn(caller: Caller, state: string): Promise<TurnEnd>;
}

export type TurnEnd = { next: string } | { end: string };

export const OWN_MARK = '~me~';

export interface Place {
  id: number;
  /** Where a turn begins: what the turn before left. */
  head: { state: string; nowMs: number } | null;
  /** What the worker asks for next; null when its turn has ended. */
  call: Call | null;
  /** The same for all calls with the same text. */
  callNumber: number;
  /** The call speaks of the worker's own nonces. */
  isMarked: boolean;
  /** How the turn ended; an error that would have ended the process is an end, too. */
  ended: TurnEnd | null;
  /** By the number of the answer. */
  branches: Map<number, Place>;
  /** By the answer and its time, where the code looked at its clock before its next call. */
  timedBranches: Map<string, Place> | null;
  parent: Place | null;
  /** Calls since its turn began, on the shortest way that is known. */
  depth: number;
  /** What led here from the parent, and the time at which it was told. */
  heard: Heard | null;
}

interface Heard {
  answer: Answer;
  nowMs: number;
}

interface Waiting {
  call: Call;
  settle: (heard: Heard) => void;
}

/** Promises that settle one another between two calls: some tens in practice. */
const MAX_TURNS = 10_000;

/** A turn in the middle of its run. */
export class Run {
  readonly #waiting: Waiting[] = [];
  ended: TurnEnd | null = null;
  nowMs: number;
  /** The code looked at its clock since it last heard something. */
  hasLooked = false;
  /** What the code knows, and nothing else: said since it last heard something. */
  known: string | null = null;

  constructor(turn: (caller: Caller) => Promise<TurnEnd>, nowMs: number) {
    this.nowMs = nowMs;
    const caller: Caller = {
      nowMs: () => {
        this.hasLooked = true;
        return this.nowMs;
      },
      knowsOnly: (known) => {
        this.known = known;
      },
      call: (call) =>
        new Promise((resolve, reject) => {
          const settle = ({ answer }: Heard) => ('error' in answer ? reject(answer.error) : resolve(answer.value));
          this.#waiting.push({ call, settle });
        }),
    };
    turn(caller).then(
      (result) => {
        this.ended = result;
      },
      (thrown: unknown) => {
        this.ended = { end: `died: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
      },
    );
  }

  /** The oldest call that waits. The same number of turns is waited each time, so the order of calls is the same. */
  async next(): Promise<Call | null> {
    for (let turn = 0; this.#waiting.length === 0 && this.ended === null; turn++) {
      if (turn > MAX_TURNS) throw new Error('a worker waits for something that is no call');
      await null;
    }
    return this.#waiting[0]?.call ?? null;
  }

  /** Nothing else is on its way: reads that a failed step has left behind would be part of what the code knows. */
  get isAlone(): boolean {
    return this.#waiting.length === 1;
  }

  hear(heard: Heard): void {
    this.nowMs = heard.nowMs;
    this.hasLooked = false;
    this.known = null;
    this.#waiting.shift()?.settle(heard);
  }
}

export class WorkerTree {
  readonly #program: Program;
  readonly #isPlain: boolean;
  readonly #texts: Numbers;
  #places = 0;
  readonly #heads = new Map<string, Place>();
  /** Places by what the code knows there. */
  readonly #known = new Map<string, Place>();
  /** Turns that stand at a place and can go on from there without being run anew. */
  readonly #standing = new Map<Place, Run>();

  constructor(program: Program, texts: Numbers, isPlain = false) {
    this.#isPlain = isPlain;
    this.#texts = texts;
    this.#program = program;
  }

  get size(): number {
    return this.#places;
  }

  /** Where a turn begins. */
  async head(state: string, nowMs: number): Promise<Place> {
    const known = this.#heads.get(state) ?? this.#heads.get(`${nowMs} ${state}`);
    if (known !== undefined) return known;
    const run = this.#run(state, nowMs);
    const head = await this.#place(run, { parent: null, heard: null, head: { state, nowMs }, depth: 0 });
    this.#heads.set(run.hasLooked ? `${nowMs} ${state}` : state, head);
    return head;
  }

  /** Known branches need no run. */
  known(place: Place, answer: number, nowMs: number): Place | undefined {
    return place.branches.get(answer) ?? place.timedBranches?.get(`${answer} ${nowMs}`);
  }

  /** Whether code looks at its clock is decided by what it heard before: all runs of a branch do, or none. */
  async go(place: Place, answer: number, heard: Heard): Promise<Place> {
    const run = this.#standing.get(place) ?? (await this.#rerun(place));
    this.#standing.delete(place);
    run.hear(heard);
    const next = await this.#place(run, { parent: place, heard, head: null, depth: place.depth + 1 });
    if (run.hasLooked) {
      place.timedBranches ??= new Map();
      place.timedBranches.set(`${answer} ${heard.nowMs}`, next);
    } else place.branches.set(answer, next);
    return next;
  }

  #run(state: string, nowMs: number): Run {
    return new Run((caller) => this.#program.turn(caller, state), nowMs);
  }

  async #place(run: Run, from: Pick<Place, 'parent' | 'heard' | 'head' | 'depth'>): Promise<Place> {
    const call = await run.next();
    const text = call === null ? '' : textOf(call);
    const callNumber = call === null ? -1 : this.#texts.of(text);
    const known =
      run.known !== null && run.isAlone && !this.#isPlain ? `${run.hasLooked ? run.nowMs : ''} ${run.known}` : null;
    const same = known === null ? undefined : this.#known.get(known);
    if (same !== undefined) {
      if (same.callNumber !== callNumber) throw new Error(`${run.known} is not all that the code knows: ${text}`);
      // Whoever runs the code to here again may as well take the shorter way.
      if (from.depth < same.depth) Object.assign(same, from);
      return same;
    }
    const place: Place = {
      ...from,
      id: this.#places++,
      call,
      callNumber,
      isMarked: text.includes(OWN_MARK),
      ended: run.ended,
      branches: new Map(),
      timedBranches: null,
    };
    if (call !== null) this.#standing.set(place, run);
    if (known !== null) this.#known.set(known, place);
    return place;
  }

  async #rerun(place: Place): Promise<Run> {
    const path: Place[] = [];
    let at = place;
    for (; at.parent !== null; at = at.parent) path.unshift(at);
    const run = this.#run(at.head?.state ?? '', at.head?.nowMs ?? 0);
    for (const each of [at, ...path]) {
      if (each.heard !== null) run.hear(each.heard);
      const call = await run.next();
      if (call === null || this.#texts.of(textOf(call)) !== each.callNumber)
        throw new Error(`a worker is not deterministic: ${textOf(call)} where ${textOf(each.call)} was asked before`);
    }
    return run;
  }
}

/** Texts come again and again: each has a number. */
export class Numbers {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }
}

/** Answers with the same text are the same answer. */
export function answerText(answer: Answer): string {
  return 'error' in answer ? `!${answer.error.code}${answer.error.message}` : textOf(answer.value);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) ?? 'undefined';
}
