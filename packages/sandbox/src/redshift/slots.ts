/** WLM's slots: so many queries run, the others wait in the order they came. */
export class Slots {
  private readonly size: () => number;
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(size: () => number) {
    this.size = size;
  }

  /** Resolves to what gives the slot back. */
  async enter(): Promise<() => void> {
    if (this.taken < this.size()) this.taken += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    return () => this.leave();
  }

  /** The slot is handed over, not freed, so that nobody overtakes who waits. */
  private leave(): void {
    const next = this.taken <= this.size() ? this.waiting.shift() : undefined;
    if (next) next();
    else this.taken -= 1;
  }
}
