import { type ErrorCode, LakehaulError, type Log, type Step } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import { BODIES, chunkRef, LedgerWorld, submitBody, tablePlan } from '../../../test/support/ledger-world.ts';
import type { Ledger } from './ledger.ts';
import { runStep, type StepRequest } from './run-step.ts';

const REF = chunkRef(tablePlan(1), 0);
const FIRST = { ...REF, attempt: 1 };
const MOVED = { rowCount: 3n, sizeBytes: 30n };
const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };

async function opened(): Promise<Ledger> {
  const ledger = new LedgerWorld().open();
  await ledger.openAttempt(REF, { attempt: 1, body: BODIES.opened, causedBy: null });
  return ledger;
}

function request(ledger: Ledger, step: Step, overrides: Partial<StepRequest> = {}): StepRequest {
  return {
    ledger,
    log,
    limits: { maxAttempts: 3, maxFailures: 2 },
    job: { ...FIRST, step },
    signal: new AbortController().signal,
    act: () => Promise.reject(new Error('must not be called')),
    voidAttempt: async (attempt) => {
      await ledger.write(attempt, 'void', BODIES.void, null);
    },
    ...overrides,
  };
}

const failing = (code: ErrorCode) => () => Promise.reject(new LakehaulError(code, 'because'));

describe('a step', () => {
  it('acts, and hands the chunk to its next step', async () => {
    const ledger = await opened();
    const outcome = await runStep(
      request(ledger, 'unload', {
        act: async (attempt) => {
          await ledger.write(attempt, 'unloaded', BODIES.unloaded, null);
          return { moved: MOVED };
        },
      }),
    );
    expect(outcome).toEqual({ moved: MOVED, next: { ...FIRST, step: 'load' } });
  });

  it('does nothing for a job that is history, and says what comes next instead', async () => {
    const ledger = await opened();
    await ledger.write(FIRST, 'unloaded', BODIES.unloaded, null);
    expect(await runStep(request(ledger, 'unload'))).toEqual({ next: { ...FIRST, step: 'load' } });
    await ledger.write(FIRST, 'mismatched', BODIES.mismatched, null);
    expect(await runStep(request(ledger, 'load'))).toEqual({ next: { ...REF, attempt: 2, step: 'unload' } });
  });

  it('has no next job when the chunk is done', async () => {
    const ledger = await opened();
    await ledger.write(FIRST, 'loaded', BODIES.loaded, null);
    const act: StepRequest['act'] = async (attempt) => {
      await ledger.write(attempt, 'verified', BODIES.verified, null);
      return { moved: MOVED };
    };
    expect((await runStep(request(ledger, 'verify', { act }))).next).toBeNull();
    expect((await runStep(request(ledger, 'verify'))).next).toBeNull();
  });

  it('that fails because the platform is away is retried for ever, and quarantined for its own failures only', async () => {
    const ledger = await opened();
    for (let outage = 0; outage < 5; outage++)
      await runStep(request(ledger, 'unload', { act: failing(outage % 2 === 0 ? 'UNAVAILABLE' : 'UNREACHABLE') }));
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'opened', failures: 5 });
    const own = request(ledger, 'unload', { act: failing('SOURCE_STATEMENT_FAILED') });
    await runStep(own);
    expect((await ledger.chunkState(REF)).stage).toBe('opened');
    await runStep(own);
    expect((await ledger.chunkState(REF)).stage).toBe('quarantined');
  });

  it('that fails is counted, leaves the queue, and is quarantined when its failures are used up', async () => {
    const ledger = await opened();
    const once = request(ledger, 'unload', { act: failing('SOURCE_STATEMENT_FAILED') });
    expect((await runStep(once)).next).toBeNull();
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'opened', failures: 1 });
    expect((await runStep(once)).next).toBeNull();
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'quarantined', failures: 2 });
    expect((await ledger.read(FIRST, 'quarantined'))?.body.message).toMatch(
      /2 failures.*SOURCE_STATEMENT_FAILED because/,
    );
  });

  it.each<ErrorCode>(['THROTTLED', 'FENCED', 'SUPERSEDED'])(
    'that meets %s waits, and it is no failure',
    async (code) => {
      const ledger = await opened();
      expect((await runStep(request(ledger, 'unload', { act: failing(code) }))).next).toBeNull();
      expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'opened', failures: 0 });
    },
  );

  it('whose attempt is over ends it with proof and goes on with the next one', async () => {
    const ledger = await opened();
    const { next } = await runStep(request(ledger, 'unload', { act: failing('MANIFEST_INVALID') }));
    expect(next).toEqual({ ...REF, attempt: 2, step: 'unload' });
    expect((await ledger.chunkState(REF)).stage).toBe('void');
  });

  it('whose attempt is over stays while a statement of it may still commit', async () => {
    const ledger = await opened();
    await ledger.recordSubmission(FIRST, submitBody('load', 'l1'));
    expect((await runStep(request(ledger, 'unload', { act: failing('MANIFEST_INVALID') }))).next).toBeNull();
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'opened', failures: 0 });
  });

  it('whose attempt was being ended by another process ends it itself', async () => {
    const ledger = await opened();
    await ledger.recordSubmission(FIRST, submitBody('load', 'l1'));
    await expect(ledger.write(FIRST, 'void', BODIES.void, null)).rejects.toMatchObject({ code: 'FENCED' });
    const { next } = await runStep(
      request(ledger, 'unload', {
        act: async (attempt) => {
          await ledger.recordSubmission(attempt, submitBody('unload', 'u2'));
          return { moved: MOVED };
        },
        voidAttempt: async (attempt) => {
          await ledger.write(
            attempt,
            'void',
            { ...BODIES.void, proof: 'statements-terminal', statementIds: ['l1'] },
            null,
          );
        },
      }),
    );
    expect(next).toEqual({ ...REF, attempt: 2, step: 'unload' });
  });

  it('of the last attempt is quarantined instead', async () => {
    const ledger = await opened();
    const limits = { maxAttempts: 1, maxFailures: 9 };
    expect((await runStep(request(ledger, 'unload', { act: failing('MANIFEST_INVALID'), limits }))).next).toBeNull();
    expect((await ledger.read(FIRST, 'quarantined'))?.body.code).toBe('ATTEMPTS_EXHAUSTED');
  });

  it('of a chunk that is reopened for late rows ten times never uses up its attempts', async () => {
    const ledger = await opened();
    const limits = { maxAttempts: 3, maxFailures: 9 };
    for (let attempt = 2; attempt <= 11; attempt++) {
      const body = { ...BODIES.opened, cause: 'late-rows' as const, reason: 'written', observedAt: null };
      await ledger.openAttempt(REF, { attempt, body, causedBy: null });
    }
    const last = { ...REF, attempt: 11 };
    const job = { ...last, step: 'unload' as const };
    const { next } = await runStep(request(ledger, 'unload', { act: failing('MANIFEST_INVALID'), limits, job }));
    expect(next).toEqual({ ...REF, attempt: 12, step: 'unload' });
    expect(await ledger.read(last, 'quarantined')).toBeNull();
  });

  it('of a chunk that fails again and again after late rows is quarantined when that budget is used up', async () => {
    const ledger = await opened();
    const limits = { maxAttempts: 3, maxFailures: 9 };
    const causes = ['mismatched', 'late-rows', 'void', 'mismatched'] as const;
    for (const [index, cause] of causes.entries())
      await ledger.openAttempt(REF, { attempt: index + 2, body: { ...BODIES.opened, cause }, causedBy: null });
    const act = failing('MANIFEST_INVALID');
    const fifth = { ...REF, attempt: 5 };
    await runStep(request(ledger, 'unload', { act, limits, job: { ...fifth, step: 'unload' } }));
    expect((await ledger.read(fifth, 'quarantined'))?.body.message).toMatch(/3 attempts used up/);
  });

  it('that would begin an attempt of a stopped table waits; what is staged goes on', async () => {
    const ledger = await opened();
    const stop = { schemaVersion: 1, action: 'stop', code: 'SCHEMA_DRIFT', reason: 'r', next: 'n' } as const;
    await ledger.stops.append(REF.tableId, null, { ...stop, evidence: [], digest: '' });
    expect(await runStep(request(ledger, 'unload'))).toEqual({ next: null });
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'opened', failures: 0 });
    await ledger.write(FIRST, 'unloaded', BODIES.unloaded, null);
    const act: StepRequest['act'] = async (attempt) => {
      await ledger.write(attempt, 'loaded', BODIES.loaded, null);
      return { moved: MOVED };
    };
    expect((await runStep(request(ledger, 'load', { act }))).next?.step).toBe('verify');
  });

  it('that only a person can settle quarantines its chunk, or stops the run', async () => {
    const ledger = await opened();
    const stopping = request(ledger, 'unload', { act: failing('PERMISSION_DENIED') });
    await expect(runStep(stopping)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect((await ledger.chunkState(REF)).stage).toBe('opened');
    expect((await runStep(request(ledger, 'unload', { act: failing('SOURCE_SCHEMA_CHANGED') }))).next).toBeNull();
    expect((await ledger.chunkState(REF)).stage).toBe('quarantined');
  });

  it('that is handed over at shutdown leaves no trace', async () => {
    const ledger = await opened();
    const stop = new AbortController();
    const act = async () => {
      stop.abort();
      throw new LakehaulError('UNREACHABLE', 'aborted');
    };
    await expect(runStep(request(ledger, 'unload', { act, signal: stop.signal }))).rejects.toThrow('aborted');
    expect(await ledger.chunkState(REF)).toMatchObject({ stage: 'opened', failures: 0 });
  });
});
