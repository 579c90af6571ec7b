/** Against a real OTLP/HTTP receiver: what comes out of the process is what is looked at. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttemptRef, LakehaulError, type Step, traceIdOf } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { startCollector } from '../../../../test/support/collector.ts';
import { systemClock } from '../clock.ts';
import { createSeededIds } from '../ids.ts';
import { createLog, silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { createOutside } from '../outside.ts';
import { tracesUrl } from '../schema/tracing.ts';
import { SPANS_MAX } from './bounded-processor.ts';
import { openTracing } from './open-tracing.ts';
import { NO_TRACING } from './tracing.ts';

const ATTEMPT: AttemptRef = { tableId: 'f-t', generation: 1, chunk: 7, attempt: 2 };
const SECRET = 'dapi0123456789abcdef';
const ROW_VALUE = 'alice@example.com';
const still = new AbortController().signal;

async function open(
  url: string | null,
  {
    lines = [],
    ...more
  }: { service?: string; sampleRatio?: number; headersFile?: string | null; lines?: string[] } = {},
) {
  const metrics = createMetrics();
  const options = { service: 'worker', sampleRatio: 1, headersFile: null, ...more };
  const tracing = await openTracing(
    { url, migration: 'm', instance: 'host-1', version: '0.1.0', ...options },
    {
      clock: systemClock,
      log: createLog({ write: (line) => lines.push(line), level: 'info', clock: systemClock }),
      metrics,
    },
  );
  const outside = createOutside({
    ...{ clock: systemClock, ids: createSeededIds(1), log: silentLog, metrics, tracing },
    policy: { firstWaitMs: 1, longestWaitMs: 1 },
  });
  return { tracing, outside, metrics };
}

const job = (step: Step, attempt: AttemptRef = ATTEMPT) => ({ ...attempt, step });
const moved = { rowCount: 2n ** 53n + 1n, sizeBytes: 10n, statementIds: ['s-1', 's-2'] };

describe('traces', () => {
  it('two services that share nothing write one trace of an attempt; calls are below the step that they belong to', async () => {
    await using collector = await startCollector();
    const worker = await open(collector.url);
    const verifier = await open(collector.url, { service: 'verifier' });
    let failures = 2;
    const shaky = async () => {
      if (failures-- > 0) throw new LakehaulError('UNAVAILABLE', '503');
      return 'answer';
    };
    const told: unknown[] = [];
    await Promise.all([
      worker.tracing.step(job('unload'), still, async (fields) => {
        told.push(fields);
        await worker.outside('s3.GetObject', shaky, { isIdempotent: true });
        return { moved };
      }),
      // At the same time, in the same process: its calls are its own.
      worker.tracing.step(job('load', { ...ATTEMPT, chunk: 8 }), still, async (fields) => {
        told.push(fields);
        await worker.outside('databricks.copy', async () => 'answer');
        return {};
      }),
      verifier.tracing.step(job('verify'), still, async () => ({ failure: 'HASH_MISMATCH' as const })),
    ]);
    // Nobody's: it is not told.
    await worker.outside('s3.PutObject', async () => 'answer');
    await Promise.all([worker.tracing.close(), verifier.tracing.close()]);

    const traceId = traceIdOf('m', ATTEMPT);
    expect(told).toEqual([{ traceId }, { traceId: traceIdOf('m', { ...ATTEMPT, chunk: 8 }) }]);
    const own = collector.spans().filter((span) => span.traceId === traceId);
    expect(own.map((span) => [span.service, span.name, span.isRoot]).sort()).toEqual([
      ['lakehaul-verifier', 'verify', true],
      ['lakehaul-worker', 's3.GetObject', false],
      ['lakehaul-worker', 'unload', true],
    ]);
    const [unload, call, verify] = ['unload', 's3.GetObject', 'verify'].map((name) =>
      own.find((span) => span.name === name),
    );
    expect(call?.parentSpanId).toBe(unload?.spanId);
    expect(call?.attributes).toMatchObject({ 'lakehaul.point': 's3.GetObject', 'lakehaul.tries': 3 });
    expect(unload?.attributes).toEqual({
      ...{ 'lakehaul.table': 'f-t', 'lakehaul.generation': 1, 'lakehaul.chunk': 7, 'lakehaul.attempt': 2 },
      ...{ 'lakehaul.step': 'unload', 'lakehaul.rows': '9007199254740993', 'lakehaul.bytes': '10' },
      'lakehaul.statement_ids': 's-1 s-2',
      'lakehaul.outcome': 'done',
    });
    expect(verify?.attributes).toMatchObject({ 'lakehaul.outcome': 'failed', 'error.type': 'HASH_MISMATCH' });
    expect(verify?.isError).toBe(true);
    expect(collector.spans()).toHaveLength(5);
    expect(await worker.metrics.text()).not.toContain('lakehaul_spans_dropped_total{');
  });

  it('tell codes, and nothing of what an engine says', async () => {
    await using collector = await startCollector();
    const { tracing, outside } = await open(collector.url);
    const refused = async () => {
      throw new LakehaulError('TARGET_STATEMENT_FAILED', `cannot cast '${ROW_VALUE}' in INSERT … with ${SECRET}`, {
        cause: new Error(ROW_VALUE),
      });
    };
    const step = tracing.step(job('load'), still, async () => await outside('databricks.copy', refused));
    await expect(step).rejects.toThrow(ROW_VALUE);
    await expect(tracing.pass('feed', refused)).rejects.toThrow(ROW_VALUE);
    await tracing.close();
    expect(collector.spans().map((span) => [span.name, span.attributes['error.type']])).toEqual(
      expect.arrayContaining([
        ['databricks.copy', 'TARGET_STATEMENT_FAILED'],
        ['load', 'TARGET_STATEMENT_FAILED'],
        ['feed', 'TARGET_STATEMENT_FAILED'],
      ]),
    );
    const sent = collector.bodies.join('\n');
    expect(sent).toContain('TARGET_STATEMENT_FAILED');
    for (const word of [SECRET, ROW_VALUE, 'INSERT', 'cast']) expect(sent).not.toContain(word);
  });

  it('a step that is handed over, and a call that is cut off with it, say so', async () => {
    await using collector = await startCollector();
    const { tracing, outside } = await open(collector.url);
    const drain = new AbortController();
    const waiting = tracing.step(job('unload'), drain.signal, async () => {
      queueMicrotask(() => drain.abort(new Error('drained')));
      return await outside('redshift.describe', () => new Promise<never>(() => {}), { signal: drain.signal });
    });
    await expect(waiting).rejects.toThrow('drained');
    await tracing.close();
    const told = collector.spans().map((span) => [span.name, span.attributes['lakehaul.outcome'], span.isError]);
    expect(told.sort()).toEqual([
      ['redshift.describe', undefined, true],
      ['unload', 'handed-over', false],
    ]);
  });

  it('the trace id decides what is sampled: each service chooses the same attempts', async () => {
    await using collector = await startCollector();
    const attempts = Array.from({ length: 200 }, (_, chunk) => ({ ...ATTEMPT, chunk }));
    const told = new Set<string>();
    for (const [service, step] of [
      ['worker', 'load'],
      ['verifier', 'verify'],
    ] as const) {
      const { tracing, outside } = await open(collector.url, { service, sampleRatio: 0.3 });
      for (const attempt of attempts)
        await tracing.step(job(step, attempt), still, async (fields) => {
          if ('traceId' in fields) told.add(String(fields['traceId']));
          await outside('s3.GetObject', async () => 'answer');
          return {};
        });
      await tracing.close();
    }
    const chunksOf = (name: string) =>
      collector
        .spans()
        .filter((span) => span.name === name)
        .map((span) => span.attributes['lakehaul.chunk']);
    expect(chunksOf('load')).toEqual(chunksOf('verify'));
    expect(chunksOf('load').length).toBeGreaterThan(30);
    expect(chunksOf('load').length).toBeLessThan(90);
    expect(collector.spans()).toHaveLength(chunksOf('load').length * 4);
    // A log line names only a trace that is there.
    expect(told).toEqual(new Set(collector.spans().map((span) => span.traceId)));
  });

  it('a step with thousands of calls tells the first hundred, and of the others those that failed', async () => {
    await using collector = await startCollector();
    const { tracing, outside } = await open(collector.url);
    await tracing.step(job('unload'), still, async () => {
      for (let call = 0; call < 150; call++) await outside('redshift.describe', async () => 'running');
      const fails = async () => {
        throw new LakehaulError('PERMISSION_DENIED', 'no');
      };
      await outside('s3.GetObject', fails).catch(() => undefined);
      return {};
    });
    await tracing.close();
    const spans = collector.spans();
    expect(spans).toHaveLength(102);
    expect(spans.find((span) => span.name === 's3.GetObject')?.attributes['error.type']).toBe('PERMISSION_DENIED');
    expect(spans.find((span) => span.name === 'unload')?.attributes['lakehaul.calls_left_out']).toBe(50);
  });

  it('a pass, which comes every few seconds, tells twenty of its calls', async () => {
    await using collector = await startCollector();
    const { tracing, outside } = await open(collector.url);
    await tracing.pass('feed', async () => {
      for (let shard = 0; shard < 256; shard++) await outside('s3.ListObjectsV2', async () => 'answer');
    });
    await tracing.close();
    expect(collector.spans()).toHaveLength(21);
    expect(collector.spans().find((span) => span.name === 'feed')?.attributes['lakehaul.calls_left_out']).toBe(236);
  });

  it('sends the headers of the file, and what the deployment says of itself', async () => {
    await using collector = await startCollector();
    const directory = mkdtempSync(join(tmpdir(), 'lakehaul-tracing-'));
    const headersFile = join(directory, 'headers');
    writeFileSync(headersFile, 'Authorization: Bearer abc\nX-Scope-OrgID: haul\n');
    process.env['OTEL_RESOURCE_ATTRIBUTES'] = 'k8s.pod.name=worker-0,service.name=other';
    try {
      const { tracing } = await open(collector.url, { headersFile });
      await tracing.pass('feed', async () => undefined);
      await tracing.close();
    } finally {
      delete process.env['OTEL_RESOURCE_ATTRIBUTES'];
      rmSync(directory, { recursive: true, force: true });
    }
    expect(collector.headers[0]).toMatchObject({ authorization: 'Bearer abc', 'x-scope-orgid': 'haul' });
    expect(collector.bodies[0]).toContain('worker-0');
    expect(collector.spans()[0]?.service).toBe('lakehaul-worker');
  });
});

it.each([
  ['is missing', null, 'cannot be read'],
  ['has a line without a colon', 'Authorization: Bearer abc\ns3cr3t\n', 'line 2 of'],
  ['has a name with a blank', 'Bearer s3cr3t: yes\n', 'line 1 of'],
])('a file of headers that %s is refused, and not quoted', async (_name, text, message) => {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-tracing-'));
  const headersFile = join(directory, 'headers');
  if (text !== null) writeFileSync(headersFile, text);
  const error = await open('http://127.0.0.1:9/v1/traces', { headersFile }).catch((thrown: unknown) => thrown);
  rmSync(directory, { recursive: true, force: true });
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
  expect(String(error)).not.toContain('s3cr3t');
});

describe('a collector that is in trouble costs spans, never time', () => {
  it('one that hangs: steps go on, the buffer is bounded, what is lost is counted, and the end comes within seconds', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { tracing, metrics } = await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`);
    const startMs = Date.now();
    for (let pass = 0; pass < SPANS_MAX + 500; pass++) await tracing.pass('feed', async () => undefined);
    expect(Date.now() - startMs).toBeLessThan(2_000);
    expect(await metrics.text()).toContain('lakehaul_spans_dropped_total{outcome="buffer-full"} 500');
    const closeMs = Date.now();
    await tracing.close();
    expect(Date.now() - closeMs).toBeLessThan(3_000);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('one that refuses: the spans are counted, and the log tells it once', async () => {
    await using collector = await startCollector();
    collector.answer = 401;
    const lines: string[] = [];
    const { tracing, metrics } = await open(collector.url, { lines });
    for (let pass = 0; pass < 1_000; pass++) await tracing.pass('feed', async () => undefined);
    await tracing.close();
    expect(lines).toEqual([expect.stringContaining('traces are not sent')]);
    expect(await metrics.text()).toContain('lakehaul_spans_dropped_total{outcome="not-taken"} 1000');
  });
});

describe('without a collector', () => {
  it('nothing is traced, and nothing of the SDK is loaded', async () => {
    const { tracing } = await open(null);
    expect(tracing).toBe(NO_TRACING);
    const told: unknown[] = [];
    await tracing.step(job('load'), still, async (fields) => {
      told.push(fields);
      return {};
    });
    expect(told).toEqual([{}]);
    expect(tracing.call('s3.GetObject')).toBeNull();
  });

  it.each([
    [undefined, {}, null],
    ['http://c:4318', {}, 'http://c:4318/v1/traces'],
    ['https://c/otlp/', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other' }, 'https://c/otlp/v1/traces'],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' }, 'http://c:4318/v1/traces'],
    [
      undefined,
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://d/t' },
      'http://d/t',
    ],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, null],
    ['http://c:4318', { OTEL_SDK_DISABLED: 'TRUE' }, null],
    ['http://c:4318', { OTEL_TRACES_EXPORTER: 'none' }, null],
  ])('endpoint %s and environment %o send to %s', (endpoint, env, url) => {
    expect(tracesUrl(endpoint, env)).toBe(url);
  });
});
