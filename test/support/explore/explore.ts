/**
 * The explorer: every schedule of some workers on one chunk, within bounds, over the modelled clouds, with the real step,
 * fence and ledger code. A schedule says which worker makes the next call to the outside, where it is preempted (at most
 * `switches` times in all), at which call a fault happens (at most `faults`), and when a delayed effect lands.
 * When all workers have ended or died, one more clean worker goes on, and a delayed effect may even land after that.
 *
 * What is left out, and why nothing should be missed by it (reductions.sandbox.test.ts compares ends with a search that
 * leaves nothing out, and little-programs.sandbox.test.ts does so for programs of any calls):
 *  - A moment that was seen before is not gone on from again: same clouds, same places of all workers in their code, same
 *    worker at work, and no more switches, faults and workers who may come back than then. Workers are deterministic, so
 *    its future is the same, or part of it.
 *  - Places of code are merged where the code has forgotten how it came there: between two turns, and where ports.ts says
 *    what it still knows (worker-tree.ts).
 *  - Nonces that nobody will compare any more are made alike (transitions.ts), and two workers of the same program are not
 *    told apart while no nonce in the clouds tells whose it is (moment.ts). Nothing else in a receipt names its writer
 *    but `by`, which is for people, and is the same here for all.
 *  - No preemption before a call that can neither change anything nor be answered differently later (an object that is
 *    there, a target version): preempting after it gives the same. Unless it tells the time, or the code looks at its
 *    clock when it has the answer: another worker may sleep before it.
 *  - A preempted worker comes back only when its next call conflicts with something that was done meanwhile. When it does
 *    not, making that call first and being preempted after it gives the same clouds and histories with as many
 *    switches, and that schedule is explored. `hasConflict` is part of the moment, so both rules go together. It also
 *    comes back to a delayed effect that its next call conflicts with, which then lands first: others may have made their
 *    calls before that effect, and this one may not.
 *  - A delayed effect lands just before a call that conflicts with it, at once or through another one that lands between
 *    them, or at the very end: otherwise nobody could tell. The model keeps one delayed PUT at a time; one whose key is
 *    taken will never do anything, and is forgotten (transitions.ts).
 *  - A crash is tried before calls that change something, the time included (faults.ts says why).
 *  - Moments with one way to go on are not kept, except where a turn begins: only the choices are counted.
 * Bounded otherwise: time passes only when a worker sleeps, and then by more than a minute; the workers
 * give a chunk up after so many turns; S3 and the engines do each call at one moment.
 */
import { must } from '@lakehaul/core';
import { CLOCK_IS_READ, doConflict, type Touch } from '../model/calls.ts';
import { GAVE_UP } from '../model/ports.ts';
import type { Exploration, Explored } from './exploration.ts';
import { brokenBetween } from './invariants.ts';
import { type Moment, type NamedProgram, replaced, SeenMoments } from './moment.ts';
import { type Step, traceOf } from './trace.ts';
import { type Answered, feltBy, type Landed, markOf, type Transition, Transitions } from './transitions.ts';
import { type Place, type Program, WorkerTree } from './worker-tree.ts';

export async function explore(request: Exploration): Promise<Explored> {
  const search = new Search(request);
  await search.run();
  return search.result;
}

class Search {
  readonly result: Explored = {
    isComplete: true,
    moments: 0,
    ends: 0,
    joined: 0,
    commuting: 0,
    faultBranches: 0,
    faultPoints: new Map(),
    histories: 0,
    counterexample: null,
  };
  readonly #request: Exploration;
  readonly #isPlain: boolean;
  readonly #transitions: Transitions;
  readonly #workers: readonly NamedProgram[];
  readonly #trees = new Map<Program, WorkerTree>();
  readonly #stack: Moment[] = [];
  readonly #seen: SeenMoments;

