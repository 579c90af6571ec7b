import { describe, expect, it } from 'vitest';
import { createFaults } from './faults.ts';
import { createLatency } from './latency.ts';

describe('fault plan', () => {
  it('strikes the nth matching call only, counting per fault', async () => {
    const faults = createFaults([
      { point: 's3.PutObject', nth: 2, match: '/ledger/', happens: { kind: 'error', code: 'SlowDown', status: 503 } },
    ]);
    expect(await faults.before('s3.PutObject', 'b/ledger/1')).toBeNull();
    expect(await faults.before('s3.PutObject', 'b/stage/1')).toBeNull();
    await expect(faults.before('s3.PutObject', 'b/ledger/2')).rejects.toMatchObject({ code: 'SlowDown', status: 503 });
    expect(await faults.before('s3.PutObject', 'b/ledger/3')).toBeNull();
    expect(faults.hits.map((hit) => hit.call)).toEqual([2]);
  });

  it('holds a call until it is released, and counts others meanwhile', async () => {
    const faults = createFaults([
      { point: 'databricks.*', nth: 1, happens: { kind: 'delay', until: 'released' } },
      { point: 'databricks.*', nth: 1, happens: { kind: 'answer-lost' } },
    ]);
    let isOver = false;
    const held = faults.before('databricks.copy.commit').then((hit) => {
      isOver = true;
      return hit;
    });
    expect(await faults.before('databricks.copy.commit')).toBeNull();
    expect(isOver).toBe(false);
    faults.release();
    expect(faults.losesAnswer(await held)).toBe(true);
  });

  it('strikes a share of the calls by its seed, and only in its window', async () => {
    let nowMs = 0;
    const strikes = async (seed: number): Promise<number[]> => {
      nowMs = 0;
      const faults = createFaults(
        [
          {
            point: 's3.*',
            nth: 0,
            probability: 0.2,
            seed,
            fromMs: 100,
            untilMs: 1_100,
            happens: { kind: 'throttled' },
          },
        ],
        () => nowMs,
      );
      for (; nowMs < 1_200; nowMs++) await faults.before('s3.GetObject').catch(() => undefined);
      return faults.hits.map((hit) => hit.call);
    };
    const first = await strikes(7);
    expect(first.length).toBeGreaterThan(150);
    expect(first.length).toBeLessThan(250);
    expect(Math.min(...first)).toBeGreaterThan(100);
    expect(Math.max(...first)).toBeLessThanOrEqual(1_100);
    expect(await strikes(7)).toEqual(first);
    expect(await strikes(8)).not.toEqual(first);
  });

  it('leaves alone what it excepts, and speaks the words of the platform', async () => {
    const happens = { kind: 'token-expired' as const };
    const faults = createFaults([{ point: '*', nth: 0, except: 'live', happens }]);
    expect(await faults.before('databricks.ExecuteStatement', 'INSERT /* live */')).toBeNull();
    await expect(faults.before('s3.GetObject')).rejects.toMatchObject({ code: 'ExpiredToken', status: 400 });
    await expect(faults.before('redshift.DescribeStatement')).rejects.toMatchObject({ code: 'ExpiredTokenException' });
    await expect(faults.before('databricks.OpenSession')).rejects.toMatchObject({ status: 401 });
  });

  it('tells the signal and goes on', async () => {
    const faults = createFaults([
      { point: 'redshift.unload', nth: 0, happens: { kind: 'signal', name: 'kill-worker' } },
    ]);
    const heard: string[] = [];
    const stop = faults.onSignal((name) => heard.push(name));
    await faults.before('redshift.unload');
    stop();
    await faults.before('redshift.unload');
    expect(heard).toEqual(['kill-worker']);
    expect(faults.hits).toHaveLength(2);
  });
});

describe('latency', () => {
  it('repeats by seed, keeps its median and leaves other points alone', () => {
    const rules = [{ point: 's3.*', medianMs: 20, sigma: 0.5 }];
    const draw = (seed: number) => {
      const latency = createLatency(rules, seed);
      return Array.from({ length: 999 }, () => latency.nextMs('s3.GetObject'));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    const median = draw(7).sort((a, b) => a - b)[499] ?? 0;
    expect(median).toBeGreaterThan(17);
    expect(median).toBeLessThan(23);
    expect(createLatency(rules).nextMs('redshift.unload')).toBe(0);
  });
});
