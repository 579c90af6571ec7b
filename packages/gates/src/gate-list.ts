/**
 * The gates as data: what each asks, what stands against it, and how it is known. `decide` (evidence-gate.ts) and whoever asks
 * "how do you know?" read the same list, so that a reason and its evidence cannot differ.
 */
import { counted, separated } from '@lakehaul/core';
import { type Gate, ofTables } from './gate.ts';
import type { Signals, StopCode } from './signals.ts';
import { WRITES } from './write-gates.ts';

const isOne = (is: boolean): number => (is ? 1 : 0);

function stopGate<Code extends StopCode>(code: Code, question: string, breaks: string): Gate<Code> {
  return ofTables({
    ...{ code, question, failing: 'HOLD', unit: 'tables', source: 'stops', breaks },
    against: ({ stop }) => isOne(stop?.code === code),
    tell: ({ table, stop }) => `${table}: ${stop?.reason ?? ''}`,
    next: (tables) => tables[0]?.stop?.next ?? '',
  });
}

const STOPS = [
  stopGate('ROW_SECURITY', 'Do both engines show all rows?', 'a policy, mask or filter on either side'),
  stopGate('SCHEMA_DRIFT', 'Are the columns those that were planned?', 'a change of a table’s columns at the source'),
  stopGate('SYSTEMIC_CAUSE', 'Do chunks fail one by one, not all for one cause?', 'chunks that fail for one cause'),
] as const;

const CHUNKS = [
  ofTables({
    ...{ code: 'CHUNKS_MISMATCHED', question: 'Does no chunk differ?', failing: 'NO_GO', unit: 'chunks' },
    ...{ source: 'receipts', breaks: 'a proof of a chunk that finds other rows in the target' },
    against: ({ mismatched }) => mismatched,
    among: ({ chunks }) => chunks,
    tell: ({ table, mismatched }) => `${table}: ${counted(mismatched, 'chunk differs', 'chunks differ')}`,
    next: 'wait for the repair, or lakehaul diff CHUNK',
  }),
  ofTables({
    ...{ code: 'CHUNKS_QUARANTINED', question: 'Does no chunk wait for a person?', failing: 'HOLD', unit: 'chunks' },
    ...{ source: 'receipts', breaks: 'a chunk whose attempts are used up, or an error that only a person can settle' },
    against: ({ quarantined }) => quarantined,
    among: ({ chunks }) => chunks,
    tell: ({ table, quarantined }) => `${table}: ${counted(quarantined, 'chunk waits', 'chunks wait')} for a person`,
    next: 'lakehaul chunks --stage quarantined, then lakehaul replay or lakehaul accept',
  }),
  // Not small print under a PASS: an approver signs it by name.
  ofTables({
    ...{ code: 'CHUNKS_ACCEPTED', question: 'Was no chunk taken unproven?', failing: 'HOLD', unit: 'chunks' },
    ...{ source: 'receipts', breaks: 'two people who accept a chunk as it is' },
    against: ({ accepted }) => accepted,
    among: ({ chunks }) => chunks,
    tell: ({ table, accepted }) => `${table}: ${counted(accepted, 'chunk', 'chunks')} taken as they stand, unproven`,
    next: 'lakehaul chunks --stage accepted says who and why; whoever approves the cutover signs for them, or lakehaul replay',
  }),
  ofTables({
    ...{ code: 'CHUNKS_NOT_PROVEN', question: 'Is every chunk proven?', failing: 'HOLD', unit: 'chunks' },
    ...{ source: 'receipts', breaks: 'a late row, a top-up or a person that opens a chunk again' },
    against: ({ chunks, done, accepted }) => Math.max(0, chunks - done - accepted),
    among: ({ chunks }) => chunks,
    tell: ({ table, done, chunks }) => `${table}: ${separated(done)} of ${counted(chunks, 'chunk')} proven`,
    next: 'lakehaul run',
  }),
] as const;

/** Only a seal that saw every proof speaks for what the target holds now. */
const SEAL_BROKEN: Gate<'SEAL_BROKEN'> = {
  ...ofTables({
    ...{ code: 'SEAL_BROKEN', question: 'Does the target hold what the ledger says, and nothing else?' },
    ...{
      failing: 'NO_GO',
      unit: 'faults',
      source: 'seals',
      breaks: 'rows that are missing, doubled, stale or foreign',
    },
    // A seal may be broken without a fault that is listed: it is one all the same.
    against: ({ seal }) => (seal?.isCurrent === true && !seal.isSealed ? Math.max(1, seal.faultCount) : 0),
    tell: ({ table, seal }) => `${table}: ${seal?.firstFault ?? ''}`,
    next: 'lakehaul verify TABLE',
  }),
  notAsked: ({ tables }) =>
    tables.some(({ seal }) => seal?.isCurrent === true) ? null : 'no table has a seal that is newer than its proofs',
};

