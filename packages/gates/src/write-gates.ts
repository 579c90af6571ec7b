/** Whether the proofs still hold: what the source was written since its rows were read. */
import { type Finding, type Gate, ofTables, type TableGate } from './gate.ts';
import type { Signals, TableEvidence } from './signals.ts';

/** Tables whose writes matter: of others chunks are open, which will be read anyway. */
function complete({ tables }: Signals): TableEvidence[] {
  return tables.filter((table) => table.writes !== null);
}

function notComplete(signals: Signals): string | null {
  if (signals.tables.length === 0) return 'no table is planned';
  return complete(signals).length > 0 ? null : 'chunks of every table are open: they will be read anyway';
}

function wroteGate<Code extends string>(
  gate: Pick<TableGate<Code>, 'code' | 'question' | 'breaks' | 'next'> & {
    isAgainst: (table: TableEvidence, signals: Signals) => boolean;
    /** Tables of which it can say anything. */
    isKnown: (table: TableEvidence) => boolean;
  },
): Gate<Code> {
  const { isAgainst, isKnown, next, ...rest } = gate;
  const known = (signals: Signals) => (signals.writeLog === null ? [] : complete(signals).filter(isKnown));
  const notAsked = (signals: Signals) =>
    known(signals).length > 0 ? null : 'what was written at the source is not known';
  const concerned = (signals: Signals) => complete(signals).filter((table) => isAgainst(table, signals));
  const told = ofTables({
    ...{ ...rest, next, failing: 'HOLD', unit: 'tables', source: 'write-log' },
    against: () => 1,
    tell: ({ table, writes }) => `${table}: ${writes?.detail ?? ''}`,
  });
  return {
    ...told,
    notAsked: (signals) => notComplete(signals) ?? notAsked(signals),
    of: (signals) => known(signals).length,
    value: (signals) => concerned(signals).length,
    findings: (signals) => told.findings({ ...signals, tables: concerned(signals) }),
  };
}

/**
 * A proof speaks for the moment at which its rows were read. It holds today only if the source is known to be unwritten
 * since: not knowing is no knowledge, so an absent, broken or stale log fails the evidence as a write does.
 */
const WRITE_LOG_STALE: Gate<'WRITE_LOG_STALE'> = {
  ...{ code: 'WRITE_LOG_STALE', question: 'Are writes at the source known until now?', failing: 'HOLD' },
  ...{ isEvidence: true, unit: 'ms', source: 'write-log', breaks: 'a planner that does not look at the source' },
  limit: ({ writeLog }) => writeLog?.staleAfterMs ?? null,
  value: ({ writeLog }) => writeLog?.ageMs ?? null,
  of: () => null,
  notAsked: notComplete,
  findings: (signals) => (complete(signals).length === 0 ? [] : staleness(signals)),
  next: (findings) =>
    findings[0]?.detail === BEFORE_PROOF
      ? 'lakehaul watch --once, after watch.lagMs; the planner service does it by itself'
      : 'lakehaul watch --once, and let the planner service run',
};

/** In the order in which their reasons are told. */
export const WRITES = [
  WRITE_LOG_STALE,
  wroteGate({
    ...{ code: 'WRITE_LOG_GAP', question: 'Is what was written at the source known without a gap?' },
    breaks: 'a source whose history was not read before it was gone',
    isAgainst: ({ writes }, { writeLog }) => writeLog !== null && writes?.kind === 'gap',
    isKnown: () => true,
    next: 'lakehaul watch --once: probes the whole table again',
  }),
  wroteGate({
    ...{ code: 'SOURCE_WRITTEN', question: 'Is the source unwritten since it was read?' },
    breaks: 'any write at the source after a table was read',
    isAgainst: ({ writes }) => writes?.kind === 'written' || writes?.kind === 'open-transaction',
    isKnown: ({ writes }) => writes?.kind !== 'gap',
    next: nextOfWritten,
  }),
] as const;

const BEFORE_PROOF =
  'the source’s history is known up to a moment before the newest proof: what was written in between is not known yet';

function staleness({ writeLog }: Signals): Finding[] {
  const found = (value: number | null, detail: string) => [{ table: null, value, detail }];
  if (writeLog === null)
    return found(
      null,
      'the source’s history was never looked at: what was written since the tables were read is not known',
    );
  const { ageMs, staleAfterMs, isPastNewestProof } = writeLog;
  if (ageMs > staleAfterMs)
    return found(
      ageMs,
      `the last look at the source’s history is ${Math.round(ageMs / 1000)} s old, allowed are ${Math.round(staleAfterMs / 1000)} s`,
    );
  return isPastNewestProof ? [] : found(ageMs, BEFORE_PROOF);
}

function nextOfWritten(written: readonly TableEvidence[]): string {
  if (written.some((table) => table.writes?.isProbeable === false))
    return 'a table proven by counts only cannot be probed: haul it at level carried or above, or stop its writes first';
  if (written.every((table) => table.writes?.kind === 'open-transaction'))
    return 'wait until the transaction has ended, then lakehaul watch --once';
  return 'lakehaul watch --once probes them, lakehaul run hauls what changed';
}
