import { matchesLimit, STEPS, type Step } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobIdOf } from './chunk-job.ts';
import { type Candidate, type SelectedJob, selectJobs, surplusJobs, type TableCandidates } from './window.ts';

function table(name: string, chunks: number, options: { priority?: number; step?: Step } = {}): TableCandidates {
  const candidates = Array.from(
    { length: chunks },
    (_, chunk): Candidate => ({
      ref: { tableId: `s-${name}-0000`, generation: 1, chunk },
      attempt: 1,
      step: options.step ?? 'unload',
      notBeforeMs: 0,
    }),
  );
  return { tableId: `s-${name}-0000`, path: `s.${name}`, priority: options.priority ?? 100, candidates };
}

const EMPTY = { inQueue: new Set<string>(), windowSize: 10, limits: [], nowMs: 1_000 };
const idOf = (job: Candidate) => jobIdOf({ ...job.ref, attempt: job.attempt, step: job.step });
const perTable = (jobs: readonly SelectedJob[]) => {
  const counts: Record<string, number> = {};
  for (const job of jobs) counts[job.ref.tableId] = (counts[job.ref.tableId] ?? 0) + 1;
  return counts;
};

describe('the window', () => {
  it('a huge table and a small one share it alike', () => {
    const jobs = selectJobs({ ...EMPTY, tables: [table('huge', 1_000), table('small', 4)] });
    expect(perTable(jobs)).toEqual({ 's-huge-0000': 6, 's-small-0000': 4 });
  });

  it('is shared in every single pass, whichever table comes first in it', () => {
    for (let nowMs = 1_000; nowMs < 1_020; nowMs++) {
      const both = selectJobs({ ...EMPTY, nowMs, tables: [table('a', 1_000), table('b', 1_000)] });
      expect(perTable(both)).toEqual({ 's-a-0000': 5, 's-b-0000': 5 });
      const small = selectJobs({ ...EMPTY, nowMs, tables: [table('huge', 1_000), table('small', 4)] });
      expect(perTable(small)).toEqual({ 's-huge-0000': 6, 's-small-0000': 4 });
    }
  });

  it('what a table holds in the queue already counts against its share', () => {
    const first = selectJobs({ ...EMPTY, tables: [table('a', 1_000)] });
    const inQueue = new Set(first.map(idOf));
    const jobs = selectJobs({ ...EMPTY, windowSize: 14, inQueue, tables: [table('a', 1_000), table('b', 1_000)] });
    expect(perTable(jobs)).toEqual({ 's-b-0000': 4 });
  });

  it('a table of a lower priority number goes first', () => {
    const jobs = selectJobs({ ...EMPTY, tables: [table('later', 50), table('first', 8, { priority: 1 })] });
    expect(perTable(jobs)).toEqual({ 's-first-0000': 8, 's-later-0000': 2 });
    expect(jobs[0]).toMatchObject({ priority: 1, ref: { tableId: 's-first-0000', chunk: 0 } });
  });

  it('a limit of 0 pauses, and what is queued already counts against any other', () => {
    const inQueue = new Set([
      idOf({ ref: { tableId: 's-a-0000', generation: 1, chunk: 900 }, attempt: 1, step: 'unload', notBeforeMs: 0 }),
    ]);
    const limits = [
      { pattern: 's.a::unload', max: 3 },
      { pattern: 's.b::*', max: 0 },
    ];
    const jobs = selectJobs({ ...EMPTY, inQueue, limits, tables: [table('a', 9), table('b', 9)] });
    expect(perTable(jobs)).toEqual({ 's-a-0000': 2 });
  });

  it('a chunk waits for its time and for its step', () => {
    const waits = {
      ...table('a', 1),
      candidates: [
        {
          ref: { tableId: 's-a-0000', generation: 1, chunk: 0 },
          attempt: 1,
          step: 'load' as const,
          notBeforeMs: 1_001,
        },
      ],
    };
    expect(selectJobs({ ...EMPTY, tables: [waits] })).toEqual([]);
    const limits = [{ pattern: '*::load', max: 0 }];
    expect(selectJobs({ ...EMPTY, nowMs: 1_001, limits, tables: [waits] })).toEqual([]);
    expect(selectJobs({ ...EMPTY, nowMs: 1_001, tables: [waits] })).toHaveLength(1);
  });

  it('reads no further than it needs', () => {
    let read = 0;
    const endless = {
      ...table('a', 0),
      candidates: (function* (): Generator<Candidate> {
        for (;;)
          yield {
            ref: { tableId: 's-a-0000', generation: 1, chunk: read++ },
            attempt: 1,
            step: 'unload',
            notBeforeMs: 0,
          };
      })(),
    };
    expect(selectJobs({ ...EMPTY, tables: [endless] })).toHaveLength(10);
    expect(read).toBe(10);
  });

  it('a dot and a star in a pattern mean what they say', () => {
    expect(matchesLimit('s.a::unload', 'sxa', 'unload')).toBe(false);
    expect(matchesLimit('*::load', 'any.thing', 'load')).toBe(true);
    expect(matchesLimit('s.*::*', 's.a b.c', 'verify')).toBe(true);
  });
});

/** Any mix of tables, jobs in the queue and limits, pauses (0) among them. */
const anyRequest = fc
  .record({
    sizes: fc.array(
      fc.record({ chunks: fc.nat(30), priority: fc.integer({ min: 1, max: 2 }), step: fc.constantFrom(...STEPS) }),
      { minLength: 1, maxLength: 5 },
    ),
    windowSize: fc.nat(40),
    queued: fc.nat(50),
    limits: fc.array(
      fc.record({ pattern: fc.constantFrom('*::unload', 's.t0::*', 's.*::load', '*'), max: fc.nat(8) }),
      { maxLength: 3 },
    ),
  })
  .map(({ sizes, queued, ...rest }) => {
    const tables = sizes.map(({ chunks, ...options }, index) => table(`t${index}`, chunks, options));
    const ids = tables.flatMap((each) => [...each.candidates].map(idOf));
    return { ...rest, tables, inQueue: new Set(ids.slice(0, queued)), nowMs: 0 };
  });

