/**
 * The explorer: every schedule of some workers on one chunk, within bounds, over the modelled clouds, with the real step,
 * fence and ledger code. A schedule says which worker makes the next call to the outside, where it is preempted (at most
 * `switches` times in all), at which call a fault happens (at most `faults`), and when a delayed effect lands.
 * When all workers have ended or died, one more clean worker goes on, and a delayed effect may even land after that.
 *
 * What is left out, and why nothing is missed by it:
 *  - A moment that was seen before is not gone on from again: same clouds, same histories of all workers, same worker at
 *    work, same faults left, and no more switches left than then. Workers are deterministic, so its future is the same.
 *  - No preemption before a call that can neither change anything nor be answered differently later (an object that is
 *    there, a target version): preempting after it gives the same.
 *  - A preempted worker comes back only when its next call conflicts with something that was done meanwhile. When it does
 *    not, making that call first and being preempted after it gives the same clouds and histories with as many
 *    switches, and that schedule is explored. `hasConflict` is part of the moment, so both rules go together.
 *  - A delayed effect lands just before a call that conflicts with it, or at the very end: in between nobody could tell.
 *  - A crash is tried before calls that change something (faults.ts says why).
 * Bounded otherwise: time passes only when a worker sleeps, and then by more than a minute; the workers
 * give a chunk up after `steps` steps; S3 and the engines do each call at one moment.
 */
import type { ChunkRef } from '@lakehaul/core';
import { type Answer, type Call, doConflict, type Touch } from '../model/calls.ts';
import type { Clouds } from '../model/state.ts';
import { brokenBetween } from './invariants.ts';
import { type Answered, type CloudMoment, type Landed, type Transition, Transitions } from './transitions.ts';
import { type Place, type Program, WorkerTree } from './worker-tree.ts';

export interface NamedProgram {
  name: string;
  program: Program;
}

export interface Exploration {
  start: Clouds;
  ref: ChunkRef;
  workers: readonly NamedProgram[];
  /** Goes on alone when all others have ended or died. */
  successor: NamedProgram;
  switches: number;
  faults: number;
  /** What is wrong with an end, or null. */
  judgeEnd: (clouds: Clouds, ends: readonly string[]) => string | null;
  /** Is judged at every moment; default: the invariants. */
  judgeMoment?: (before: Clouds, after: Clouds) => string | null;
  /** Gives up with isComplete = false. */
  longestMs?: number;
}

export interface Explored {
  isComplete: boolean;
  /** Moments that differ. */
  moments: number;
  /** Schedules that were followed to their end; every other one joins one of these in a moment seen before. */
  ends: number;
  /** Branches that led to a moment seen before. */
  joined: number;
  /** Returns of a preempted worker that no conflict asked for. */
  commuting: number;
  /** Branches in which a fault was injected. */
  faultBranches: number;
  /** Calls at which faults were injected, by point: how often. */
  faultPoints: Map<string, number>;
  /** Real runs of code: histories of calls that differ. */
  histories: number;
  counterexample: Counterexample | null;
}

export interface Counterexample {
  what: string;
  trace: string[];
}

interface Moment {
  cloud: CloudMoment;
  places: readonly Place[];
  isDead: readonly boolean[];
  /** Of preempted workers: does the next call conflict with what was done since? */
  hasConflict: readonly boolean[];
  active: number;
  switchesLeft: number;
  faultsLeft: number;
  /** All have ended: only a delayed effect can still come. */
  isOver: boolean;
  step: Step | null;
}