  constructor(request: Exploration) {
    this.#request = request;
    this.#isPlain = request.isPlain === true;
    const judge = request.judgeMoment ?? ((a, b) => brokenBetween(a, b, request.ref));
    this.#transitions = new Transitions(judge, this.#isPlain);
    this.#workers = [...request.workers, request.successor];
    this.#seen = new SeenMoments(this.#workers, this.#isPlain);
    for (const { program } of this.#workers)
      if (!this.#trees.has(program))
        this.#trees.set(program, new WorkerTree(program, this.#transitions.texts, this.#isPlain));
  }

  async run(): Promise<void> {
    const { start, switches, faults, longestMs = Number.POSITIVE_INFINITY } = this.#request;
    const places: Place[] = [];
    for (const { program } of this.#workers) places.push(await this.#tree(program).head(program.first, start.nowMs));
    const beganMs = performance.now();
    this.#push({
      cloud: this.#transitions.moment(start),
      places,
      turnsLeft: this.#workers.map(({ turns }) => turns),
      ends: this.#workers.map(() => null),
      // A worker that has not begun may begin at any time: nothing that it did could come before.
      hasConflict: this.#workers.map(() => true),
      active: 0,
      switchesLeft: switches,
      faultsLeft: faults,
      isOver: false,
      step: null,
    });
    for (let moment = this.#stack.pop(); moment !== undefined; moment = this.#stack.pop()) {
      let forced: Moment | null = moment;
      while (forced !== null) forced = await this.#expand(forced);
      if (this.result.counterexample !== null) break;
      if (performance.now() - beganMs > longestMs) {
        this.result.isComplete = false;
        break;
      }
    }
    for (const tree of this.#trees.values()) this.result.histories += tree.size;
  }

  /** Puts every branch on the stack; a moment that has only one way to go on is answered instead. */
  async #expand(moment: Moment): Promise<Moment | null> {
    const { active, cloud } = moment;
    const transition = this.#transition(moment, active);
    if (transition === null) {
      this.#hand(moment);
      return null;
    }
    const { call, plain } = transition;
    // The plain way first: it goes on where the code stands, only the others run it anew, and it tells what looks at a clock.
    const next = await this.#went(moment, transition, plain);
    const touches = this.#touches(moment, active);
    for (const landing of this.#landings(moment, touches)) this.#land(moment, landing);
    if ((this.#isPlain || touches.length > 0) && moment.switchesLeft > 0)
      for (const other of this.#others(moment)) this.#switchTo(moment, other, moment.switchesLeft - 1);
    if (moment.faultsLeft > 0 && active < this.#request.workers.length)
      for (const fault of this.#transitions.faults(cloud, transition)) {
        this.result.faultBranches += 1;
        this.result.faultPoints.set(call.on, (this.result.faultPoints.get(call.on) ?? 0) + 1);
        const faulty = { ...moment, faultsLeft: moment.faultsLeft - 1 };
        this.#push(await this.#went(faulty, transition, fault), fault.broken);
      }
    if (plain.broken === null && this.#isForced(next)) return next;
    this.#push(next, plain.broken);
    return null;
  }

  #tree(program: Program): WorkerTree {
    return must(this.#trees.get(program), 'the tree of a program');
  }

  /** What the worker's next call leads to; null when it has ended. */
  #transition(moment: Moment, worker: number): Transition | null {
    if (moment.ends[worker] !== null) return null;
    return this.#transitions.at(moment.cloud, moment.places[worker] as Place, this.#mark(moment, worker));
  }

  /** What the worker's next call touches; code that looks at its clock when it has the answer reads the clock by it. */
  #touches(moment: Moment, worker: number): readonly Touch[] {
    const touches = this.#transition(moment, worker)?.touches ?? [];
    return moment.places[worker]?.timedBranches == null ? touches : [...touches, CLOCK_IS_READ];
  }

  #landings({ cloud }: Moment, touches: readonly Touch[]): readonly Landed[] {
    const landings = this.#transitions.landings(cloud);
    return this.#isPlain ? landings : feltBy(touches, landings);
  }

  #mark(moment: Moment, worker: number): string {
    return markOf(this.#workers[worker]?.name ?? '', moment.turnsLeft[worker] ?? 0);
  }

  /** Only one way to go on. Where a turn begins, histories come together: that is looked up all the same. */
  #isForced(moment: Moment): boolean {
    if (this.#isPlain || moment.faultsLeft > 0 || moment.places[moment.active]?.parent === null) return false;
    const transition = this.#transition(moment, moment.active);
    if (transition === null || (moment.switchesLeft > 0 && transition.touches.length > 0)) return false;
    return this.#landings(moment, transition.touches).length === 0;
  }

  /** The active worker made its call. */
  async #went(moment: Moment, transition: Transition, answered: Answered): Promise<Moment> {
    const { active } = moment;
    const { answer } = answered;
    const step = { who: this.#workers[active]?.name ?? '', call: transition.call, answer, note: answered.name };
    const after: Moment = {
      ...moment,
      cloud: answered.to,
      hasConflict: this.#conflicts(moment, transition.touches),
      step: { ...step, before: moment.step },
    };
    if (answer === null) return this.#ended(after, 'crashed');
    const { program } = this.#workers[active] as NamedProgram;
    const place = moment.places[active] as Place;
    const heard = { answer, nowMs: answered.to.clouds.nowMs };
    const tree = this.#tree(program);
    const next =
      tree.known(place, answered.answerNumber, heard.nowMs) ?? (await tree.go(place, answered.answerNumber, heard));
    if (next.ended === null) return { ...after, places: replaced(moment.places, active, next) };
    if ('end' in next.ended) return this.#ended(after, next.ended.end);
    const left = (moment.turnsLeft[active] ?? 0) - 1;
    if (left === 0) return this.#ended(after, GAVE_UP);
    return {
      ...after,
      cloud: this.#transitions.past(after.cloud, this.#mark(moment, active)),
      places: replaced(moment.places, active, await tree.head(next.ended.next, heard.nowMs)),
      turnsLeft: replaced(moment.turnsLeft, active, left),
    };
  }

  #ended(moment: Moment, end: string): Moment {
    const { active } = moment;
    const cloud = this.#transitions.past(moment.cloud, this.#mark(moment, active));
    return { ...moment, cloud, ends: replaced(moment.ends, active, end) };
  }

  #conflicts(moment: Moment, touches: readonly Touch[]): readonly boolean[] {
    if (touches.length === 0) return moment.hasConflict;
    return moment.hasConflict.map((has, worker) => {
      if (has || worker === moment.active) return has;
      return moment.ends[worker] !== null || doConflict(this.#touches(moment, worker), touches);
    });
  }

  #land(moment: Moment, landing: Landed): void {
    const step = { who: '', call: null, answer: null, note: landing.name, before: moment.step };
    const hasConflict = this.#conflicts(moment, landing.touches);
    this.#push({ ...moment, cloud: landing.to, hasConflict, step }, landing.broken);
  }

  #others(moment: Moment): number[] {
    return this.#request.workers
      .map((_, worker) => worker)
      .filter((worker) => worker !== moment.active && moment.ends[worker] === null);
  }

  #switchTo(moment: Moment, worker: number, switchesLeft: number): void {
    const hasConflict = moment.hasConflict.map((has, each) => (each === moment.active ? false : has));
    const switched = { ...moment, active: worker, hasConflict, switchesLeft };
    if (moment.hasConflict[worker] === true || this.#isPlain) {
      this.#push(switched);
      return;
    }
    this.result.commuting += 1;
    for (const landing of this.#landings(moment, this.#touches(moment, worker))) this.#land(switched, landing);
  }

  /** The active worker has ended or died: another one goes on, at last the successor; that is no preemption. */
  #hand(moment: Moment): void {
    const last = this.#workers.length - 1;
    const others = this.#others(moment);
    for (const worker of others) this.#switchTo(moment, worker, moment.switchesLeft);
    if (others.length > 0) return;
    if (moment.active !== last) this.#push({ ...moment, active: last, switchesLeft: 0, faultsLeft: 0 });
    else this.#end(moment);
  }

  /** What lands later may take a proof back, but never make a false one: that is judged at every moment. */
  #end(moment: Moment): void {
    this.#request.seeEnd?.(moment.cloud.clouds);
    if (!moment.isOver) {
      this.result.ends += 1;
      const ends = moment.ends.map((end) => end ?? 'never began');
      const wrong = this.#request.judgeEnd(moment.cloud.clouds, ends);
      if (wrong !== null) this.#fail(wrong, moment.step);
    }
    for (const landing of this.#transitions.landings(moment.cloud)) this.#land({ ...moment, isOver: true }, landing);
  }

  #push(moment: Moment, broken: string | null = null): void {
    if (broken !== null) {
      this.#fail(broken, moment.step);
      return;
    }
    const added = this.#seen.add(moment);
    if (added === 'new') this.result.moments += 1;
    if (added === 'covered') {
      this.result.joined += 1;
      return;
    }
    this.#stack.push(moment);
  }

  #fail(what: string, last: Step | null): void {
    if (this.result.counterexample !== null) return;
    this.result.counterexample = { what, trace: traceOf(last) };
  }
}
