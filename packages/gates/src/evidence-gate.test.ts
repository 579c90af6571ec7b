import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, gateStates, type ReasonCode } from './evidence-gate.ts';
import type { Signals, TableEvidence } from './signals.ts';

const table: TableEvidence = {
  table: 'public.orders',
  tableId: 'public-orders-00000000',
  chunks: 4,
  done: 4,
  mismatched: 0,
  quarantined: 0,
  accepted: 0,
  stop: null,
  unacknowledged: 0,
  seal: { isSealed: true, isCurrent: true, faultCount: 0, firstFault: '' },
  openWatermark: null,
  writes: { kind: 'unwritten', detail: '', isProbeable: true },
};
const signals: Signals = {
  tables: [table],
  writeLog: { ageMs: 60_000, staleAfterMs: 1_800_000, isPastNewestProof: true },
  performance: { ratioUpperBound: 1.1, limit: 1.2 },
  queries: { total: 3, validated: 3 },
};
const codes = (given: Signals): ReasonCode[] => decide(given).reasons.map((reason) => reason.code);

describe('the decision', () => {
  it('is GO only when nothing stands against it', () => {
    expect(decide(signals)).toEqual({ evidence: 'PASS', verdict: 'GO', reasons: [] });
  });

  it('holds while performance and queries are not known, with the evidence passing', () => {
    const decision = decide({ ...signals, performance: null, queries: null });
    expect(decision).toMatchObject({ evidence: 'PASS', verdict: 'HOLD' });
    expect(decision.reasons.map((reason) => reason.code)).toEqual([
      'PERFORMANCE_NOT_MEASURED',
      'QUERIES_NOT_VALIDATED',
    ]);
  });

  it.each<[string, Partial<TableEvidence>, ReasonCode, string]>([
    ['a chunk is open', { done: 3 }, 'CHUNKS_NOT_PROVEN', 'HOLD'],
    ['a chunk differs', { done: 3, mismatched: 1 }, 'CHUNKS_MISMATCHED', 'NO_GO'],
    ['a chunk waits for a person', { done: 3, quarantined: 1 }, 'CHUNKS_QUARANTINED', 'HOLD'],
    ['a person took a chunk as it is', { done: 3, accepted: 1 }, 'CHUNKS_ACCEPTED', 'HOLD'],
    ...(['SYSTEMIC_CAUSE', 'SCHEMA_DRIFT', 'ROW_SECURITY'] as const).map(
      (code): [string, Partial<TableEvidence>, ReasonCode, string] => [
        `the table is stopped for ${code}`,
        { stop: { code, reason: 'why', next: 'what to do' } },
        code,
        'HOLD',
      ],
    ),
    ['a loss is not acknowledged', { unacknowledged: 1 }, 'LOSS_NOT_ACKNOWLEDGED', 'HOLD'],
    ['a generation is open', { openWatermark: '2026-01-01' }, 'GENERATION_OPEN', 'HOLD'],
    ['there is no seal', { seal: null }, 'NOT_SEALED', 'HOLD'],
    [
      'the seal is older than a proof',
      { seal: { isSealed: true, isCurrent: false, faultCount: 0, firstFault: '' } },
      'NOT_SEALED',
      'HOLD',
    ],
    [
      'the seal is broken',
      { seal: { isSealed: false, isCurrent: true, faultCount: 1, firstFault: 'x' } },
      'SEAL_BROKEN',
      'NO_GO',
    ],
    [
      'the source was written',
      { writes: { kind: 'written', detail: 'x', isProbeable: true } },
      'SOURCE_WRITTEN',
      'HOLD',
    ],
    [
      'a transaction that has written is open',
      { writes: { kind: 'open-transaction', detail: 'x', isProbeable: true } },
      'SOURCE_WRITTEN',
      'HOLD',
    ],
    ['writes are not known', { writes: { kind: 'gap', detail: 'x', isProbeable: true } }, 'WRITE_LOG_GAP', 'HOLD'],
  ])('fails the evidence when %s', (_name, change, code, verdict) => {
    const given = { ...signals, tables: [table, { ...table, ...change }] };
    expect(codes(given)).toContain(code);
    expect(decide(given)).toMatchObject({ evidence: 'FAIL', verdict });
  });

  it.each([
    ['absent', null],
    ['old', { ageMs: 1_800_001, staleAfterMs: 1_800_000, isPastNewestProof: true }],
    ['older than a proof', { ageMs: 60_000, staleAfterMs: 1_800_000, isPastNewestProof: false }],
  ])('fails the evidence when the write log is %s, whatever it says of the tables', (_name, writeLog) => {
    const given = { ...signals, writeLog };
    expect(codes(given)).toEqual(['WRITE_LOG_STALE']);
    expect(decide(given)).toMatchObject({ evidence: 'FAIL', verdict: 'HOLD' });
  });

  it('does not ask about writes while chunks are open: they will be read anyway', () => {
    const given = { ...signals, writeLog: null, tables: [{ ...table, done: 3, writes: null }] };
    expect(codes(given)).toEqual(['CHUNKS_NOT_PROVEN']);
  });

  it('says that a table proven by counts cannot be probed', () => {
    const writes = { kind: 'written' as const, detail: 'x', isProbeable: false };
    const [reason] = decide({ ...signals, tables: [{ ...table, writes }] }).reasons;
    expect(reason?.next).toContain('counts only');
  });

  it('no table at all is no evidence', () => {
    expect(decide({ ...signals, tables: [] })).toMatchObject({ evidence: 'FAIL', verdict: 'HOLD' });
  });

  it('every reason has words and a next step', () => {
    for (const reason of decide({
      tables: [{ ...table, done: 0, seal: null }],
      writeLog: null,
      performance: null,
      queries: null,
    }).reasons) {
      expect(reason.reason).not.toBe('');
      expect(reason.next).not.toBe('');
    }
  });
});

