/**
 * The write log must never call a table unwritten when a snapshot missed a commit. The model below is a source with
 * transactions whose statements run before they commit, a history that lags, and samples at any moments.
 */
import type { SourceWrite, WriteSample } from '@lakehaul/adapters';
import { sourceTime } from '@lakehaul/core';
import { judgeWrites, type WriteLogState } from '@lakehaul/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldSample, NOTHING_KNOWN, settledWrites, writtenTables } from './fold-sample.ts';

const OID = '7';
const at = (moment: number): string => sourceTime(1_700_000_000_000_000n + BigInt(moment));

function write(transactionId: string, endedAt: number, kind = 'insert'): SourceWrite {
  return {
    oid: OID,
    transactionId,
    kind,
    statements: 1,
    firstAt: at(endedAt),
    lastAt: at(endedAt),
    knownFrom: 'steps',
  };
}

function sample(readAt: number, change: Partial<WriteSample> = {}): WriteSample {
  return {
    readAt: at(readAt),
    writes: [],
    open: [],
    outcomes: new Map(),
    outcomesReadable: true,
    displaced: [],
    ...change,
  };
}

const judged = (state: WriteLogState, snapshot: number) => judgeWrites(state, OID, at(snapshot)).kind;
const window = (from: number, to: number) => ({ from: at(from), to: at(to) });
const fold = (state: WriteLogState, from: number, to: number, given: WriteSample) =>
  foldSample(state, window(from, to), [OID], given);

describe('one write', () => {
  it('is judged by its commit, not by its statement', () => {
    const outcomes: WriteSample['outcomes'] = new Map([['1', { kind: 'committed', at: at(50) }]]);
    const state = fold(NOTHING_KNOWN, 0, 100, sample(110, { writes: [write('1', 20)], outcomes }));
    expect(judged(state, 30)).toBe('written');
    expect(judged(state, 50)).toBe('written');
    expect(judged(state, 51)).toBe('unwritten');
  });

  it('that was rolled back counts for nothing', () => {
    const outcomes: WriteSample['outcomes'] = new Map([['1', { kind: 'rolled-back' }]]);
    const state = fold(NOTHING_KNOWN, 0, 100, sample(110, { writes: [write('1', 20)], outcomes }));
    expect(judged(state, 10)).toBe('unwritten');
    expect(writtenTables(sample(110, { writes: [write('1', 20)], outcomes }))).toMatchObject([{ rolledBack: 1 }]);
  });

  it('of an open transaction waits for its end, however many samples later', () => {
    let state = fold(NOTHING_KNOWN, 0, 100, sample(110, { writes: [write('1', 20)], open: ['1'] }));
    state = fold(state, 100, 200, sample(210, { open: ['1'] }));
    expect(judged(state, 150)).toBe('open-transaction');
    // Its end is not told: by the time of this reading it held no lock any more.
    state = fold(state, 200, 300, sample(310));
    expect(judged(state, 305)).toBe('written');
    expect(judged(state, 311)).toBe('unwritten');
  });

  it('by TRUNCATE stands whatever becomes of the transaction round it', () => {
    const outcomes: WriteSample['outcomes'] = new Map([['1', { kind: 'rolled-back' }]]);
    const state = fold(NOTHING_KNOWN, 0, 100, sample(110, { writes: [write('1', 20, 'truncate')], outcomes }));
    expect(judged(state, 19)).toBe('written');
  });
});

it('says nothing about what lies before the log, nor about a table that it does not cover', () => {
  const state = fold(NOTHING_KNOWN, 100, 200, sample(210));
  expect(judged(state, 99)).toBe('gap');
  expect(judged(state, 100)).toBe('unwritten');
  expect(judgeWrites(state, '8', at(150)).kind).toBe('gap');
  expect(judgeWrites(state, OID, null).kind).toBe('gap');
  expect(judgeWrites(null, OID, at(150)).kind).toBe('gap');
});

