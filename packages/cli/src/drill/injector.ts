/** Does the actions of a drill at their moments, and knows when the last of them was over. */
import type { Sandbox } from '@lakehaul/sandbox';
import type { DrillParts } from './drill-parts.ts';
import type { Action, Role, ScheduledAction } from './drill-plan.ts';

/** What is done to the clouds. */
export type DrilledClouds = Pick<Sandbox, 'faults' | 'setWarehouse'>;

export class Injector {
  readonly #clouds: DrilledClouds;
  readonly #parts: DrillParts;
  readonly #waiting: ScheduledAction[];
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** Windows of faults need not be waited for: all may be proven under them. */
  #windowEndMs = 0;
  readonly #begun = new AbortController();
  #lastEndMs = performance.now();
  #failure: unknown = null;
  #struck = 0;

  constructor(clouds: DrilledClouds, parts: DrillParts, schedule: readonly ScheduledAction[]) {
    this.#clouds = clouds;
    this.#parts = parts;
    this.#waiting = [...schedule];
  }

  /**
   * How often misfortune met work in flight: actions begun before all was proven, and calls that a plan of faults spoilt.
   * A drill where this is 0 has shown nothing.
   */
  get hits(): number {
    return this.#struck + this.#clouds.faults.hits.length;
  }

  /** Starts what is due at so many receipts; at infinity, what the haul was too quick for. */
  at(receipts: number): void {
    if (this.#failure !== null) throw this.#failure;
    const due = this.#waiting.filter((each) => each.atReceipts <= receipts);
    for (const each of due) {
      this.#waiting.splice(this.#waiting.indexOf(each), 1);
      // A plan of faults strikes by its calls; what Redis saves harms nobody.
      const isStroke = each.action.kind !== 'faults' && each.action.kind !== 'redis-snapshot';
      if (isStroke && Number.isFinite(receipts)) this.#struck++;
      const running = this.#do(each.action)
        .catch((failure: unknown) => {
          this.#failure ??= failure;
        })
        .finally(() => {
          this.#lastEndMs = performance.now();
          this.#running.delete(running);
        });
      this.#running.add(running);
    }
  }

  /** A first chunk is at work. */
  begun(): void {
    this.#begun.abort();
  }

  get isOver(): boolean {
    return this.#waiting.length === 0 && this.#running.size === 0;
  }

  /** When the last injection was over; now, while one lasts. */
  get lastEndMs(): number {
    return Math.max(this.#lastEndMs, Math.min(this.#windowEndMs, performance.now()));
  }

  /** Takes back what lasts: plans, stopped warehouse, frozen processes. */
  async end(): Promise<void> {
    this.#stop.abort();
    this.#clouds.faults.set([]);
    this.#clouds.faults.release();
    await Promise.all(this.#running);
    await this.#clouds.setWarehouse('RUNNING');
  }

  async #do(action: Action): Promise<void> {
    const { fleets, redises } = this.#parts;
    const signal = (role: Role, name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT') => {
      for (const fleet of fleets) fleet.signal(role, name);
    };
    switch (action.kind) {
      case 'kill':
        return signal(action.role, 'SIGKILL');
      case 'terminate':
        for (const fleet of fleets) await fleet.terminate(action.role);
        return;
      case 'freeze':
        signal(action.role, 'SIGSTOP');
        await this.#pause(action.forMs);
        return signal(action.role, 'SIGCONT');
      case 'redis-flush':
        return this.#each(redises, (redis) => redis.flush());
      case 'redis-snapshot':
        return this.#each(redises, (redis) => redis.snapshot());
      case 'redis-freeze':
        for (const redis of redises) redis.freeze();
        await this.#pause(action.forMs);
        for (const redis of redises) redis.thaw();
        return;
      case 'redis-restart':
        await this.#each(redises, (redis) => redis.kill());
        await this.#pause(action.awayMs);
        return this.#each(redises, (redis) => redis.start(action.back));
      case 'redis-full':
        await this.#each(redises, (redis) => redis.setFull(true));
        await this.#pause(action.forMs);
        return this.#each(redises, (redis) => redis.setFull(false));
      case 'redis-disk-full':
        await this.#each(redises, (redis) => redis.setDiskFull(true));
        await this.#pause(action.forMs);
        return this.#each(redises, (redis) => redis.setDiskFull(false));
      case 'faults':
        // One process with the embedded store may start for half a minute: its faults would be over before any work.
        if (redises.length === 0) await this.#untilBegun();
        if (this.#stop.signal.aborted) return;
        this.#clouds.faults.set(action.plan.map((fault) => ({ ...fault, untilMs: action.forMs })));
        this.#windowEndMs = performance.now() + action.forMs;
        return;
      case 'warehouse-stop':
        await this.#clouds.setWarehouse('STOPPED');
        await this.#pause(action.forMs);
        return this.#clouds.setWarehouse('RUNNING');
    }
  }

  #untilBegun(): Promise<void> {
    const either = AbortSignal.any([this.#begun.signal, this.#stop.signal]);
    if (either.aborted) return Promise.resolve();
    return new Promise((resolve) => either.addEventListener('abort', () => resolve(), { once: true }));
  }

  async #each<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
    await Promise.all(all.map(act));
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
