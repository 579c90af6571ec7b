import type { Source, SourceStatement, Stage } from '@lakehaul/adapters';
import { type Log, type SteeringChange, THROTTLE_DEFAULTS } from '@lakehaul/core';
import { runStep } from '@lakehaul/ledger';
import type { Blackouts } from '@lakehaul/throttle';
import { describe, expect, it } from 'vitest';
import { chunkRef, LedgerWorld, rangeChunks, tablePlan } from '../../../test/support/ledger-world.ts';
import { unloadChunk } from './unload-chunk.ts';
import { heldUnload, OPEN_GATE } from './unload-gate.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
const plan = tablePlan(1);
const ref = chunkRef(plan, 0);
const NOW_MS = Date.parse('2026-11-26T10:00:00Z');
const OFFICE: Blackouts = { hours: [], dates: [{ date: '2026-11-26', zone: 'UTC' }] };
const clock = { nowMs: () => NOW_MS, sleep: async () => undefined };

/** A source that takes a statement and never ends it: what starts is all that counts here. */
function sourceWith(running: SourceStatement | null) {
  const asked: string[] = [];
  const source: Partial<Source> = {
    findStatement: async () => running,
    submitUnload: async () => ({ statementId: `st-${asked.push('submit')}` }),
    awaitStatement: async (statementId) => {
      asked.push(`await ${statementId}`);
      throw new Error('it goes on');
    },
  };
  return { source: source as Source, asked };
}

const stage = { url: (key: string) => `s3://b/${key}` } as Stage;

async function unload(
  blackouts: Blackouts,
  options: { world?: LedgerWorld; running?: SourceStatement; isLive?: boolean } = {},
) {
  const world = options.world ?? new LedgerWorld();
  const ledger = world.open();
  await ledger.writePlan(plan, rangeChunks(plan));
  const { source, asked } = sourceWith(options.running ?? null);
  const deps = {
    ...{ ledger, source, stage, clock, stagingPrefix: 'stage', sourceTimeoutMs: 1_000, inFlightMs: 0 },
    ...{
      serverTimeMs: () => ledger.serverTimeMs(),
      gate: { configured: THROTTLE_DEFAULTS, blackouts, isLive: options.isLive ?? false },
    },
  };
  const signal = new AbortController().signal;
  const outcome = await runStep({
    ...{ ledger, log, signal, limits: { maxAttempts: 5, maxFailures: 5 } },
    job: { ...ref, attempt: 1, step: 'unload' },
    act: (attempt) => unloadChunk(deps, attempt, signal, log),
    voidAttempt: async () => undefined,
  });
  return { world, ledger, asked, outcome, submissions: await ledger.submissions({ ...ref, attempt: 1 }) };
}

describe('an UNLOAD in a blackout', () => {
  it('is neither recorded nor sent, and is no failure of the chunk', async () => {
    const { asked, submissions, outcome } = await unload(OFFICE);
    expect(asked).toEqual([]);
    expect(submissions).toEqual([]);
    expect(outcome).toEqual({ next: null });
  });

  it('starts without one', async () => {
    const { asked, submissions } = await unload(OPEN_GATE.blackouts);
    expect(asked).toEqual(['submit', 'await st-1']);
    expect(submissions).toHaveLength(1);
  });

  it('that runs since before is gone on with', async () => {
    const { world } = await unload(OPEN_GATE.blackouts);
    const running: SourceStatement = {
      ...{ statementId: 'st-1', statementName: 'x', status: 'running', error: null, queryIds: [], durationMs: 1 },
    };
    const { asked, submissions } = await unload(OFFICE, { world, running });
    expect(asked).toEqual(['await st-1']);
    expect(submissions).toHaveLength(1);
  });

  it('starts when a person has blackouts overlooked, and the worker hears of a hold too', async () => {
    const world = new LedgerWorld();
    const set = (name: string, value: number) =>
      world.open().steering.change({
        ...{
          change: { action: 'throttle', name, value },
          who: 'ada',
          reason: 'emergency',
          requestId: `${name} ${value}`,
        },
      });
    await set('blackouts', 0);
    expect((await unload(OFFICE, { world })).asked).toEqual(['submit', 'await st-1']);
    await set('hold', 1);
    const held = await heldUnload({ ledger: world.open(), clock, gate: OPEN_GATE });
    expect(held?.name).toBe('manual');
  });
});

describe('an UNLOAD that a service is about to send', () => {
  const set = async (change: SteeringChange) => {
    const world = new LedgerWorld();
    await world.open().steering.change({ change, who: 'ada', reason: 'air', requestId: 'r' });
    return world;
  };
  const path = `${plan.source.schema}.${plan.source.table}`;

  it.each<[string, SteeringChange]>([
    ['its queue is paused', { action: 'pause', pattern: '*::unload' }],
    ['its table is paused', { action: 'pause', pattern: `${path}::*` }],
    ['a person holds the throttle', { action: 'throttle', name: 'hold', value: 1 }],
  ])('is neither recorded nor sent when %s meanwhile', async (_, change) => {
    const { asked, submissions, outcome } = await unload(OPEN_GATE.blackouts, {
      world: await set(change),
      isLive: true,
    });
    expect([asked, submissions, outcome]).toEqual([[], [], { next: null }]);
  });

  it('starts when only something else is paused', async () => {
    const world = await set({ action: 'pause', pattern: '*::load' });
    expect((await unload(OPEN_GATE.blackouts, { world, isLive: true })).submissions).toHaveLength(1);
  });
});
