/**
 * Real asynchronous code as a tree that can be walked again and again. A worker is deterministic: what it does next
 * depends on nothing but the answers that it got. So each place in the tree is one history of answers, and its call is
 * found out once, by running the code; after that the place is only looked up.
 *
 * Code that has run on cannot go back: for a second branch of a place it is run anew from the start with the answers
 * that led there.
 */
import type { Answer, Call } from '../model/calls.ts';
import type { Caller } from '../model/ports.ts';

export type Program = (caller: Caller) => Promise<string>;

export interface Place {
  id: number;
  /** What the worker asks for next; null when its program has ended. */
  call: Call | null;
  /** The same for all calls with the same text. */
  callNumber: number;
  /** How it ended: what the program returned, or the error that would have ended the process. */
  end: string | null;
  branches: Map<number, Place>;
  parent: Place | null;
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

/** A program in the middle of its run. */
export class Run {
  readonly #waiting: Waiting[] = [];
  end: string | null = null;
  nowMs: number;

  constructor(program: Program, nowMs: number) {
    this.nowMs = nowMs;
    const caller: Caller = {
      nowMs: () => this.nowMs,
      call: (call) =>
        new Promise((resolve, reject) => {
          const settle = ({ answer }: Heard) => ('error' in answer ? reject(answer.error) : resolve(answer.value));
          this.#waiting.push({ call, settle });
        }),
    };
    program(caller).then(
      (result) => {
        this.end = result;
      },
      (thrown: unknown) => {
        this.end = `died: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      },
    );
  }

  /** The oldest call that waits. The same number of turns is waited each time, so the order of calls is the same. */
  async next(): Promise<Call | null> {
    for (let turn = 0; this.#waiting.length === 0 && this.end === null; turn++) {
      if (turn > MAX_TURNS) throw new Error('a worker waits for something that is no call');
      await null;
    }
    return this.#waiting[0]?.call ?? null;
  }

  hear(heard: Heard): void {
    this.nowMs = heard.nowMs;
    this.#waiting.shift()?.settle(heard);
  }
}

export class WorkerTree {
  readonly name: string;
  readonly #program: Program;
  readonly #startMs: number;
  readonly #texts: Numbers;
  #places = 0;
  /** Programs that stand at a place and can go on from there without being run anew. */
  readonly #standing = new Map<Place, Run>();
  #root: Place | null = null;

  constructor(name: string, program: Program, startMs: number, texts: Numbers) {
    this.#texts = texts;
    this.name = name;
    this.#program = program;
    this.#startMs = startMs;
  }

  get size(): number {
    return this.#places;
  }

  async root(): Promise<Place> {
    if (this.#root === null) {
      const run = new Run(this.#program, this.#startMs);
      this.#root = await this.#place(run, null, null);
    }
    return this.#root;
  }

  /** Known branches need no run. */
  known(place: Place, key: number): Place | undefined {
    return place.branches.get(key);
  }

  async go(place: Place, key: number, heard: Heard): Promise<Place> {
    const run = this.#standing.get(place) ?? (await this.#rerun(place));
    this.#standing.delete(place);
    run.hear(heard);
    const next = await this.#place(run, place, heard);
    place.branches.set(key, next);
    return next;
  }

  async #place(run: Run, parent: Place | null, heard: Heard | null): Promise<Place> {
    const call = await run.next();
    const callNumber = call === null ? -1 : this.#texts.of(textOf(call));
    const place: Place = { id: this.#places++, call, callNumber, end: run.end, branches: new Map(), parent, heard };
    if (call !== null) this.#standing.set(place, run);
    return place;
  }

  async #rerun(place: Place): Promise<Run> {
    const path: Place[] = [];
    for (let at: Place | null = place; at !== null; at = at.parent) path.unshift(at);
    const run = new Run(this.#program, this.#startMs);
    for (const at of path) {
      if (at.heard !== null) run.hear(at.heard);
      const call = await run.next();
      if (call === null || this.#texts.of(textOf(call)) !== at.callNumber)
        throw new Error(`${this.name} is not deterministic: ${textOf(call)} where ${textOf(at.call)} was asked before`);
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
export function answerText(answer: Answer, nowMs: number): string {
  if ('error' in answer) return `${nowMs}!${answer.error.code}${answer.error.message}`;
  return `${nowMs}${textOf(answer.value)}`;
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) ?? 'undefined';
}
