import { describe, expect, it } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

describe('RateLimiter', () => {
  it('lets a second of calls through at once and spaces the rest', async () => {
    let nowMs = 0;
    const waits: number[] = [];
    const clock = {
      nowMs: () => nowMs,
      sleep: (ms: number) => {
        waits.push(ms);
        return Promise.resolve();
      },
    };
    const limiter = new RateLimiter(clock, { ListStatements: 4 });
    for (let call = 0; call < 6; call++) await limiter.take('ListStatements');
    expect(waits).toEqual([250, 500]);
    nowMs = 10_000;
    await limiter.take('ListStatements');
    expect(waits).toHaveLength(2);
  });
});
