/** What a gate is: one question, what stands against it, and how the answer is known. */
import type { Signals, TableEvidence } from './signals.ts';

export type GateUnit = 'tables' | 'chunks' | 'columns' | 'faults' | 'ms' | 'ratio' | 'queries';

/** Where the answer comes from; the words for people are in SOURCE_WORDS. */
export type GateSource = 'receipts' | 'plans' | 'stops' | 'seals' | 'write-log' | 'benchmark' | 'queries';

/** Something that stands against a switch: of one table, or of none in particular. */
export interface Finding {
  table: TableEvidence | null;
  /** In the gate's unit; null where nothing was ever measured. */
  value: number | null;
  /** As the reason tells it. */
  detail: string;
}

export interface Gate<Code extends string = string> {
  code: Code;
  question: string;
  /** What it does to the decision: NO_GO when the data is known to be wrong, HOLD when something is not known. */
  failing: 'HOLD' | 'NO_GO';
  isEvidence: boolean;
  unit: GateUnit;
  source: GateSource;
  /** It passes up to this; null where there is nothing to hold a number against yet. */
  limit: (signals: Signals) => number | null;
  /** What it is held against, in the gate's unit; null: not known. */
  value: (signals: Signals) => number | null;
  /** Of how many; null where that says nothing. */
  of: (signals: Signals) => number | null;
  findings: (signals: Signals) => Finding[];
  /** Why there is nothing to judge yet; null where there is. */
  notAsked: (signals: Signals) => string | null;
  next: (findings: readonly Finding[]) => string;
  /** What would make it fail again. */
  breaks: string;
}

export const SOURCE_WORDS: Readonly<Record<GateSource, string>> = {
  receipts: 'receipts of the chunks’ newest attempts, as the last look at the ledger listed them',
  plans: 'plans of the tables, as they lie in the ledger',
  stops: 'the newest record of each table’s stops',
  seals: 'the newest seal of each table: one scan of the target, held against the ledger',
  'write-log': 'the newest sample of the source’s own history of writes, and what each table’s proofs are as of',
  benchmark: 'the baseline benchmark',
  queries: 'the validation of the scheduled queries',
};

export type Counted = (table: TableEvidence) => number;

export interface TableGate<Code extends string>
  extends Pick<Gate, 'question' | 'failing' | 'unit' | 'source' | 'breaks'> {
  code: Code;
  /** Of each table, what stands against it in the unit; 0: nothing. */
  against: Counted;
  /** Of each table, of how many; absent: the tables are counted. */
  among?: Counted;
  tell: (table: TableEvidence) => string;
  next: string | ((tables: readonly TableEvidence[]) => string);
}

/** A gate whose limit is none: each table with something against it is a finding. */
export function ofTables<Code extends string>(gate: TableGate<Code>): Gate<Code> {
  const { against, among, tell, next, ...rest } = gate;
  const sum = (tables: readonly TableEvidence[], count: Counted) =>
    tables.reduce((total, table) => total + count(table), 0);
  return {
    ...{ ...rest, isEvidence: true, limit: () => 0 },
    notAsked: ({ tables }) => (tables.length === 0 ? 'no table is planned' : null),
    value: ({ tables }) => sum(tables, against),
    of: ({ tables }) => (among === undefined ? (gate.unit === 'tables' ? tables.length : null) : sum(tables, among)),
    findings: ({ tables }) =>
      tables
        .filter((table) => against(table) > 0)
        .map((table) => ({ table, value: against(table), detail: tell(table) })),
    next: (findings) =>
      typeof next === 'string' ? next : next(findings.flatMap(({ table }) => (table === null ? [] : [table]))),
  };
}
