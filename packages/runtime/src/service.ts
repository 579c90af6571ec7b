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
  const { name, log, signals = process } = options;
  const drain = new AbortController();
  const stop = new AbortController();
  const onSignal = () => (drain.signal.aborted ? stop : drain).abort();
  signals.on('SIGTERM', onSignal);
  signals.on('SIGINT', onSignal);
  try {
    const service = await options.start(drain.signal);
    log.info('service started', { service: name });
    return await runUntilEnd(options, service, drain.signal, stop.signal);
  } catch (thrown) {
    const error = asLakehaulError(thrown);
    const { code, message: reason, where, next } = error;
    log.error('service failed', { service: name, code, reason, where, next });
    return 1;
  } finally {
    signals.off('SIGTERM', onSignal);
    signals.off('SIGINT', onSignal);
  }
}

async function runUntilEnd(
  options: ServiceOptions,
  service: RunningService,
  drain: AbortSignal,
  stop: AbortSignal,
): Promise<number> {
  const { name, log, clock } = options;
  const end = await Promise.race([
    service.done.then(
      () => ({ kind: 'over' as const }),
      (error: unknown) => ({ kind: 'failed' as const, error }),
    ),
    abortOf(drain).then(() => ({ kind: 'drain' as const })),
  ]);
  if (end.kind !== 'drain') {
    await stopSoon(service, clock);
    if (end.kind === 'failed') throw end.error;
    log.info('service is over', { service: name });
    return 0;
  }
  log.info('service drains', { service: name });
  const startMs = clock.nowMs();
  const outcome = await drained(options, service, stop);
  if (outcome !== 'drained') await stopSoon(service, clock);
  log.info('service ended', { service: name, outcome, durationMs: clock.nowMs() - startMs });
  return outcome === 'drained' ? 0 : 130;
}

async function drained(
  { clock, drainLimitMs = DRAIN_LIMIT_MS }: ServiceOptions,
  service: RunningService,
  stop: AbortSignal,
): Promise<'drained' | 'stopped' | 'late'> {
  const isOver = new AbortController();
  const limit = clock.sleep(drainLimitMs, isOver.signal).catch(() => undefined);
  return await Promise.race([
    service.drain().then(() => 'drained' as const),
    abortOf(stop).then(() => 'stopped' as const),
    limit.then(() => 'late' as const),
  ]).finally(() => isOver.abort());
}

/** What cannot end in two seconds is ended by the process. */
async function stopSoon(service: RunningService, clock: Clock): Promise<void> {
  const isOver = new AbortController();
  const limit = clock.sleep(2_000, isOver.signal).catch(() => undefined);
  await Promise.race([service.stop(), limit]).finally(() => isOver.abort());
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
