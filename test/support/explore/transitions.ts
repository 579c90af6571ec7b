/** What calls, faults and landings lead to from one moment of the clouds, worked out and judged once. */
import { type Answer, type Call, perform, type Touch, touchesOf } from '../model/calls.ts';
import { type Clouds, StateKeys } from '../model/state.ts';
import { faultsAt, landings } from './faults.ts';
import { answerText, Numbers, type Place } from './worker-tree.ts';

/** A moment of the clouds; the same content is the same object. */
export interface CloudMoment {
  id: number;
  clouds: Clouds;
  calls: Map<number, Transition>;
  landings: Landed[] | null;
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
}

export class Transitions {
  readonly #keys = new StateKeys();
  readonly #moments = new Map<string, CloudMoment>();
  readonly texts = new Numbers();
  readonly #judge: (before: Clouds, after: Clouds) => string | null;

  constructor(judge: (before: Clouds, after: Clouds) => string | null) {
    this.#judge = judge;
  }

  moment(clouds: Clouds): CloudMoment {
    const key = this.#keys.of(clouds);
    let moment = this.#moments.get(key);
    if (moment === undefined) {
      moment = { id: this.#moments.size, clouds, calls: new Map(), landings: null };
      this.#moments.set(key, moment);
    }
    return moment;
  }

  /** Null when the program has ended. */
  at(moment: CloudMoment, place: Place): Transition | null {
    const { call, callNumber } = place;
    if (call === null) return null;
    let transition = moment.calls.get(callNumber);
    if (transition === undefined) {
      const { clouds, answer } = perform(moment.clouds, call);
      const plain = this.#answered(moment, { name: '', clouds, answer });
      transition = { call, touches: touchesOf(moment.clouds, call), plain, faults: null };
      moment.calls.set(callNumber, transition);
    }
    return transition;
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
    const answerNumber = answer === null ? -1 : this.texts.of(answerText(answer, clouds.nowMs));
    return { ...this.#branch(from, clouds), name, answer, answerNumber };
  }

  #branch(from: CloudMoment, clouds: Clouds): Branch {
    if (clouds === from.clouds) return { to: from, broken: null };
    return { to: this.moment(clouds), broken: this.#judge(from.clouds, clouds) };
  }
}