describe('whatever is asked of the window', () => {
  it('it is never exceeded, nothing is let in twice, no limit is broken', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const jobs = selectJobs(request);
        const ids = jobs.map(idOf);
        expect(jobs.length + Math.min(request.inQueue.size, request.windowSize)).toBeLessThanOrEqual(
          request.windowSize,
        );
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.filter((id) => request.inQueue.has(id))).toEqual([]);
        for (const limit of request.limits) {
          const named = (job: { path: string; step: Step }) => matchesLimit(limit.pattern, job.path, job.step);
          const pathOf = new Map(request.tables.map((each) => [each.tableId, each.path]));
          const chosen = jobs.filter((job) =>
            named({ path: pathOf.get(job.ref.tableId) ?? '', step: job.step }),
          ).length;
          const before = request.tables
            .flatMap((each) =>
              [...each.candidates].map((candidate) => ({ id: idOf(candidate), path: each.path, step: candidate.step })),
            )
            .filter((job) => request.inQueue.has(job.id) && named(job)).length;
          if (chosen > 0) expect(chosen + before).toBeLessThanOrEqual(limit.max);
        }
      }),
    );
  });

  it('no table starves: room that is left means that nobody who may go was left out', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const open = { ...request, limits: [] };
        const jobs = selectJobs(open);
        const wanting = open.tables
          .flatMap((each) => [...each.candidates])
          .filter((one) => !open.inQueue.has(idOf(one)));
        const room = Math.max(0, open.windowSize - open.inQueue.size);
        expect(jobs.length).toBe(Math.min(room, wanting.length));
      }),
    );
  });

  it('passes over a draining queue serve every table within a third of the mean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 3 }), (count, perPass) => {
        const tables = Array.from({ length: count }, (_, index) => table(`t${index}`, 400));
        const done = new Set<string>();
        const served = new Map(tables.map((each) => [each.tableId, 0]));
        let inQueue: string[] = [];
        for (let pass = 0; pass < 150; pass++) {
          const rest = tables.map((each) => ({
            ...each,
            candidates: (function* () {
              for (const one of each.candidates) if (!done.has(idOf(one))) yield one;
            })(),
          }));
          const nowMs = 1_764_000_000_000 + pass * 500;
          const jobs = selectJobs({
            ...EMPTY,
            nowMs,
            tables: rest,
            windowSize: count * 2,
            inQueue: new Set(inQueue),
          });
          inQueue.push(...jobs.map(idOf));
          for (const id of inQueue.slice(0, perPass)) {
            done.add(id);
            const tableId = id.slice(0, id.indexOf('-g1-'));
            served.set(tableId, (served.get(tableId) ?? 0) + 1);
          }
          inQueue = inQueue.slice(perPass);
        }
        const mean = (150 * perPass) / count;
        for (const times of served.values()) expect(Math.abs(times - mean) / mean).toBeLessThan(1 / 3);
      }),
      { numRuns: 15 },
    );
  });
});

describe('what waits beyond a limit that was set since', () => {
  const ids = (name: string, step: Step, from: number, to: number) =>
    [...table(name, to, { step }).candidates].slice(from).map(idOf);

  it('a pause takes out everything that it names, and a running job stays', () => {
    const waiting = [...ids('a', 'unload', 1, 4), ...ids('b', 'unload', 0, 2)];
    const running = ids('a', 'unload', 0, 1);
    const limits = [{ pattern: 's.a::*', max: 0 }];
    const tables = [table('a', 0), table('b', 0)];
    expect(surplusJobs({ tables, running, waiting, limits })).toEqual(ids('a', 'unload', 1, 4));
    expect(surplusJobs({ tables, running, waiting, limits: [] })).toEqual([]);
  });

  it('of a limit the first in the queue stay, after those that run', () => {
    const tables = [table('a', 0)];
    const surplus = (running: number) =>
      surplusJobs({
        tables,
        running: ids('a', 'load', 0, running),
        waiting: ids('a', 'load', running, 8),
        limits: [{ pattern: '*::load', max: 3 }],
      });
    expect(surplus(1)).toEqual(ids('a', 'load', 3, 8));
    expect(surplus(5)).toEqual(ids('a', 'load', 5, 8));
  });

  it('taking it out and letting in again agree: nothing that was taken out comes back at once', () => {
    fc.assert(
      fc.property(anyRequest, fc.nat(10), (request, runningCount) => {
        const inQueue = [...request.inQueue];
        const [running, waiting] = [inQueue.slice(0, runningCount), inQueue.slice(runningCount)];
        const surplus = new Set(surplusJobs({ ...request, running, waiting }));
        const left = new Set(inQueue.filter((id) => !surplus.has(id)));
        const again = selectJobs({ ...request, inQueue: left, windowSize: 1_000 }).map(idOf);
        for (const limit of request.limits) {
          const held = [...left, ...again].filter((id) => {
            const found = request.tables.find((each) => id.startsWith(`${each.tableId}-`));
            return matchesLimit(limit.pattern, found?.path ?? '', id.slice(id.lastIndexOf('-') + 1) as Step);
          });
          const runs = running.length;
          expect(held.length).toBeLessThanOrEqual(Math.max(limit.max, runs));
        }
      }),
    );
  });
});
