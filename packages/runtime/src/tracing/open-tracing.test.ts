import { expect, it, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { openTracing } from './open-tracing.ts';
import { NO_TRACING } from './tracing.ts';

let loaded = 0;
vi.mock('./otlp-tracing.ts', () => {
  loaded += 1;
  return { OtlpTracing: class {} };
});

const open = (url: string | null) =>
  openTracing(
    {
      ...{ url, headersFile: null, sampleRatio: 1, migration: 'm' },
      ...{ service: 'worker', instance: 'host-1', version: '0.1.0' },
    },
    { clock: systemClock, log: silentLog, metrics: createMetrics() },
  );

it('the SDK is loaded when there is a collector, and not before', async () => {
  expect(await open(null)).toBe(NO_TRACING);
  expect(loaded).toBe(0);
  await open('http://127.0.0.1:9/v1/traces');
  expect(loaded).toBe(1);
});
