/** What calls, faults and landings lead to from one moment of the clouds, worked out and judged once. */
import { type Answer, type Call, doConflict, type Outcome, perform, type Touch, touchesOf } from '../model/calls.ts';
import { type Clouds, StateKeys, withPastNonces } from '../model/state.ts';
import { faultsAt, landings } from './faults.ts';
import { answerText, Numbers, OWN_MARK, type Place } from './worker-tree.ts';

/** A moment of the clouds; the same content is the same object. */
export interface CloudMoment {
  id: number;
  clouds: Clouds;
  calls: Map<number, Transition>;
  landings: Landed[] | null;
  /** The same moment when nonces that begin so are of no more use. */
  past: Map<string, CloudMoment>;
  /** No object and no late PUT names a worker: the clouds could not tell two of a kind apart. */
  isAnonymous: boolean;
  /** Budgets with which workers stood so at this moment (explore.ts). */
  seen: Map<string, readonly number[]>;
}

export interface Branch {
  to: CloudMoment;
  /** What is wrong with going there. */
  broken: string | null;
}

export interface Answered extends Branch {
  name: string;
  /** Null: the process is dead and hears nothing. */
  answer: Answer | null;
  answerNumber: number;
}

export interface Landed extends Branch {
  name: string;
  touches: readonly Touch[];
}

export interface Transition {
  call: Call;
  touches: readonly Touch[];
  plain: Answered;
  faults: Answered[] | null;
  /** The same as heard by those whose nonces are in the answer. */
  byMark: Map<string, Transition> | null;
}

export class Transitions {
  readonly #keys = new StateKeys();
  readonly #moments = new Map<string, CloudMoment>();
  readonly texts = new Numbers();
  readonly #judge: (before: Clouds, after: Clouds) => string | null;

  readonly #isPlain: boolean;

  constructor(judge: (before: Clouds, after: Clouds) => string | null, isPlain = false) {
    this.#judge = judge;
    this.#isPlain = isPlain;
  }

  moment(reached: Clouds): CloudMoment {
    const clouds = this.#isPlain ? reached : withoutVainPut(reached);
    const key = this.#keys.of(clouds);
    let moment = this.#moments.get(key);
    if (moment === undefined) {
      moment = {
        id: this.#moments.size,
        clouds,
        calls: new Map(),
        landings: null,
        past: new Map(),
        isAnonymous: isAnonymous(clouds),
        seen: new Map(),
      };
      this.#moments.set(key, moment);
    }
    return moment;
  }

  /** A turn has ended, or its process has: it compares its nonces no more. */
  past(moment: CloudMoment, mark: string): CloudMoment {
    if (this.#isPlain) return moment;
    let past = moment.past.get(mark);
    if (past === undefined) {
      const clouds = withPastNonces(moment.clouds, mark);
      past = clouds === moment.clouds ? moment : this.moment(clouds);
      moment.past.set(mark, past);
    }
    return past;
  }

  /** What the call leads to for a worker whose nonces begin with `mark`. Null when its turn has ended. */
  at(moment: CloudMoment, place: Place, mark: string): Transition | null {
    const { call, callNumber, isMarked } = place;
    if (call === null) return null;
    const number = isMarked ? this.texts.of(`${callNumber}${mark}`) : callNumber;
    let transition = moment.calls.get(number);
    if (transition === undefined) {
      transition = this.#transition(moment, isMarked ? renamed(call, OWN_MARK, mark) : call, mark);
      moment.calls.set(number, transition);
    }
    if (transition.byMark === null || isMarked) return transition;
    let own = transition.byMark.get(mark);
    if (own === undefined) {
      own = this.#transition(moment, call, mark);
      transition.byMark.set(mark, own);
    }
    return own;
  }

  #transition(moment: CloudMoment, call: Call, mark: string): Transition {
    const outcome = perform(moment.clouds, call);
    const { clouds, answer } = this.#isPlain ? outcome : heardAs(call, outcome);
    const text = answerText(answer);
    const heard = text.includes(mark) ? renamed(answer, mark, OWN_MARK) : answer;
    const plain = this.#answered(moment, { name: '', clouds, answer: heard });
    const byMark = SOME_MARK.test(text) ? new Map<string, Transition>() : null;
    return { call, touches: touchesOf(moment.clouds, call), plain, faults: null, byMark };
  }

  faults(moment: CloudMoment, transition: Transition): Answered[] {
    transition.faults ??= faultsAt(moment.clouds, transition.call).map((fault) => this.#answered(moment, fault));
    return transition.faults;
  }

  landings(moment: CloudMoment): Landed[] {
    moment.landings ??= landings(moment.clouds).map(({ name, clouds, touches }) => ({
      ...this.#branch(moment, clouds),
      name,
      touches,
    }));
    return moment.landings;
  }

  #answered(from: CloudMoment, outcome: { name: string; clouds: Clouds; answer: Answer | null }): Answered {
    const { name, clouds, answer } = outcome;
    const answerNumber = answer === null ? -1 : this.texts.of(answerText(answer));
    return { ...this.#branch(from, clouds), name, answer, answerNumber };
  }

  #branch(from: CloudMoment, clouds: Clouds): Branch {
    if (clouds === from.clouds) return { to: from, broken: null };
    return { to: this.moment(clouds), broken: this.#judge(from.clouds, clouds) };
  }
}

/** Delayed effects that a call which touches this can tell from their absence, at once or through one another. */
export function feltBy(touches: readonly Touch[], landings: readonly Landed[]): readonly Landed[] {
  const felt = landings.filter((landing) => doConflict(landing.touches, touches));
  if (felt.length === 0 || felt.length === landings.length) return felt;
  const others = landings.filter((landing) => !felt.includes(landing));
  return [
    ...felt,
    ...feltBy(
      felt.flatMap((landing) => landing.touches),
      others,
    ),
  ];
}

/** The marks under which nonces of workers stand in the clouds. */
export const markOf = (name: string, turnsLeft: number): string => `~${name}${turnsLeft}~`;
const SOME_MARK = /~[A-Z]\d+~/;

/** All PUTs of the ledger are conditional and nothing of it is ever removed: one that finds its key taken never does anything. */
function withoutVainPut(clouds: Clouds): Clouds {
  const { latePut, objects } = clouds;
  return latePut !== null && objects.has(latePut.key) ? { ...clouds, latePut: null } : clouds;
}

function isAnonymous({ objects, latePut }: Clouds): boolean {
  for (const [key, { body }] of objects) if (SOME_MARK.test(key) || SOME_MARK.test(body)) return false;
  return latePut === null || !SOME_MARK.test(latePut.body);
}

function renamed<T>(value: T, from: string, to: string): T;
function renamed(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return value.replaceAll(from, to);
  if (Array.isArray(value)) return value.map((each: unknown) => renamed(each, from, to));
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, renamed(each, from, to)]));
}

/** Who hears that its PUT created the object has no more use for the nonce in it. */
function heardAs(call: Call, outcome: Outcome): Outcome {
  const { clouds, answer } = outcome;
  if (call.on !== 's3.PutObject' || !call.isCreateOnce || 'error' in answer) return outcome;
  if (!(answer.value as { created: boolean }).created) return outcome;
  const mark = /"nonce":"(~[^~]*~)-/.exec(call.body)?.[1];
  return mark === undefined ? outcome : { clouds: withPastNonces(clouds, mark, (key) => key === call.key), answer };
}
