import { type Disposition, LakehaulError, type Outside } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from './clock.ts';
import { createSeededIds } from './ids.ts';
import { silentLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createOutside, DEFAULT_POLICY, type OutsideDeps } from './outside.ts';

function world(options: Partial<OutsideDeps> = {}) {
  const clock = createFakeClock(0);
  const metrics = createMetrics();
  const outside = createOutside({ clock, ids: createSeededIds(1), log: silentLog, metrics, ...options });
  return { clock, metrics, outside };
}

/** Fails so many times, then answers. */
function flaky(failures: number, error: () => Error) {
  const calls: AbortSignal[] = [];
  return {
    calls,
    call: async (signal: AbortSignal) => {
      calls.push(signal);
      if (calls.length <= failures) throw error();
      return 'answer';
    },
  };
}

const unavailable = () => new LakehaulError('UNAVAILABLE', '503');
const throttled = () => new LakehaulError('THROTTLED', 'SlowDown');

describe('a call that leaves the process', () => {
  it('is repeated when it is idempotent and the error says that it may go away', async () => {
    const { clock, outside, metrics } = world();
    const { call, calls } = flaky(2, unavailable);
    expect(await clock.runUntil(outside('s3.get', call, { isIdempotent: true }))).toBe('answer');
    expect(calls).toHaveLength(3);
    const text = await metrics.text();
    expect(text).toContain('lakehaul_outside_calls_total{point="s3.get"} 3');
    expect(text).toContain('lakehaul_outside_failures_total{point="s3.get",code="UNAVAILABLE"} 2');
    expect(text).toContain('lakehaul_outside_retries_total{point="s3.get"} 2');
  });

  it('is never repeated when it is not idempotent: the work may have been done', async () => {
    const { clock, outside } = world();
    const { call, calls } = flaky(1, unavailable);
    await expect(clock.runUntil(outside('redshift.submit', call))).rejects.toThrow('503');
    expect(calls).toHaveLength(1);
  });

  it.each(['PERMISSION_DENIED', 'STAGE_MISMATCH', 'TABLE_MISSING', 'SOURCE_STATEMENT_FAILED', 'FENCED'] as const)(
    'is not repeated after %s',
    async (code) => {
      const { clock, outside } = world();
      const { call, calls } = flaky(9, () => new LakehaulError(code, 'no'));
      await expect(clock.runUntil(outside('redshift.describe', call, { isIdempotent: true }))).rejects.toThrow('no');
      expect(calls).toHaveLength(1);
    },
  );

  it('gives up at last, with the very error that was thrown', async () => {
    const { clock, outside } = world();
    const last = new Error('connect ECONNREFUSED');
    const run = outside('s3.get', () => Promise.reject(last), { isIdempotent: true });
    expect(await clock.runUntil(run.catch((thrown: unknown) => thrown))).toBe(last);
    expect(clock.nowMs()).toBeLessThan(10_000);
  });

  it('is more patient with one that asks to slow down', async () => {
    const { clock, outside } = world();
    const { call, calls } = flaky(DEFAULT_POLICY.maxBackpressureTries - 1, throttled);
    expect(await clock.runUntil(outside('s3.put', call, { isIdempotent: true }))).toBe('answer');
    expect(calls).toHaveLength(DEFAULT_POLICY.maxBackpressureTries);
  });

  it('waits at least as long as it was asked to, within bounds', async () => {
    const { clock, outside } = world();
    const asked = flaky(1, () => new LakehaulError('THROTTLED', '429', { retryAfterMs: 7_000 }));
    await clock.runUntil(outside('databricks.execute', asked.call, { isIdempotent: true }));
    expect(clock.nowMs()).toBeGreaterThanOrEqual(7_000);
    const absurd = flaky(1, () => new LakehaulError('THROTTLED', '429', { retryAfterMs: 86_400_000 }));
    await clock.runUntil(outside('databricks.execute', absurd.call, { isIdempotent: true }));
    expect(clock.nowMs()).toBeLessThan(80_000);
  });

  it('ends when its time is up, even when the driver ignores the signal', async () => {
    const { clock, outside } = world();
    let seen: AbortSignal | undefined;
    const run = outside(
      's3.get',
      (signal) => {
        seen = signal;
        return new Promise<never>(() => undefined);
      },
      { timeoutMs: 500 },
    );
    await expect(clock.runUntil(run)).rejects.toMatchObject({
      code: 'ANSWER_LOST',
      message: expect.stringContaining('500 ms'),
    });
    expect(seen?.aborted).toBe(true);
    expect(clock.nowMs()).toBe(500);
    expect(clock.sleepers).toBe(0);
  });

  it('takes the time-out of its system when the call names none', async () => {
    const { clock, outside } = world({ policy: { timeoutsMs: { 's3.': 1_000, 's3.list': 9_000 } } });
    await clock.runUntil(outside('s3.listAll', () => new Promise(() => undefined)).catch(() => undefined));
    expect(clock.nowMs()).toBe(9_000);
  });

  it('ends with its caller’s signal: while it runs, while it waits, and before it began', async () => {
    const { clock, outside } = world();
    const abort = new AbortController();
    const running = outside('s3.get', () => new Promise<never>(() => undefined), { signal: abort.signal });
    const { call } = flaky(99, unavailable);
    const waiting = outside('s3.get', call, { signal: abort.signal, isIdempotent: true });
    await clock.advance(10);
    abort.abort(new Error('drain'));
    await expect(running).rejects.toThrow('drain');
    await expect(waiting).rejects.toThrow('drain');
    const never = flaky(0, unavailable);
    await expect(outside('s3.get', never.call, { signal: abort.signal })).rejects.toThrow('drain');
    expect(never.calls).toHaveLength(0);
    expect(clock.sleepers).toBe(0);
  });

  it('leaves no listener on a signal that lives for thousands of calls', async () => {
    const { outside } = world();
    const abort = new AbortController();
    let listeners = 0;
    const add = abort.signal.addEventListener.bind(abort.signal);
    abort.signal.addEventListener = (type: string, listener: () => void, options?: { signal?: AbortSignal }) => {
      listeners++;
      options?.signal?.addEventListener('abort', () => listeners--);
      add(type as 'abort', listener, options);
    };
    for (let i = 0; i < 50; i++) await outside('s3.get', async () => i, { signal: abort.signal });
    expect(listeners).toBe(0);
  });

  it('meets planned faults before and after the work', async () => {
    const points: string[] = [];
    const { outside } = world({
      faults: async (at) => {
        points.push(at);
        if (at === 's3.put.after') throw new LakehaulError('ANSWER_LOST', 'planned');
      },
    });
    let isDone = false;
    const run = outside('s3.put', async () => {
      isDone = true;
    });
    await expect(run).rejects.toThrow('planned');
    expect(isDone).toBe(true);
    expect(points).toEqual(['s3.put.before', 's3.put.after']);
  });
});

it('however it fails, it ends: tries and waiting are bounded', async () => {
  const dispositions: Disposition[] = ['retry', 'backpressure', 'reopen', 'quarantine', 'stop', 'refuse'];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ disposition: fc.constantFrom(...dispositions), retryAfterMs: fc.nat(1e9) }), {
        maxLength: 30,
      }),
      fc.nat(1_000),
      async (failures, seed) => {
        const { clock, outside } = world({ ids: createSeededIds(seed) });
        let tries = 0;
        const call: Parameters<Outside>[1] = async () => {
          const failure = failures[tries++];
          if (failure !== undefined) throw new LakehaulError('UNREACHABLE', 'no', failure);
        };
        await clock.runUntil(outside('s3.get', call, { isIdempotent: true }).catch(() => undefined));
        expect(tries).toBeLessThanOrEqual(DEFAULT_POLICY.maxBackpressureTries);
        expect(clock.nowMs()).toBeLessThanOrEqual(tries * 2 * DEFAULT_POLICY.longestWaitMs);
      },
    ),
    { numRuns: 40 },
  );
});
