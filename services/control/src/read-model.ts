/**
 * What the API answers from: the ledger as it was a moment ago, in memory. It is looked at in the background, so that no
 * reader waits for S3 and a thousand readers cost what one does; every answer says how old it is.
 */
import { createHash } from 'node:crypto';
import {
  asLakehaulError,
  type Clock,
  LakehaulError,
  type Log,
  type Steering,
  type Step,
  type TablePlan,
} from '@lakehaul/core';
import { joinedPlans, type Ledger, type LedgerRecord, type LedgerScan, type SteeringRecord } from '@lakehaul/ledger';
import { gatesJson, type StatusOptions, type StatusReport, statusJson, statusReport } from '@lakehaul/operate';
import type { ChunkQueues, StepCounts } from '@lakehaul/queue';

/** JSON that is ready to be sent, and a tag that changes only when something in it but its age does. */
export interface Prepared {
  body: string;
  etag: string;
}

export interface Snapshot {
  /** S3's clock when the look began. */
  asOf: string;
  /** The same by this process's clock: what an age is counted from. */
  lookedMs: number;
  plans: readonly TablePlan[];
  scan: LedgerScan;
  report: StatusReport;
  steering: Steering;
  /** Every change, oldest first. */
  changes: readonly LedgerRecord<SteeringRecord>[];
  /** Null while the queue store does not answer: the ledger is no less true. */
  queues: Readonly<Record<Step, StepCounts>> | null;
  /** How many jobs each queue lets run at once; null with the counts. */
  concurrency: Readonly<Record<Step, number | null>> | null;
  status: Prepared;
  tables: Prepared;
  gates: Prepared;
  /** By table id. */
  tableOf: ReadonlyMap<string, Prepared>;
  /** Pages that were asked for since the look, by what was asked: fifty people look at the same first page. */
  pages: PageCache;
}

/** Pages of one look; what does not fit is made anew each time. */
export class PageCache {
  readonly #pages = new Map<string, Prepared>();
  #leftBytes: number;

  constructor(mostBytes = 16 * 1_048_576) {
    this.#leftBytes = mostBytes;
  }

  get(asked: string, make: () => Prepared): Prepared {
    const known = this.#pages.get(asked);
    if (known !== undefined) return known;
    const page = make();
    // Text that is ASCII takes a byte a character, any other two.
    const sizeBytes = 2 * (asked.length + page.body.length);
    if (sizeBytes <= this.#leftBytes) {
      this.#pages.set(asked, page);
      this.#leftBytes -= sizeBytes;
    }
    return page;
  }
}

export interface ReadModelDeps extends StatusOptions {
  ledger: Ledger;
  queues: Pick<ChunkQueues, 'counts' | 'concurrency'>;
  clock: Pick<Clock, 'nowMs'>;
  log: Log;
}

export class ReadModel {
  readonly #deps: ReadModelDeps;
  readonly #scan: LedgerScan;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #plans: TablePlan[] = [];
  #steering: Steering | null = null;
  #changes: readonly LedgerRecord<SteeringRecord>[] = [];
  #snapshot: Snapshot | null = null;

  constructor(deps: ReadModelDeps) {
    this.#deps = deps;
    this.#scan = deps.ledger.openScan();
  }

  /** NOT_READY before the first look is over. */
  get snapshot(): Snapshot {
    if (this.#snapshot === null) throw new LakehaulError('NOT_READY', 'the ledger is being read for the first time');
    return this.#snapshot;
  }

  get isReady(): boolean {
    return this.#snapshot !== null;
  }

  /** Told after every look; gives the way to end it. */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Of the last whole look; null before it. Looks may fail for hours while all answers stay as they were. */
  get ageMs(): number | null {
    return this.#snapshot === null ? null : Math.max(0, this.#deps.clock.nowMs() - this.#snapshot.lookedMs);
  }

  async refreshOnce(): Promise<void> {
    const { ledger, clock } = this.#deps;
    const lookedMs = clock.nowMs();
    this.#plans = await joinedPlans(ledger, this.#plans);
    // After the plans: a scan knows every plan that was written before it.
    await this.#scan.refresh();
    // Before what is read besides: a report may have the scan look once more.
    const observedMs = this.#scan.observedMs;
    const report = await statusReport(ledger, this.#plans, this.#scan, this.#deps);
    // The same object as long as nobody changed anything.
    if (report.steering !== this.#steering) {
      this.#changes = await ledger.steering.changes();
      this.#steering = report.steering;
    }
    this.#snapshot = {
      ...prepared(report, new Date(observedMs).toISOString()),
      lookedMs,
      plans: this.#plans,
      scan: this.#scan,
      report,
      steering: report.steering,
      changes: this.#changes,
      ...(await this.#askQueues()),
    };
    for (const listener of this.#listeners) listener(this.#snapshot);
  }

  async #askQueues(): Promise<Pick<Snapshot, 'queues' | 'concurrency'>> {
    const { queues } = this.#deps;
    try {
      const [counts, concurrency] = await Promise.all([queues.counts(), queues.concurrency()]);
      return { queues: counts, concurrency };
    } catch (thrown) {
      const error = asLakehaulError(thrown);
      this.#deps.log.warn('queues not counted', { code: error.code, reason: error.message });
      return { queues: null, concurrency: null };
    }
  }
}

function prepared(report: StatusReport, asOf: string) {
  const status = statusJson(report);
  return {
    asOf,
    status: prepare(asOf, status),
    tables: prepare(asOf, { tables: status.tables }),
    gates: prepare(asOf, gatesJson(report)),
    pages: new PageCache(),
    tableOf: new Map(status.tables.map((table) => [table.tableId, prepare(asOf, table)])),
  };
}

export function prepare(asOf: string, content: object): Prepared {
  const text = JSON.stringify(content);
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  return { body: `{"asOf":"${asOf}"${text === '{}' ? '}' : `,${text.slice(1)}`}`, etag: `W/"${digest}"` };
}
