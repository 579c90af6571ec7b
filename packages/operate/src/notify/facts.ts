/** What is so now, of what people want to be told. Pure: a status report in, facts out. */
import type { Verdict } from '@lakehaul/gates';
import type {
  LedgerRecord,
  LedgerScan,
  NoticeKind,
  ProcessSignal,
  Severity,
  SteeringRecord,
  ThrottleRecord,
} from '@lakehaul/ledger';
import type { StatusReport } from '../status-report.ts';
import type { TableStatus } from '../table-status.ts';
import { type Episode, failingKey, type PastRequest, pastEpisodes, pauseKey, stopKey } from './past-episodes.ts';

/** Something that lasts: told when it begins, when it has doubled, and when it is over. */
export interface Condition {
  /** The same as long as it is the same thing: a table that is stopped again is another one. */
  key: string;
  kind: NoticeKind;
  severity: Severity;
  /** What it is about, as a person names it. */
  subject: string;
  /** How much of it there is, from 1 on. */
  measure: number;
  says: string;
  next: string;
}

export interface Facts {
  migration: string;
  /** S3's clock when the look began that they are of. */
  observedMs: number;
  /** Somebody decides how many UNLOADs may run. */
  isGoverned: boolean;
  verdict: Verdict;
  /** Codes of what stands against GO. */
  reasons: readonly string[];
  conditions: readonly Condition[];
  /** What is over by now, oldest end first. */
  past: readonly Episode[];
  /** Attempts that were seen to differ, repaired by now or not. */
  mismatches: readonly { plan: string; table: string; attempts: readonly string[] }[];
}

export interface FactsRequest {
  report: Pick<StatusReport, 'migration' | 'decision' | 'steering'> & {
    tables: readonly Pick<TableStatus, 'table' | 'tableId' | 'stop' | 'stages'>[];
  };
  scan: Pick<LedgerScan, 'plans' | 'mismatches'>;
  /** Every change that people made, oldest first. */
  changes: readonly LedgerRecord<SteeringRecord>[];
  /** What was declared of every process, each in order. */
  signals: readonly LedgerRecord<ProcessSignal>[];
  /** Stops and resumes of every table, each in order. */
  stops: PastRequest['stops'];
  throttleStops: PastRequest['throttleStops'];
  /** What the throttle decided last; null when nobody governs. */
  throttle: LedgerRecord<ThrottleRecord> | null;
  /** S3's clock when the look began; what is not of the look was read later. */
  nowMs: number;
  pausedAfterMs: number;
}

export function factsOf(request: FactsRequest): Facts {
  const { report, scan } = request;
  const names = new Map(report.tables.map((table) => [table.tableId, table.table]));
  const reasons = [...new Set(report.decision.reasons.map((reason) => reason.code))];
  return {
    migration: report.migration,
    observedMs: request.nowMs,
    isGoverned: isGoverned(request),
    verdict: report.decision.verdict,
    reasons,
    conditions: [
      ...(report.decision.verdict === 'NO_GO' ? [noGo(reasons)] : []),
      ...report.tables.flatMap(ofTable),
      ...longPauses(request),
      ...throttleStop(request),
      ...newestOf(request.signals)
        .filter(({ body }) => body.status === 'failing')
        .map(failing),
    ],
    past: pastEpisodes({ ...request, names }),
    mismatches: scan
      .plans()
      .map((plan) => ({
        plan: `${plan.tableId}/g${plan.generation}`,
        table: names.get(plan.tableId) ?? plan.tableId,
        attempts: scan.mismatches(plan).map(({ chunk, attempt }) => `${chunk}.${attempt}`),
      }))
      .filter(({ attempts }) => attempts.length > 0),
  };
}

function noGo(reasons: readonly string[]): Condition {
  return {
    ...{ key: 'verdict', kind: 'verdict', severity: 'critical', subject: 'the verdict', measure: 1 },
    says: `the verdict is NO_GO: ${reasons.join(', ')}`,
    next: 'lakehaul status says what is wrong and what to do; nothing is cut over before',
  };
}

function ofTable({ table, tableId, stop, stages }: FactsRequest['report']['tables'][number]): Condition[] {
  const found: Condition[] = [];
  if (stop !== null)
    found.push({
      ...{ key: stopKey(tableId, Date.parse(stop.since)), kind: 'table-stopped', severity: 'critical' },
      ...{ subject: table, measure: 1 },
      // Not the reason itself: it is for people who may see the catalogue.
      says: `${table} is stopped: ${stop.code}`,
      next: 'lakehaul tables says why; follow deploy/runbook/stopped-table.md',
    });
  const waiting = stages.quarantined;
  if (waiting > 0)
    found.push({
      ...{ key: `quarantine/${tableId}`, kind: 'quarantine', severity: 'warning', subject: table, measure: waiting },
      says: `${table}: ${waiting} ${waiting === 1 ? 'chunk waits' : 'chunks wait'} for a person`,
      next: 'lakehaul chunks --stage quarantined, mend the cause, then lakehaul replay',
    });
  return found;
}

function longPauses({ report, changes, nowMs, pausedAfterMs }: FactsRequest): Condition[] {
  return report.steering.pauses.flatMap((pattern): Condition[] => {
    const set = changes.findLast(({ body }) => body.change.action === 'pause' && body.change.pattern === pattern);
    if (set === undefined || nowMs - set.lastModifiedMs < pausedAfterMs) return [];
    return [
      {
        ...{
          key: pauseKey(set.key),
          kind: 'paused',
          severity: 'warning',
          subject: pattern,
          measure: 1,
        },
        says: `${pattern} has been paused since ${new Date(set.lastModifiedMs).toISOString()}`,
        next: 'lakehaul settings says who and why; lakehaul resume it, or leave it knowingly',
      },
    ];
  });
}

function newestOf(signals: FactsRequest['signals']): LedgerRecord<ProcessSignal>[] {
  return [...new Map(signals.map((signal) => [signal.body.process, signal])).values()];
}

function failing({ body, key }: LedgerRecord<ProcessSignal>): Condition {
  return {
    ...{
      key: failingKey(body.process, key),
      kind: 'process-failing',
      severity: 'critical',
    },
    ...{ subject: body.process, measure: 1 },
    says: `the business process ${body.process} was declared failing`,
    next: 'lakehaul signal says who and why',
  };
}

/** A planner that decides nothing for so long is gone: its last word says nothing about now. */
const DECISION_AGE_MS = 3_600_000;

function isGoverned({ throttle, nowMs }: Pick<FactsRequest, 'throttle' | 'nowMs'>): boolean {
  return throttle !== null && nowMs - throttle.lastModifiedMs <= DECISION_AGE_MS;
}

/** By what was measured; the hours that people have set are no news. */
function throttleStop({ throttle, nowMs }: Pick<FactsRequest, 'throttle' | 'nowMs'>): Condition[] {
  if (throttle === null || throttle.body.memory.stoppedBy !== 'measured') return [];
  if (!isGoverned({ throttle, nowMs })) return [];
  return [
    {
      ...{ key: 'throttle-stop/unload', kind: 'throttle-stop', severity: 'warning', subject: 'unload', measure: 1 },
      says: `no UNLOAD is let in: the source is in pain by the check ${throttle.body.winner ?? 'that stopped them'}`,
      next: 'lakehaul throttle says what it read; it resumes by itself when the source has recovered',
    },
  ];
}
