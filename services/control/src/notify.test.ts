/** From the ledger to a receiver: what the service's loop tells of stops, quarantines, mismatches, pauses and signals. */
import type { Log } from '@lakehaul/core';
import type { ThrottleRecord } from '@lakehaul/ledger';
import { createMetrics, createOutside, createSeededIds, Secret, systemClock } from '@lakehaul/runtime';
import { expect, it, vi } from 'vitest';
import { ApiWorld, SALES } from '../../../test/support/api-world.ts';
import { BODIES, chunkRef, submitBody } from '../../../test/support/ledger-world.ts';
import { startReceiver } from '../../../test/support/receiver-server.ts';
import { startNotifying } from './notify.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const who = { who: 'me', reason: 'month end' };

it('what happens in the ledger is told, also a mismatch that was repaired before anybody looked', async () => {
  await using receiver = await startReceiver();
  const api = new ApiWorld();
  await api.seed();
  const { ledger, model } = await api.process();
  const metrics = createMetrics();
  const notify = {
    ...{ everyMs: 10, pausedAfterMs: 3_600_000, giveUpAfterMs: 3_600_000 },
    receivers: [
      {
        ...{ name: 'channel', shape: 'generic' as const, minSeverity: 'warning' as const },
        ...{ url: new Secret(receiver.url), routingKey: new Secret('') },
      },
    ],
  };
  const outside = createOutside({ clock: systemClock, ids: createSeededIds(1), log: silent, metrics });
  const failures: unknown[] = [];
  const session = { config: { notify }, ledger, outside, clock: systemClock, log: silent, metrics };
  const notifying = startNotifying({
    session,
    model,
    fail: (error) => void failures.push(error),
  });
  const told = (count: number) =>
    vi.waitFor(() => {
      expect(receiver.received).toHaveLength(count);
      return receiver.received.map(({ body }) => `${body['severity']} ${body['action']} ${body['summary']}`).slice(-1);
    }, 15_000);
  const happens = async (what: () => Promise<unknown>, seconds = 1) => {
    await what();
    api.world.tick(seconds);
    await model.refreshOnce();
  };

  await model.refreshOnce();
  expect(await told(1)).toEqual(['warning raised public.flights: 3 chunks wait for a person']);

  const first = { ...chunkRef(SALES, 0), attempt: 1 };
  await happens(async () => {
    await ledger.openAttempt(first, { attempt: 1, body: BODIES.opened, causedBy: null });
    await ledger.recordSubmission(first, submitBody('unload', 's'));
    await ledger.write(first, 'unloaded', BODIES.unloaded, null);
    await ledger.write(first, 'loaded', BODIES.loaded, null);
    await ledger.write(first, 'mismatched', BODIES.mismatched, null);
    await ledger.openAttempt(first, { attempt: 2, body: { ...BODIES.opened, cause: 'mismatched' }, causedBy: null });
  });
  expect(await told(2)).toEqual(['critical told public.flights: chunk 0 loaded and not equal to the source']);

  const stop = { schemaVersion: 1, action: 'stop', code: 'SCHEMA_DRIFT', reason: 'x', next: 'y' } as const;
  await happens(() => ledger.stops.append(SALES.tableId, null, { ...stop, evidence: [], digest: 'd' }));
  expect(await told(3)).toEqual(['critical raised public.flights is stopped: SCHEMA_DRIFT']);

  const change = { action: 'pause', pattern: '*::unload' } as const;
  await happens(() => ledger.steering.change({ change, requestId: 'r1', ...who }));
  await happens(async () => undefined, 3_600);
  expect((await told(4))[0]).toMatch(/^warning raised \*::unload has been paused since 2026-01-01T00:0/);

  await happens(() => ledger.signals.declare({ process: 'month-end', status: 'failing', ...who }));
  expect(await told(5)).toEqual(['critical raised the business process month-end was declared failing']);
  await happens(() => ledger.signals.declare({ process: 'month-end', status: 'ok', ...who }));
  expect(await told(6)).toEqual(['critical cleared over: the business process is declared well again']);

  const stopped: ThrottleRecord = {
    ...{ schemaVersion: 1, change: 'stop', slots: 0, before: 8, reason: 'queue wait', winner: 'queue-wait' },
    ...{ running: 3, canaryMs: 900, checks: [], memory: { stoppedBy: 'measured', beforeStop: 8, hurtAt: 8 } },
  };
  await happens(() => ledger.throttle.append(stopped));
  expect(await told(7)).toEqual(['warning raised no UNLOAD is let in: the source is in pain by the check queue-wait']);
  const memory = { ...stopped.memory, stoppedBy: null };
  await happens(() => ledger.throttle.append({ ...stopped, change: 'resume', slots: 4, winner: null, memory }));
  expect(await told(8)).toEqual(['warning cleared over: UNLOADs are let in again']);
  // Hours that people have set are no news.
  await happens(() => ledger.throttle.append({ ...stopped, memory: { ...memory, stoppedBy: 'planned' } }));
  await happens(() => ledger.signals.declare({ process: 'month-end', status: 'failing', ...who }));
  expect(await told(9)).toEqual(['critical raised the business process month-end was declared failing']);

  // Stopped while the last one's answer is on its way, it would be sent again.
  await vi.waitFor(async () => {
    expect((await metrics.text()).includes('lakehaul_notices_total{outcome="sent"} 9')).toBe(true);
  }, 15_000);
  await notifying?.stop();
  expect(failures).toEqual([]);
});

