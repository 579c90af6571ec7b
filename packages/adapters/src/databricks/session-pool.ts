import type { Clock } from '@lakehaul/core';

/** What the pool needs of a driver's session. */
export interface PooledSession {
  close(): Promise<unknown>;
}

export interface Probe<S> {
  probeIdleMs: number;
  isAlive: (session: S) => Promise<boolean>;
}

interface Idle<S> {
  session: S;
  sinceMs: number;
}

/** Warehouses end sessions that nobody uses; well below what we have seen, since a dead one costs a round trip. */
const IDLE_MS = 300_000;
const IDLE_SESSIONS = 8;

/** Sessions by their statement time-out: it is a setting of the session. One statement at a time in each. */
export class SessionPool<S extends PooledSession> {
  readonly #open: (timeoutSeconds: number) => Promise<S>;
  readonly #clock: Clock;
  readonly #idle = new Map<number, Idle<S>[]>();

  constructor(open: (timeoutSeconds: number) => Promise<S>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** `isAlive` is asked of a session that was idle for `probeIdleMs`; one that is not is dropped, and the next one tried. */
  async take(timeoutSeconds: number, probe?: Probe<S>): Promise<S> {
    const idle = this.#idle.get(timeoutSeconds) ?? [];
    for (let found = idle.pop(); found !== undefined; found = idle.pop()) {
      const idleMs = this.#clock.nowMs() - found.sinceMs;
      const mustAsk = probe !== undefined && idleMs >= probe.probeIdleMs;
      if (idleMs <= IDLE_MS && (!mustAsk || (await probe.isAlive(found.session)))) return found.session;
      this.drop(found.session);
    }
    return this.#open(timeoutSeconds);
  }

  give(session: S, timeoutSeconds: number): void {
    const idle = this.#idle.get(timeoutSeconds) ?? [];
    this.#idle.set(timeoutSeconds, idle);
    if (idle.length >= IDLE_SESSIONS) this.drop(session);
    else idle.push({ session, sinceMs: this.#clock.nowMs() });
  }

  /** For a session in which something failed: whether it lives is not worth finding out. */
  drop(session: S): void {
    session.close().catch(() => undefined);
  }

  /** Of a warehouse that has forgotten one: it was stopped, and none of the others lives. */
  dropIdle(): void {
    for (const { session } of [...this.#idle.values()].flat()) this.drop(session);
    this.#idle.clear();
  }

  async close(): Promise<void> {
    const sessions = [...this.#idle.values()].flat();
    this.#idle.clear();
    await Promise.all(sessions.map(({ session }) => session.close().catch(() => undefined)));
  }
}