const TABLES = [
  ofTables({
    ...{ code: 'GENERATION_OPEN', question: 'Is every row of the source planned?', failing: 'HOLD', unit: 'tables' },
    ...{ source: 'plans', breaks: 'a top-up that ends before the newest rows' },
    against: ({ openWatermark }) => isOne(openWatermark !== null),
    tell: ({ table, openWatermark }) => `${table}: rows from ${openWatermark} on are nobody’s yet`,
    next: 'lakehaul plan --top-up --until W hauls on, lakehaul plan --top-up --final closes the table',
  }),
  ofTables({
    ...{ code: 'LOSS_NOT_ACKNOWLEDGED', question: 'Is every loss acknowledged?', failing: 'HOLD', unit: 'columns' },
    ...{ source: 'plans', breaks: 'a plan with a column whose loss nobody acknowledged' },
    against: ({ unacknowledged }) => unacknowledged,
    tell: ({ table, unacknowledged }) => `${table}: ${counted(unacknowledged, 'column')}`,
    next: 'lakehaul plan',
  }),
  SEAL_BROKEN,
  ofTables({
    ...{ code: 'NOT_SEALED', question: 'Is every table sealed after its last proof?', failing: 'HOLD', unit: 'tables' },
    ...{ source: 'seals', breaks: 'any proof that is newer than the seal' },
    against: ({ seal }) => isOne(seal === null || !seal.isCurrent),
    tell: ({ table }) => table,
    next: 'lakehaul seal',
  }),
] as const;

const notMeasured = ({ performance }: Signals) => (performance === null ? 'nothing was measured yet' : null);
const MEASURED: Pick<Gate, 'isEvidence' | 'unit' | 'source' | 'of' | 'limit' | 'value'> = {
  ...{ isEvidence: false, unit: 'ratio', source: 'benchmark', of: () => null },
  limit: ({ performance }) => performance?.limit ?? null,
  value: ({ performance }) => performance?.ratioUpperBound ?? null,
};

const PERFORMANCE_NOT_MEASURED: Gate<'PERFORMANCE_NOT_MEASURED'> = {
  ...{ ...MEASURED, code: 'PERFORMANCE_NOT_MEASURED', question: 'Was the target’s performance measured?' },
  ...{ failing: 'HOLD', breaks: 'nothing: once it is measured, it stays so' },
  notAsked: () => null,
  findings: ({ performance }) =>
    performance === null ? [{ table: null, value: null, detail: 'no baseline benchmark has been run' }] : [],
  next: () => 'run the baseline benchmark of the cutover',
};

const PERFORMANCE_TOO_SLOW: Gate<'PERFORMANCE_TOO_SLOW'> = {
  ...{ ...MEASURED, code: 'PERFORMANCE_TOO_SLOW', question: 'Is the target fast enough?', failing: 'NO_GO' },
  breaks: 'a benchmark that finds the target slower than allowed',
  notAsked: notMeasured,
  findings: ({ performance }) => {
    if (performance === null || performance.ratioUpperBound <= performance.limit) return [];
    const { ratioUpperBound: value, limit } = performance;
    const detail = `the target may be ${value.toFixed(2)} times slower, allowed is ${limit.toFixed(2)}`;
    return [{ table: null, value, detail }];
  },
  next: () => 'look at the slowest queries of the benchmark',
};

const QUERIES_NOT_VALIDATED: Gate<'QUERIES_NOT_VALIDATED'> = {
  ...{ code: 'QUERIES_NOT_VALIDATED', question: 'Are the scheduled queries validated?', failing: 'HOLD' },
  ...{ isEvidence: false, unit: 'queries', source: 'queries', breaks: 'a scheduled query that gives other results' },
  limit: () => 0,
  value: ({ queries }) => (queries === null ? null : queries.total - queries.validated),
  of: ({ queries }) => queries?.total ?? null,
  notAsked: () => null,
  findings: ({ queries }) => {
    if (queries === null) return [{ table: null, value: null, detail: 'no scheduled query has been validated' }];
    const { total, validated } = queries;
    if (validated === total) return [];
    const detail = `${validated} of ${total} scheduled queries are validated`;
    return [{ table: null, value: total - validated, detail }];
  },
  next: () => 'validate the scheduled queries on both engines',
};

const OTHERS = [PERFORMANCE_NOT_MEASURED, PERFORMANCE_TOO_SLOW, QUERIES_NOT_VALIDATED] as const;

/** In the order in which their reasons are told. */
export const GATES = [...STOPS, ...CHUNKS, ...TABLES, ...WRITES, ...OTHERS] as const;

export type GateCode = (typeof GATES)[number]['code'];
