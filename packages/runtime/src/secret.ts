import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** A value that must never be printed: every way to turn it into text gives `[redacted]`, only `reveal` gives the value. */
export class Secret {
  readonly #reveal: () => string;

  /** From a function, so that a secret that is not set fails where it is used, with a reason. */
  constructor(value: string | (() => string)) {
    this.#reveal = typeof value === 'string' ? () => value : value;
  }

  reveal(): string {
    return this.#reveal();
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
