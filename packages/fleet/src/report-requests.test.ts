import { LakehaulError } from '@lakehaul/core';
import { recordShape, S3_REQUESTS } from '@lakehaul/ledger';
import { createMetrics, createOutside, createSeededIds, silentLog } from '@lakehaul/runtime';
import { describe, expect, it } from 'vitest';
import { LedgerWorld } from '../../../test/support/ledger-world.ts';
import { startReporting } from './report-requests.ts';
import { RequestRecorder } from './request-recorder.ts';
import { S3Requests } from './s3-requests.ts';

const A = '00000000-0000-4000-8000-00000000000a';
const B = '00000000-0000-4000-8000-00000000000b';
const times = async (count: number, what: () => unknown) => {
  for (let time = 0; time < count; time++) await what();
};

describe('requests to S3', () => {
  it('are counted by what they cost, each try of them, and slow-downs besides', async () => {
    const requests = new S3Requests();
    const clock = { nowMs: () => 0, sleep: (_ms: number, signal?: AbortSignal) => later(signal) };
    const outside = createOutside({
      ...{ clock, ids: createSeededIds(1), log: silentLog, metrics: createMetrics() },
      onCall: (point) => requests.called(point),
      onFailure: (point, code) => requests.failed(point, code),
    });
    const point = (name: string) => outside(`s3.${name}`, async () => undefined);
    await times(2, () => point('PutObject'));
    await times(3, () => point('ListObjectsV2'));
    await times(4, () => point('GetObject'));
    await point('HeadObject');
    await point('DeleteObjects');
    await outside('redshift.ExecuteStatement', async () => undefined);
    const slow = new LakehaulError('THROTTLED', 'SlowDown');
    await outside('s3.PutObject', () => Promise.reject(slow)).catch(() => undefined);
    await outside('redshift.ExecuteStatement', () => Promise.reject(slow)).catch(() => undefined);
    expect(requests.counts()).toEqual({ puts: 3n, lists: 3n, gets: 5n });
    expect(requests.slowDowns).toBe(1);
  });

  it('of all processes add up in the ledger, whoever reads and however often; a record now and then is enough', async () => {
    const world = new LedgerWorld();
    const counts = { puts: 0n, lists: 0n, gets: 0n };
    const one = new RequestRecorder({ ledger: world.open('one'), process: A, counts: () => counts });
    const two = { puts: 5n, lists: 6n, gets: 7n };
    const other = new RequestRecorder({ ledger: world.open('two'), process: B, counts: () => two });
    await one.runOnce();
    await times(1_000, async () => {
      counts.lists += 1_000n;
      await one.runOnce();
    });
    await other.runOnce();
    const reader = world.open('reader').requests;
    const { lists, processes } = await reader.total();
    // A twentieth may be missing while it runs, nothing when it has ended.
    expect(lists).toBeGreaterThanOrEqual(950_000n);
    expect(processes).toBe(1);
    const records = world.store.keys.filter((key) => key.includes(`/${S3_REQUESTS}/`));
    expect(records.length).toBeLessThan(120);
    await one.close();
    await other.close();
    await other.close();
    expect(await reader.total()).toEqual({ puts: 5n, lists: 1_000_006n, gets: 7n, processes: 2 });
    expect(await world.open('fresh').requests.total()).toEqual(await reader.total());
    const path = records[0]?.replace(/^.*\/records\//, '').replace('.json', '') ?? '';
    const body = (await world.open('reader').readRecord(path))?.body;
    expect(recordShape(path)?.safeParse(body).success).toBe(true);
  });

  it('are recorded when a process ends, even one that was too short for a record; a bucket that is away ends it all the same', async () => {
    const world = new LedgerWorld();
    const requests = new S3Requests();
    const told: string[] = [];
    const clock = { nowMs: () => world.nowMs, sleep: (_ms: number, signal?: AbortSignal) => later(signal) };
    const start = () =>
      startReporting({
        session: { ...{ clock, log: silentLog, requests, processId: A }, ledger: world.open() },
        queues: { tellBoard: async (_name, _process, text) => void told.push(text) },
        fail: (error) => expect(error).toBeUndefined(),
      });
    const reporting = start();
    requests.called('s3.PutObject');
    requests.failed('s3.PutObject', 'THROTTLED');
    await reporting.stop();
    requests.called('s3.GetObject');
    // Once: what comes after it is nobody's.
    await reporting.stop();
    expect(await world.open().requests.total()).toEqual({ puts: 1n, lists: 0n, gets: 0n, processes: 1 });
    expect(told).toEqual(['0 1']);
    const again = start();
    requests.called('s3.PutObject');
    world.store.intercept = () => {
      throw new LakehaulError('UNREACHABLE', 'away', { disposition: 'quarantine' });
    };
    await again.stop();
  });
});

/** Never by itself: only what stops ends it. */
function later(signal?: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted === true) reject(new Error('over'));
    signal?.addEventListener('abort', () => reject(new Error('over')));
  });
}
