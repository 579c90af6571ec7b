/** Node 20 has no AsyncDisposableStack: what was opened last is closed first, and every one is tried. */
export class Cleanup implements AsyncDisposable {
  #steps: (() => Promise<void>)[] = [];

  use<T extends AsyncDisposable>(resource: T): T {
    this.#steps.push(async () => resource[Symbol.asyncDispose]());
    return resource;
  }

  defer(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /** Hands the steps to a new owner, so that this one closes nothing. */
  move(): Cleanup {
    const owner = new Cleanup();
    owner.#steps = this.#steps;
    this.#steps = [];
    return owner;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse())
      await step().catch((failure: unknown) => failures.push(failure));
    if (failures.length > 0) throw failures[0];
  }
}
