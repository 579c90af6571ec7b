/** The evidence part of the cutover decision. Pure: signals in, verdict with reasons out. */
import { counted, separated } from '@lakehaul/core';

export interface TableEvidence {
  table: string;
  tableId: string;
  chunks: number;
  done: number;
  mismatched: number;
  quarantined: number;
  /** Chunks that a person took as they are: never proven. */
  accepted: number;
  /** Why no attempt of the table is opened any more; null when it is not stopped. */
  stop: { code: StopCode; reason: string; next: string } | null;
  /** Loss or exclusions that nobody acknowledged; planning refuses them, so a number here means a changed configuration. */
  unacknowledged: number;
  seal: { isSealed: boolean; isCurrent: boolean; faultCount: number; firstFault: string } | null;
  /** Rows at or beyond it are nobody's yet; null when the generations cover every key. */
  openWatermark: string | null;
  /** What the write log says since the table's oldest proof; null while chunks are open, which will be read anyway. */
  writes: TableWritesEvidence | null;
}

export interface TableWritesEvidence {
  kind: 'unwritten' | 'written' | 'open-transaction' | 'gap';
  detail: string;
  /** Proven by counts only: no probe can say what a write changed. */
  isProbeable: boolean;
}

/** The write log as a whole. Ages by S3's clock. */
export interface WriteLogEvidence {
  ageMs: number;
  staleAfterMs: number;
  /**
   * The log reaches past the newest proof. Where it does not, a row may have moved from a chunk that was read late to one that
   * was read early, and be in neither: the target equals no moment of the source, and nobody knows yet.
   */
  isPastNewestProof: boolean;
}

export interface Signals {
  tables: readonly TableEvidence[];
  /** Null when the source's history was never looked at. */
  writeLog: WriteLogEvidence | null;
  /** Null until the baseline benchmark has run. */
  performance: { ratioUpperBound: number; limit: number } | null;
  /** Null until the scheduled queries have been validated. */
  queries: { total: number; validated: number } | null;
}

export type StopCode = 'SYSTEMIC_CAUSE' | 'SCHEMA_DRIFT' | 'ROW_SECURITY';
const STOP_CODES: readonly StopCode[] = ['ROW_SECURITY', 'SCHEMA_DRIFT', 'SYSTEMIC_CAUSE'];

export type Verdict = 'GO' | 'HOLD' | 'NO_GO';
export type ReasonCode =
  | 'NOTHING_PLANNED'
  | 'CHUNKS_NOT_PROVEN'
  | 'CHUNKS_MISMATCHED'
  | 'CHUNKS_QUARANTINED'
  | 'CHUNKS_ACCEPTED'
  | StopCode
  | 'LOSS_NOT_ACKNOWLEDGED'
  | 'NOT_SEALED'
  | 'SEAL_BROKEN'
  | 'GENERATION_OPEN'
  | 'SOURCE_WRITTEN'
  | 'WRITE_LOG_GAP'
  | 'WRITE_LOG_STALE'
  | 'PERFORMANCE_NOT_MEASURED'
  | 'PERFORMANCE_TOO_SLOW'
  | 'QUERIES_NOT_VALIDATED';

export interface Reason {
  code: ReasonCode;
  reason: string;
  next: string;
}

export interface Decision {
  evidence: 'PASS' | 'FAIL';
  verdict: Verdict;
  reasons: Reason[];
}

/** NO_GO when the data is known to be wrong, HOLD when something is not known yet, GO when nothing stands against it. */
export function decide(signals: Signals): Decision {
  const evidence = [...evidenceReasons(signals.tables), ...writeReasons(signals)];
  const others = [...performanceReasons(signals), ...queryReasons(signals)];
  const reasons = [...evidence, ...others];
  const isWrong = reasons.some(
    (reason) =>
      reason.code === 'CHUNKS_MISMATCHED' || reason.code === 'SEAL_BROKEN' || reason.code === 'PERFORMANCE_TOO_SLOW',
  );
  return {
    evidence: evidence.length === 0 ? 'PASS' : 'FAIL',
    verdict: isWrong ? 'NO_GO' : reasons.length > 0 ? 'HOLD' : 'GO',
    reasons,
  };
}

