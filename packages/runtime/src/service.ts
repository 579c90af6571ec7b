/** The life of a service process: run, drain at the first signal (work is handed over), stop at the second. */
import { asLakehaulError, type Clock, type Log } from '@lakehaul/core';

export interface RunningService {
  /** Takes no more work and hands over what runs. */
  drain(): Promise<void>;
  /** Ends now; what runs is taken over later by another process. */
  stop(): Promise<void>;
  /** Settles when the service ends by itself: resolves when its work is over, rejects when it cannot go on. */
  done: Promise<void>;
}

export interface ServiceOptions {
  name: string;
  /** Wires and starts; the signal is aborted by the first SIGTERM or SIGINT, also while starting. */
  start: (signal: AbortSignal) => Promise<RunningService>;
  log: Log;
  clock: Clock;
  /** Where the signals come from. */
  signals?: SignalSource;
  /** A drain that takes longer is cut off. Below the grace period of the pod. */
  drainLimitMs?: number;
}

export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  off(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

const DRAIN_LIMIT_MS = 30_000;

/** Resolves with the exit code: 0 over or drained, 1 failed, 130 stopped. main.ts exits with it. */
export async function runService(options: ServiceOptions): Promise<number> {
  const { name, log, clock, signals = process } = options;
  const drain = new AbortController();
  const stop = new AbortController();
  const onSignal = () => {
    if (drain.signal.aborted) stop.abort();
    else drain.abort();
  };
  signals.on('SIGTERM', onSignal);
  signals.on('SIGINT', onSignal);
  try {
    const service = await options.start(drain.signal);
    log.info('service started', { service: name });
    const end = await Promise.race([
      service.done.then(() => 'done' as const),
      abortOf(drain.signal).then(() => 'drain' as const),
    ]);
    if (end === 'done') {
      await service.stop();
      log.info('service is over', { service: name });
      return 0;
    }
    log.info('service drains', { service: name });
    const startMs = clock.nowMs();
    const isOver = new AbortController();
    const outcome = await Promise.race([
      service.drain().then(() => 'drained' as const),
      abortOf(stop.signal).then(() => 'stopped' as const),
      clock.sleep(options.drainLimitMs ?? DRAIN_LIMIT_MS, isOver.signal).then(
        () => 'late' as const,
        () => 'late' as const,
      ),
    ]).finally(() => isOver.abort());
    if (outcome !== 'drained') await Promise.race([service.stop(), clock.sleep(2_000)]);
    log.info('service ended', { service: name, outcome, durationMs: clock.nowMs() - startMs });
    return outcome === 'drained' ? 0 : 130;
  } catch (thrown) {
    const error = asLakehaulError(thrown);
    log.error('service failed', {
      service: name,
      code: error.code,
      reason: error.message,
      where: error.where,
      next: error.next,
    });
    return 1;
  } finally {
    signals.off('SIGTERM', onSignal);
    signals.off('SIGINT', onSignal);
  }
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
