/**
 * What began and is over, from the ledger's records: a control process that was away, or looked too late, finds here what
 * it has to tell afterwards. Pure. The verdict and quarantined chunks leave no record of their end and are not among them.
 */
import type {
  LedgerRecord,
  NoticeKind,
  ProcessSignal,
  Severity,
  SteeringRecord,
  TableEvent,
  ThrottleRecord,
} from '@lakehaul/ledger';

export interface Episode {
  /** As that of the condition that it was, but for stops of the throttle: each has one of its own. */
  key: string;
  kind: NoticeKind;
  severity: Severity;
  subject: string;
  fromMs: number;
  toMs: number;
  /** Without its times. */
  says: string;
}

/** One after the other in which no UNLOAD was let in by what was measured. */
export interface ThrottleStop {
  /** Of the record that ended it. */
  key: string;
  winner: string | null;
  fromMs: number;
  toMs: number;
}

export interface PastRequest {
  /** Of every table, each in order. */
  stops: readonly LedgerRecord<TableEvent>[];
  /** Names of the tables by id. */
  names: ReadonlyMap<string, string>;
  /** Oldest first. */
  changes: readonly LedgerRecord<SteeringRecord>[];
  /** Of every process, each in order. */
  signals: readonly LedgerRecord<ProcessSignal>[];
  throttleStops: readonly ThrottleStop[];
  pausedAfterMs: number;
}

export function pastEpisodes(request: PastRequest): Episode[] {
  const { throttleStops } = request;
  return [...tableStops(request), ...longPauses(request), ...failures(request), ...throttleStops.map(ofThrottle)].sort(
    (a, b) => a.toMs - b.toMs || (a.key < b.key ? -1 : 1),
  );
}

export const stopKey = (tableId: string, sinceMs: number): string =>
  `table-stopped/${tableId}/${new Date(sinceMs).toISOString()}`;
export const pauseKey = (recordKey: string): string => `paused/${recordKey.split('/').at(-1)}`;
export const failingKey = (process: string, recordKey: string): string =>
  `process-failing/${process}/${recordKey.split('/').at(-1)}`;

function tableStops({ stops, names }: PastRequest): Episode[] {
  return followed(stops, ({ key }) => key.split('/').at(-2) ?? '').flatMap(([stop, next, tableId]): Episode[] => {
    if (stop.body.action !== 'stop') return [];
    const subject = names.get(tableId) ?? tableId;
    return [
      {
        ...{ key: stopKey(tableId, stop.lastModifiedMs), kind: 'table-stopped', severity: 'critical', subject },
        ...{
          fromMs: stop.lastModifiedMs,
          toMs: next.lastModifiedMs,
          says: `${subject} was stopped: ${stop.body.code}`,
        },
      },
    ];
  });
}

function failures({ signals }: PastRequest): Episode[] {
  return followed(signals, ({ body }) => body.process).flatMap(([signal, next, process]): Episode[] => {
    if (signal.body.status !== 'failing') return [];
    return [
      {
        ...{ key: failingKey(process, signal.key), kind: 'process-failing', severity: 'critical', subject: process },
        ...{ fromMs: signal.lastModifiedMs, toMs: next.lastModifiedMs },
        says: `the business process ${process} was declared failing`,
      },
    ];
  });
}

function longPauses({ changes, pausedAfterMs }: PastRequest): Episode[] {
  return changes.flatMap((set, index): Episode[] => {
    const { change } = set.body;
    if (change.action !== 'pause') return [];
    const end = changes.slice(index + 1).find(({ body }) => !body.after.pauses.includes(change.pattern));
    if (end === undefined || end.lastModifiedMs - set.lastModifiedMs < pausedAfterMs) return [];
    return [
      {
        ...{ key: pauseKey(set.key), kind: 'paused', severity: 'warning', subject: change.pattern },
        ...{ fromMs: set.lastModifiedMs, toMs: end.lastModifiedMs, says: `${change.pattern} was paused` },
      },
    ];
  });
}

function ofThrottle({ key, winner, fromMs, toMs }: ThrottleStop): Episode {
  return {
    ...{ key: `throttle-stop/${key}`, kind: 'throttle-stop', severity: 'warning', subject: 'unload', fromMs, toMs },
    says: `no UNLOAD was let in: the source was in pain by the check ${winner ?? 'that stopped them'}`,
  };
}

/** Each record with the one after it of the same series. */
function followed<T>(
  records: readonly LedgerRecord<T>[],
  seriesOf: (record: LedgerRecord<T>) => string,
): [LedgerRecord<T>, LedgerRecord<T>, string][] {
  const last = new Map<string, LedgerRecord<T>>();
  const pairs: [LedgerRecord<T>, LedgerRecord<T>, string][] = [];
  for (const record of records) {
    const series = seriesOf(record);
    const before = last.get(series);
    if (before !== undefined) pairs.push([before, record, series]);
    last.set(series, record);
  }
  return pairs;
}

/** Folds the throttle's records, oldest first, as they come. */
export class ThrottleStops {
  readonly #ended: ThrottleStop[] = [];
  #open: { winner: string | null; fromMs: number } | null = null;

  add(records: readonly LedgerRecord<ThrottleRecord>[]): void {
    for (const { body, key, lastModifiedMs } of records) {
      if (body.memory.stoppedBy === 'measured') this.#open ??= { winner: body.winner, fromMs: lastModifiedMs };
      else if (this.#open !== null) {
        this.#ended.push({ ...this.#open, key: key.split('/').slice(-2).join('/'), toMs: lastModifiedMs });
        this.#open = null;
      }
    }
  }

  get ended(): readonly ThrottleStop[] {
    return this.#ended;
  }
}