describe('any history', () => {
  const transactions = fc.array(
    fc.record({
      statements: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 3 }),
      /** After its last statement. */
      endsAfter: fc.nat({ max: 400 }),
      isRolledBack: fc.boolean(),
    }),
    { maxLength: 5 },
  );

  it('never hides a commit that the snapshot missed, and holds nothing against an unwritten table', () => {
    fc.assert(
      fc.property(
        transactions,
        fc.uniqueArray(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 100 }),
        fc.boolean(),
        fc.nat({ max: 1500 }),
        (given, moments, lag, outcomesReadable, snapshot) => {
          const known = given.map((transaction, index) => ({
            id: String(index + 1),
            ...transaction,
            endsAt: Math.max(...transaction.statements) + transaction.endsAfter,
          }));
          let state = NOTHING_KNOWN;
          let from = 0;
          for (const now of moments.sort((a, b) => a - b)) {
            const to = now - lag;
            if (to <= from) continue;
            const writes = known.flatMap((each) =>
              each.statements.filter((end) => end >= from && end < to).map((end) => write(each.id, end)),
            );
            const outcomes: WriteSample['outcomes'] = new Map();
            // The history of transactions lags as well.
            for (const each of known)
              if (outcomesReadable && each.endsAt + lag <= now)
                outcomes.set(
                  each.id,
                  each.isRolledBack ? { kind: 'rolled-back' } : { kind: 'committed', at: at(each.endsAt) },
                );
            const open = known.filter((each) => each.endsAt > now).map((each) => each.id);
            state = fold(state, from, to, sample(now + 1, { writes, open, outcomes, outcomesReadable }));
            from = to;
          }
          if (from === 0) return;
          const missed = known.filter(
            (each) => !each.isRolledBack && each.endsAt >= snapshot && each.statements.some((end) => end < from),
          );
          const verdict = judged(state, snapshot);
          if (missed.length > 0) expect(verdict).not.toBe('unwritten');
          // With a lag the outcome may come later than the write: then the time of the reading counts, which is later.
          const isQuiet = lag === 0 && known.every((each) => each.endsAt < snapshot && each.endsAt + lag <= from);
          if (isQuiet && outcomesReadable) expect(verdict).toBe('unwritten');
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('windows that overlap', () => {
  /** As a sampler keeps it: the state with what the next window may tell again. */
  const keep = (state: WriteLogState, from: number, to: number, given: WriteSample): WriteLogState => ({
    ...fold(state, from, to, given),
    settled: settledWrites(state, given, at(to - 50)),
  });

  it.each(['insert', 'truncate'])('tell a write twice and count it once: %s', (kind) => {
    const first = keep(NOTHING_KNOWN, 0, 100, sample(110, { writes: [write('1', 80, kind)] }));
    expect(judged(first, 110)).toBe('written');
    // Probed at 120; the same row of the history says nothing new.
    const again = sample(210, { writes: [write('1', 80, kind)] });
    expect(judged(keep(first, 50, 200, again), 120)).toBe('unwritten');
    expect(writtenTables(again, first)).toEqual([]);
  });

  it('find a write of which the history told only after its window had ended', () => {
    const first = keep(NOTHING_KNOWN, 0, 100, sample(110));
    expect(judged(keep(first, 50, 200, sample(210, { writes: [write('1', 80)] })), 90)).toBe('written');
  });

  it('do not take a second TRUNCATE for the one that was told', () => {
    const first = keep(NOTHING_KNOWN, 0, 100, sample(110, { writes: [write('1', 80, 'truncate')] }));
    const second = sample(210, { writes: [write('1', 80, 'truncate'), write('1', 150, 'truncate')] });
    expect(judged(keep(first, 50, 200, second), 120)).toBe('written');
  });

  it('forget what the next window does not tell again', () => {
    const first = keep(NOTHING_KNOWN, 0, 100, sample(110, { writes: [write('1', 40), write('2', 60)] }));
    expect(first.settled?.map((each) => each.write)).toEqual(['2']);
  });
});

it('a commit counts as later than a read that ended less than the clock margin after it', () => {
  const outcomes: WriteSample['outcomes'] = new Map([['1', { kind: 'committed', at: at(20) }]]);
  const state = fold(NOTHING_KNOWN, 0, 100, sample(110, { writes: [write('1', 20)], outcomes }));
  expect(judged(state, 1_020)).toBe('unwritten');
  expect(judged({ ...state, clockMarginMs: 1 }, 1_020)).toBe('written');
  expect(judged({ ...state, clockMarginMs: 1 }, 1_021)).toBe('unwritten');
});