function evidenceReasons(tables: readonly TableEvidence[]): Reason[] {
  if (tables.length === 0) return [{ code: 'NOTHING_PLANNED', reason: 'no table is planned', next: 'lakehaul plan' }];
  const reasons: Reason[] = [];
  const add = (
    code: ReasonCode,
    concerned: readonly TableEvidence[],
    tell: (table: TableEvidence) => string,
    next: string,
  ) => {
    if (concerned.length > 0) reasons.push({ code, reason: listed(concerned.map(tell)), next });
  };
  for (const code of STOP_CODES)
    add(
      code,
      tables.filter((table) => table.stop?.code === code),
      (table) => `${table.table}: ${table.stop?.reason ?? ''}`,
      tables.find((table) => table.stop?.code === code)?.stop?.next ?? '',
    );
  add(
    'CHUNKS_MISMATCHED',
    tables.filter((table) => table.mismatched > 0),
    (table) => `${table.table}: ${counted(table.mismatched, 'chunk differs', 'chunks differ')}`,
    'wait for the repair, or lakehaul diff CHUNK',
  );
  add(
    'CHUNKS_QUARANTINED',
    tables.filter((table) => table.quarantined > 0),
    (table) => `${table.table}: ${counted(table.quarantined, 'chunk waits', 'chunks wait')} for a person`,
    'lakehaul chunks --stage quarantined, then lakehaul replay or lakehaul accept',
  );
  // Not small print under a PASS: an approver signs it by name.
  add(
    'CHUNKS_ACCEPTED',
    tables.filter((table) => table.accepted > 0),
    (table) => `${table.table}: ${counted(table.accepted, 'chunk', 'chunks')} taken as they stand, unproven`,
    'lakehaul chunks --stage accepted says who and why; whoever approves the cutover signs for them, or lakehaul replay',
  );
  add(
    'CHUNKS_NOT_PROVEN',
    tables.filter((table) => table.done + table.accepted < table.chunks),
    (table) => `${table.table}: ${separated(table.done)} of ${counted(table.chunks, 'chunk')} proven`,
    'lakehaul run',
  );
  add(
    'GENERATION_OPEN',
    tables.filter((table) => table.openWatermark !== null),
    (table) => `${table.table}: rows from ${table.openWatermark} on are nobody’s yet`,
    'lakehaul plan --top-up --until W hauls on, lakehaul plan --top-up --final closes the table',
  );
  add(
    'LOSS_NOT_ACKNOWLEDGED',
    tables.filter((table) => table.unacknowledged > 0),
    (table) => `${table.table}: ${counted(table.unacknowledged, 'column')}`,
    'lakehaul plan',
  );
  add(
    'SEAL_BROKEN',
    tables.filter((table) => table.seal?.isCurrent === true && !table.seal.isSealed),
    (table) => `${table.table}: ${table.seal?.firstFault ?? ''}`,
    'lakehaul verify TABLE',
  );
  add(
    'NOT_SEALED',
    tables.filter((table) => table.seal === null || !table.seal.isCurrent),
    (table) => table.table,
    'lakehaul seal',
  );
  return reasons;
}

/**
 * A proof speaks for the moment at which its rows were read. It holds today only if the source is known to be unwritten
 * since: not knowing is no knowledge, so an absent, broken or stale log fails the evidence as a write does.
 */
function writeReasons({ tables, writeLog }: Signals): Reason[] {
  const complete = tables.filter((table) => table.writes !== null);
  if (complete.length === 0) return [];
  const reasons: Reason[] = [];
  const isStale = writeLog === null || writeLog.ageMs > writeLog.staleAfterMs;
  if (isStale)
    reasons.push({
      code: 'WRITE_LOG_STALE',
      reason:
        writeLog === null
          ? 'the source’s history was never looked at: what was written since the tables were read is not known'
          : `the last look at the source’s history is ${Math.round(writeLog.ageMs / 1000)} s old, allowed are ${Math.round(writeLog.staleAfterMs / 1000)} s`,
      next: 'lakehaul watch --once, and let the planner service run',
    });
  else if (!writeLog.isPastNewestProof)
    reasons.push({
      code: 'WRITE_LOG_STALE',
      reason:
        'the source’s history is known up to a moment before the newest proof: what was written in between is not known yet',
      next: 'lakehaul watch --once, after watch.lagMs; the planner service does it by itself',
    });
  const told = (kinds: readonly TableWritesEvidence['kind'][]) =>
    complete.filter((table) => table.writes !== null && kinds.includes(table.writes.kind));
  const gaps = writeLog === null ? [] : told(['gap']);
  if (gaps.length > 0)
    reasons.push({
      code: 'WRITE_LOG_GAP',
      reason: listed(gaps.map((table) => `${table.table}: ${table.writes?.detail ?? ''}`)),
      next: 'lakehaul watch --once: probes the whole table again',
    });
  const written = told(['written', 'open-transaction']);
  if (written.length > 0)
    reasons.push({
      code: 'SOURCE_WRITTEN',
      reason: listed(written.map((table) => `${table.table}: ${table.writes?.detail ?? ''}`)),
      next: nextOfWritten(written),
    });
  return reasons;
}

function nextOfWritten(written: readonly TableEvidence[]): string {
  if (written.some((table) => table.writes?.isProbeable === false))
    return 'a table proven by counts only cannot be probed: haul it at level carried or above, or stop its writes first';
  if (written.every((table) => table.writes?.kind === 'open-transaction'))
    return 'wait until the transaction has ended, then lakehaul watch --once';
  return 'lakehaul watch --once probes them, lakehaul run hauls what changed';
}

function performanceReasons(signals: Signals): Reason[] {
  const measured = signals.performance;
  if (measured === null)
    return [
      {
        code: 'PERFORMANCE_NOT_MEASURED',
        reason: 'no baseline benchmark has been run',
        next: 'run the baseline benchmark of the cutover',
      },
    ];
  if (measured.ratioUpperBound <= measured.limit) return [];
  return [
    {
      code: 'PERFORMANCE_TOO_SLOW',
      reason: `the target may be ${measured.ratioUpperBound.toFixed(2)} times slower, allowed is ${measured.limit.toFixed(2)}`,
      next: 'look at the slowest queries of the benchmark',
    },
  ];
}

function queryReasons(signals: Signals): Reason[] {
  const queries = signals.queries;
  if (queries !== null && queries.validated === queries.total) return [];
  const reason =
    queries === null
      ? 'no scheduled query has been validated'
      : `${queries.validated} of ${queries.total} scheduled queries are validated`;
  return [{ code: 'QUERIES_NOT_VALIDATED', reason, next: 'validate the scheduled queries on both engines' }];
}

const LISTED = 5;

function listed(items: readonly string[]): string {
  const shown = items.slice(0, LISTED).join('; ');
  return items.length > LISTED ? `${shown}; and ${items.length - LISTED} more` : shown;
}