/** A list from the last step back to the first; told in words only when it is printed. */
interface Step {
  who: string;
  call: Call | null;
  answer: Answer | null;
  note: string;
  before: Step | null;
}

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
  readonly #transitions: Transitions;
  readonly #trees: readonly WorkerTree[];
  /** Most switches that were left when the moment was seen. */
  readonly #seen = new Map<string, number>();
  readonly #stack: Moment[] = [];

  constructor(request: Exploration) {
    this.#request = request;
    this.#transitions = new Transitions(request.judgeMoment ?? ((a, b) => brokenBetween(a, b, request.ref)));
    this.#trees = [...request.workers, request.successor].map(
      ({ name, program }) => new WorkerTree(name, program, request.start.nowMs, this.#transitions.texts),
    );
  }

  async run(): Promise<void> {
    const { start, switches, faults, longestMs = Number.POSITIVE_INFINITY } = this.#request;
    const places: Place[] = [];
    for (const tree of this.#trees) places.push(await tree.root());
    const beganMs = performance.now();
    this.#push({
      cloud: this.#transitions.moment(start),
      places,
      isDead: this.#trees.map(() => false),
      // A worker that has not begun may begin at any time: nothing that it did could come before.
      hasConflict: this.#trees.map(() => true),
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
    this.result.histories = this.#trees.reduce((sum, tree) => sum + tree.size, 0);
  }

  /** Puts every branch on the stack; a moment that has only one way to go on is answered instead. */
  async #expand(moment: Moment): Promise<Moment | null> {
    const { active, cloud } = moment;
    const place = moment.places[active] as Place;
    const transition = moment.isDead[active] === true ? null : this.#transitions.at(cloud, place);
    if (transition === null) {
      this.#hand(moment);
      return null;
    }
    const { touches, call, plain } = transition;
    for (const landing of this.#transitions.landings(cloud))
      if (doConflict(landing.touches, touches)) this.#land(moment, landing);
    if (touches.length > 0 && moment.switchesLeft > 0)
      for (const other of this.#others(moment)) this.#switchTo(moment, other, moment.switchesLeft - 1);
    // The plain way first: it goes on where the code stands, and only the others run it anew.
    const next = await this.#went(moment, transition, plain);
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

  #isForced(moment: Moment): boolean {
    if (moment.faultsLeft > 0 || moment.isDead[moment.active] === true) return false;
    if (this.#transitions.landings(moment.cloud).length > 0) return false;
    const transition = this.#transitions.at(moment.cloud, moment.places[moment.active] as Place);
    return transition !== null && (moment.switchesLeft === 0 || transition.touches.length === 0);
  }

  /** The active worker made its call. */
  async #went(moment: Moment, transition: Transition, answered: Answered): Promise<Moment> {
    const { active } = moment;
    const { answer, to } = answered;
    let { places, isDead } = moment;
    if (answer === null) {
      isDead = isDead.map((was, worker) => was || worker === active);
    } else {
      const tree = this.#trees[active] as WorkerTree;
      const place = places[active] as Place;
      const next =
        tree.known(place, answered.answerNumber) ??
        (await tree.go(place, answered.answerNumber, { answer, nowMs: to.clouds.nowMs }));
      places = places.map((each, worker) => (worker === active ? next : each));
    }
    const who = this.#trees[active]?.name ?? '';
    const step = { who, call: transition.call, answer, note: answered.name, before: moment.step };
    const hasConflict = this.#conflicts(moment, transition.touches);
    return { ...moment, cloud: to, places, isDead, hasConflict, step };
  }

  #conflicts(moment: Moment, touches: readonly Touch[]): readonly boolean[] {
    if (touches.length === 0) return moment.hasConflict;
    return moment.hasConflict.map((has, worker) => {
      if (has || worker === moment.active) return has;
      const transition = this.#transitions.at(moment.cloud, moment.places[worker] as Place);
      return transition === null || doConflict(transition.touches, touches);
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
      .filter((worker) => worker !== moment.active && this.#isAlive(moment, worker));
  }

  #isAlive(moment: Moment, worker: number): boolean {
    return moment.isDead[worker] === false && moment.places[worker]?.call !== null;
  }

  #switchTo(moment: Moment, worker: number, switchesLeft: number): void {
    if (moment.hasConflict[worker] !== true) {
      this.result.commuting += 1;
      return;
    }
    const hasConflict = moment.hasConflict.map((has, each) => (each === moment.active ? false : has));
    this.#push({ ...moment, active: worker, hasConflict, switchesLeft });
  }

  /** The active worker has ended or died: another one goes on, at last the successor; that is no preemption. */
  #hand(moment: Moment): void {
    const last = this.#trees.length - 1;
    const others = this.#others(moment);
    for (const worker of others) this.#switchTo(moment, worker, moment.switchesLeft);
    if (others.length > 0) return;
    if (moment.active !== last) this.#push({ ...moment, active: last, switchesLeft: 0, faultsLeft: 0 });
    else this.#end(moment);
  }

  /** What lands later may take a proof back, but never make a false one: that is judged at every moment. */
  #end(moment: Moment): void {
    if (!moment.isOver) {
      this.result.ends += 1;
      const ends = moment.places.map((place, worker) =>
        moment.isDead[worker] === true ? 'crashed' : (place.end ?? 'never began'),
      );
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
    const key = keyOf(moment);
    const most = this.#seen.get(key);
    if (most !== undefined && most >= moment.switchesLeft) {
      this.result.joined += 1;
      return;
    }
    if (most === undefined) this.result.moments += 1;
    this.#seen.set(key, moment.switchesLeft);
    this.#stack.push(moment);
  }

  #fail(what: string, last: Step | null): void {
    if (this.result.counterexample !== null) return;
    const trace: string[] = [];
    for (let step = last; step !== null; step = step.before) trace.unshift(told(step));
    this.result.counterexample = { what, trace };
  }
}

function keyOf(moment: Moment): string {
  let key = `${moment.active};${moment.faultsLeft};${moment.cloud.id}`;
  for (let worker = 0; worker < moment.places.length; worker++)
    key += `;${moment.places[worker]?.id}${moment.isDead[worker] ? 'x' : ''}${moment.hasConflict[worker] ? 'c' : ''}`;
  return key;
}

function told(step: Step): string {
  if (step.call === null) return `   ~ ${step.note}`;
  const fault = step.note === '' ? '' : `  ! ${step.note}`;
  return `${step.who}: ${describe(step.call)}${fault}${step.answer === null ? '' : heard(step.answer)}`;
}

function describe(call: Call): string {
  return shown(call).replace(/ledger\/.*\/\d{10}\//, '…/');
}

function shown(call: Call): string {
  switch (call.on) {
    case 's3.PutObject':
      return `PUT ${call.key}`;
    case 's3.GetObject':
      return `GET ${call.key}`;
    case 's3.HeadObject':
      return `HEAD ${call.key}`;
    case 's3.ListObjectsV2':
    case 'stage.readManifest':
      return `LIST ${call.prefix}`;
    case 'redshift.BatchExecuteStatement':
      return `UNLOAD ${call.request.statementName}`;
    case 'databricks.write':
      return `${call.load.operation.toUpperCase()} ${call.load.tag}`;
    case 'databricks.history':
      return `query history of ${call.tag}`;
    default:
      return call.on;
  }
}

function heard(answer: Answer): string {
  if ('error' in answer) return `  → ${answer.error.code}`;
  const { value } = answer;
  if (typeof value === 'object' && value !== null && 'created' in value) return value.created === true ? '' : '  → 412';
  return typeof value === 'string' || typeof value === 'number' ? `  → ${value}` : '';
}