it('with nobody to tell there is no loop', async () => {
  const { ledger, model } = await new ApiWorld().process();
  const metrics = createMetrics();
  const outside = createOutside({ clock: systemClock, ids: createSeededIds(1), log: silent, metrics });
  const notify = { everyMs: 10, pausedAfterMs: 1, giveUpAfterMs: 1, receivers: [] };
  const session = { config: { notify }, ledger, outside, clock: systemClock, log: silent, metrics };
  expect(startNotifying({ session, model, fail: () => undefined })).toBeNull();
});

it('what was stopped, paused, failing or in pain and is over, while no control ran, is told by the next one, once, with its times', async () => {
  await using receiver = await startReceiver();
  const api = new ApiWorld();
  await api.seed();
  const notify = {
    ...{ everyMs: 10, pausedAfterMs: 600_000, giveUpAfterMs: 3_600_000 },
    receivers: [
      {
        ...{ name: 'channel', shape: 'generic' as const, minSeverity: 'warning' as const },
        ...{ url: new Secret(receiver.url), routingKey: new Secret('') },
      },
    ],
  };
  const control = async (name: string) => {
    const { ledger, model } = await api.process({}, name);
    const metrics = createMetrics();
    const outside = createOutside({ clock: systemClock, ids: createSeededIds(1), log: silent, metrics });
    const session = { config: { notify }, ledger, outside, clock: systemClock, log: silent, metrics };
    await model.refreshOnce();
    return { model, notifying: startNotifying({ session, model, fail: (error) => expect(error).toBeUndefined() }) };
  };
  const summaries = () => receiver.received.map(({ body }) => String(body['summary']));

  const first = await control('one');
  await vi.waitFor(() => expect(summaries()).toEqual(['public.flights: 3 chunks wait for a person']), 15_000);
  await first.notifying?.stop();

  const { ledger } = await api.process({}, 'operator');
  const at = () => new Date(api.world.nowMs).toISOString().replace(/\d{3}Z$/, '000Z');
  const times: string[] = [];
  const from = () => void times.push(at());
  api.world.tick(60);
  from();
  const stop = { schemaVersion: 1, action: 'stop', code: 'SCHEMA_DRIFT', reason: 'x', next: 'y' } as const;
  await ledger.stops.append(SALES.tableId, null, { ...stop, evidence: [], digest: 'd' });
  await ledger.signals.declare({ process: 'payroll', status: 'failing', ...who });
  await ledger.steering.change({ change: { action: 'pause', pattern: '*::unload' }, requestId: 'p1', ...who });
  await ledger.steering.change({ change: { action: 'pause', pattern: '*::load' }, requestId: 'p2', ...who });
  const decided = (stoppedBy: 'measured' | null, slots: number) =>
    ledger.throttle.append({
      ...{ schemaVersion: 1, change: 'hold', slots, before: 4, reason: 'r', winner: stoppedBy && 'canary' },
      ...{ running: 0, canaryMs: 1, checks: [], memory: { stoppedBy, beforeStop: 4, hurtAt: null } },
    });
  await decided('measured', 0);
  api.world.tick(30);
  await decided('measured', 0);
  // Too short to be told.
  await ledger.steering.change({ change: { action: 'resume', pattern: '*::load' }, requestId: 'r2', ...who });
  api.world.tick(3_600);
  from();
  const halt = await ledger.stops.current(SALES.tableId);
  await ledger.stops.append(SALES.tableId, halt, { schemaVersion: 1, action: 'resume', digest: 'd', ...who });
  await ledger.signals.declare({ process: 'payroll', status: 'ok', ...who });
  await ledger.steering.change({ change: { action: 'resume', pattern: '*::unload' }, requestId: 'r1', ...who });
  await decided(null, 1);
  api.world.tick(60);

  const two = await Promise.all([control('two'), control('three')]);
  const told = [
    '*::unload was paused',
    'no UNLOAD was let in: the source was in pain by the check canary',
    'public.flights was stopped: SCHEMA_DRIFT',
    'the business process payroll was declared failing',
  ];
  await vi.waitFor(() => expect(summaries()).toHaveLength(1 + told.length), 15_000);
  for (const { model } of two) {
    api.world.tick(5);
    await model.refreshOnce();
  }
  await Promise.all(two.map(({ notifying }) => notifying?.stop()));
  const [began = '', ended = ''] = times.map((time) => time.slice(0, 16));
  for (const [index, summary] of summaries().slice(1).sort().entries()) {
    expect(summary).toMatch(new RegExp(`, from ${began}.* to ${ended}`));
    expect(summary).toContain(`told afterwards: ${told[index]}, from`);
  }
  expect(summaries()).toHaveLength(1 + told.length);
}, 60_000);
