import { EventEmitter } from 'node:events';
import { LakehaulError } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from './clock.ts';
import { createLog } from './log.ts';
import { type RunningService, runService } from './service.ts';

function world(service: Partial<RunningService>, start?: () => Promise<RunningService>) {
  const signals = new EventEmitter();
  const clock = createFakeClock(0);
  const calls: string[] = [];
  const messages: Record<string, unknown>[] = [];
  const running: RunningService = {
    done: new Promise(() => undefined),
    ...service,
    drain: () => {
      calls.push('drain');
      return service.drain?.() ?? Promise.resolve();
    },
    stop: () => {
      calls.push('stop');
      return service.stop?.() ?? Promise.resolve();
    },
  };
  const code = runService({
    name: 'worker',
    start: start ?? (() => Promise.resolve(running)),
    log: createLog({ write: (line) => messages.push(JSON.parse(line)), level: 'info', clock }),
    clock,
    signals,
    drainLimitMs: 30_000,
  });
  return { signals, clock, calls, messages, code };
}

describe('a service', () => {
  it('drains at the first signal and is then over', async () => {
    const { signals, clock, calls, code } = world({});
    await clock.advance(1);
    signals.emit('SIGTERM');
    expect(await code).toBe(0);
    expect(calls).toEqual(['drain']);
    expect(signals.listenerCount('SIGTERM') + signals.listenerCount('SIGINT')).toBe(0);
  });

  it('stops at the second signal', async () => {
    const { signals, clock, calls, code } = world({ drain: () => new Promise(() => undefined) });
    await clock.advance(1);
    signals.emit('SIGINT');
    await clock.advance(1);
    signals.emit('SIGINT');
    expect(await clock.runUntil(code)).toBe(130);
    expect(calls).toEqual(['drain', 'stop']);
  });

  it('cuts off a drain that takes too long, and a stop too', async () => {
    const forever = () => new Promise<void>(() => undefined);
    const { signals, clock, calls, code } = world({ drain: forever, stop: forever });
    await clock.advance(1);
    signals.emit('SIGTERM');
    expect(await clock.runUntil(code)).toBe(130);
    expect(clock.nowMs()).toBe(32_001);
    expect(calls).toEqual(['drain', 'stop']);
  });

  it('ends by itself when its work is over', async () => {
    const { calls, code } = world({ done: Promise.resolve() });
    expect(await code).toBe(0);
    expect(calls).toEqual(['stop']);
  });

  it('stops what runs when it fails, and says why and what to do', async () => {
    const { calls, messages, code } = world({
      done: Promise.reject(new LakehaulError('CREDENTIALS_REJECTED', 'the token has expired')),
    });
    expect(await code).toBe(1);
    expect(calls).toEqual(['stop']);
    expect(messages.at(-1)).toMatchObject({
      level: 'error',
      code: 'CREDENTIALS_REJECTED',
      reason: 'the token has expired',
      next: expect.stringContaining('doctor'),
    });
  });

  it('fails when it cannot start', async () => {
    const { code, messages } = world({}, () => Promise.reject(new Error('no port')));
    expect(await code).toBe(1);
    expect(messages.at(-1)).toMatchObject({ message: 'service failed', reason: expect.stringContaining('no port') });
  });

  it('a signal while it starts is not lost', async () => {
    let finishStart: (service: RunningService) => void = () => undefined;
    const drained: string[] = [];
    const { signals, code } = world({}, () => new Promise((resolve) => (finishStart = resolve)));
    signals.emit('SIGTERM');
    finishStart({
      done: new Promise(() => undefined),
      drain: async () => void drained.push('drain'),
      stop: async () => undefined,
    });
    expect(await code).toBe(0);
    expect(drained).toEqual(['drain']);
  });
});