describe('the evidence of a gate', () => {
  const stateOf = (code: string, given: Signals) => gateStates(given).find((each) => each.code === code);
  const open = { ...table, table: 'public.items', tableId: 'public-items-0', done: 3, mismatched: 1, writes: null };

  it('names the tables and the number that stand against it, and what it is held against', () => {
    expect(stateOf('CHUNKS_NOT_PROVEN', { ...signals, tables: [table, open] })).toMatchObject({
      ...{ verdict: 'HOLD', value: 1, limit: 0, of: 8, unit: 'chunks' },
      findings: [{ table: { tableId: 'public-items-0' }, value: 1, detail: 'public.items: 3 of 4 chunks proven' }],
    });
    expect(stateOf('WRITE_LOG_STALE', signals)).toMatchObject({ verdict: 'PASS', value: 60_000, limit: 1_800_000 });
    expect(stateOf('SEAL_BROKEN', { ...signals, tables: [open] })).toMatchObject({ verdict: 'PASS', findings: [] });
    const gap = { ...table, writes: { kind: 'gap' as const, detail: 'x', isProbeable: true } };
    expect(stateOf('SOURCE_WRITTEN', { ...signals, tables: [table, gap] })).toMatchObject({ verdict: 'PASS', of: 1 });
  });

  it('a question that nothing can answer yet is not passed', () => {
    const nobody = { ...signals, tables: [open], performance: null };
    for (const code of ['SOURCE_WRITTEN', 'WRITE_LOG_GAP', 'WRITE_LOG_STALE', 'PERFORMANCE_TOO_SLOW'])
      expect(stateOf(code, nobody), code).toMatchObject({ verdict: 'NOT_ASKED', notAsked: expect.any(String) });
    expect(stateOf('SEAL_BROKEN', { ...signals, tables: [{ ...table, seal: null }] })?.verdict).toBe('NOT_ASKED');
    for (const code of ['SOURCE_WRITTEN', 'WRITE_LOG_GAP'])
      expect(stateOf(code, { ...signals, writeLog: null })?.verdict, code).toBe('NOT_ASKED');
    const gap = { ...table, writes: { kind: 'gap' as const, detail: 'x', isProbeable: true } };
    expect(stateOf('SOURCE_WRITTEN', { ...signals, tables: [gap] })?.verdict).toBe('NOT_ASKED');
    expect(new Set(gateStates({ ...signals, tables: [] }).map(({ verdict }) => verdict))).toEqual(
      new Set(['NOT_ASKED', 'PASS']),
    );
  });

  it('a gate fails if and only if its reason is told, whatever the signals', () => {
    const small = fc.integer({ min: 0, max: 3 });
    const anyTable = fc.record({
      ...{ done: small, mismatched: small, quarantined: small, accepted: small, unacknowledged: small },
      seal: fc.option(
        fc.record({ isSealed: fc.boolean(), isCurrent: fc.boolean(), faultCount: small, firstFault: fc.constant('x') }),
      ),
      writes: fc.option(
        fc.record({
          kind: fc.constantFrom('unwritten' as const, 'written' as const, 'open-transaction' as const, 'gap' as const),
          ...{ detail: fc.constant('x'), isProbeable: fc.boolean() },
        }),
      ),
      openWatermark: fc.option(fc.constant('w')),
    });
    fc.assert(
      fc.property(fc.array(anyTable, { maxLength: 4 }), fc.option(fc.boolean()), (tables, isPast) => {
        const given: Signals = {
          tables: tables.map((each) => ({ ...table, ...each })),
          writeLog: isPast === null ? null : { ageMs: 1, staleAfterMs: 2, isPastNewestProof: isPast },
          ...{ performance: null, queries: null },
        };
        const failed = gateStates(given).filter(({ verdict }) => verdict === 'HOLD' || verdict === 'NO_GO');
        const told = decide(given).reasons.filter(({ code }) => code !== 'NOTHING_PLANNED');
        expect(failed.map(({ code }) => code)).toEqual(told.map(({ code }) => code));
        for (const { findings, value } of failed) {
          const sum = findings.reduce((total, each) => total + (each.value ?? 0), 0);
          if (value !== null) expect(sum).toBe(value);
          else expect(findings.map((each) => each.value)).toEqual([null]);
        }
      }),
    );
  });
});
