import { describe, expect, it } from 'vitest';
import { createFakeClock } from './clock.ts';
import { livenessOf, startHttp } from './http.ts';
import { createMetrics } from './metrics.ts';

async function ask(port: number, path: string, method = 'GET') {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

describe('the service’s http', () => {
  it('serves metrics, liveness and readiness, and nothing else', async () => {
    const metrics = createMetrics();
    await using http = await startHttp({
      port: 0,
      host: '127.0.0.1',
      metrics,
      isLive: () => ({ isOk: true, detail: {} }),
      isReady: async () => ({ isOk: false, detail: { queue: 'does not answer' } }),
    });
    expect(await ask(http.port, '/metrics')).toMatchObject({
      status: 200,
      body: await metrics.text().then(() => expect.stringContaining('lakehaul_slots')),
    });
    expect((await ask(http.port, '/metrics')).type).toContain('version=0.0.4');
    expect(await ask(http.port, '/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}\n' });
    expect(await ask(http.port, '/readyz?x=1')).toMatchObject({
      status: 503,
      body: '{"status":"failing","queue":"does not answer"}\n',
    });
    expect((await ask(http.port, '/')).status).toBe(404);
    expect((await ask(http.port, '/metrics', 'POST')).status).toBe(405);
  });

  it('a failing probe is an answer, not a crash', async () => {
    await using http = await startHttp({
      port: 0,
      host: '127.0.0.1',
      metrics: createMetrics(),
      isLive: () => ({ isOk: true, detail: {} }),
      isReady: () => Promise.reject(new Error('boom')),
    });
    expect(await ask(http.port, '/readyz')).toMatchObject({ status: 500, body: 'boom\n' });
    expect((await ask(http.port, '/healthz')).status).toBe(200);
  });

  it('says so when its port is taken', async () => {
    const options = {
      host: '127.0.0.1',
      metrics: createMetrics(),
      isLive: () => ({ isOk: true, detail: {} }),
      isReady: () => ({ isOk: true, detail: {} }),
    };
    await using first = await startHttp({ ...options, port: 0 });
    await expect(startHttp({ ...options, port: first.port })).rejects.toThrow('EADDRINUSE');
  });
});

it('a service is live while every loop makes progress, whatever the loops say of themselves', async () => {
  const clock = createFakeClock(1_000_000);
  const metrics = createMetrics();
  const progress = { feed: clock.nowMs(), unload: clock.nowMs() };
  const loops = () => [
    // Its passes fail.
    { name: 'feed', lastProgressMs: () => progress.feed, dueMs: () => 1_000_000, limitMs: 10_000 },
    { name: 'unload', lastProgressMs: () => progress.unload, limitMs: 60_000 },
  ];
  const isLive = livenessOf(loops, clock, metrics);
  await clock.advance(10_000);
  expect(isLive()).toEqual({ isOk: true, detail: {} });
  await clock.advance(1);
  expect(isLive()).toEqual({ isOk: false, detail: { feed: 'no progress for 10001 ms' } });
  progress.feed = clock.nowMs();
  expect(isLive().isOk).toBe(true);
  const scraped = await metrics.text();
  expect(scraped).toContain('lakehaul_loop_age_seconds{loop="unload"} 10.001');
  expect(scraped).toContain('lakehaul_loop_age_seconds{loop="feed"} 0\n');
  expect(scraped).toContain('lakehaul_loop_overdue_seconds{loop="feed"} 10.001');
  expect(scraped).not.toContain('lakehaul_loop_overdue_seconds{loop="unload"}');
});
