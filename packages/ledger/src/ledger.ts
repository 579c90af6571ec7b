/**
 * The ledger: the one truth about what was planned, done and proven, as immutable objects in S3. Nothing in it is ever
 * overwritten or deleted; every write is create-once, and whoever comes second goes on with what the first one wrote.
 */
import {
  type Actor,
  type AttemptRef,
  type Chunk,
  type ChunkRef,
  type ChunkState,
  type Clock,
  chunkStateOf,
  type Ids,
  type Log,
  type ObjectStore,
  type ProofBody,
  type ReceiptBodies,
  type Stage,
  type Step,
  type TablePlan,
} from '@lakehaul/core';
import type { z } from 'zod';
import { AcceptedSchemas } from './accepted-schemas.ts';
import { Acknowledged } from './acknowledged.ts';
import { Calibrations } from './calibration-record.ts';
import { createOnce, type LedgerContext } from './create-once.ts';
import { DiffSweep, readDiff, writeDiff } from './diffs.ts';
import {
  appendReceipt,
  mayLoad,
  type OpenRequest,
  type OpenResult,
  openAttempt,
  recordSubmission,
  refuseUnproven,
  refuseUnsettled,
} from './fence.ts';
import { LedgerKeys } from './keys.ts';
import { NoticeLog } from './notice-log.ts';
import { PlanStore } from './plan-store.ts';
import { ProcessSignals } from './process-signals.ts';
import {
  highestAttempt,
  ReceiptStore,
  type StoredReceipt,
  type TroubleStage,
  type WriteResult,
} from './receipt-store.ts';
import { type LedgerRecord, type RecordResult, RecordStore } from './records.ts';
import { repairNumberOf } from './repair-number.ts';
import { RequestLog } from './request-log.ts';
import { type LedgerScan, SCAN_DEFAULTS, Scan, type ScanOptions } from './scan.ts';
import { SteeringLog } from './steering-log.ts';
import { TableStops } from './table-stops.ts';
import { ThrottleLog } from './throttle-log.ts';

export interface LedgerOptions {
  store: ObjectStore;
  prefix: string;
  migration: string;
  actor: Actor;
  clock: Clock;
  ids: Ids;
}

/** What a step works on, newest first: the cause of its failure. An attempt can fail before it is opened. */
const INPUTS: Record<Step, readonly Stage[]> = {
  unload: ['opened'],
  load: ['unloaded', 'opened'],
  verify: ['loaded', 'unloaded', 'opened'],
};

export class Ledger {
  readonly migration: string;
  readonly actor: Actor;
  readonly keys: LedgerKeys;
  readonly #context: LedgerContext;
  readonly #plans: PlanStore;
  readonly #receipts: ReceiptStore;
  readonly #records: RecordStore;
  /** Tables that are stopped, and why. */
  readonly stops: TableStops;
  /** Schemas of the source that are hauled although they were not planned. */
  readonly schemas: AcceptedSchemas;
  readonly acknowledged: Acknowledged;
  /** Pauses, limits and priorities that people set while the fleet runs. */
  readonly signals: ProcessSignals;
  readonly steering: SteeringLog;
  /** What people were told, and which receiver has it. */
  readonly notices: NoticeLog;
  readonly throttle: ThrottleLog;
  /** What the processes asked S3. */
  readonly requests: RequestLog;
  /** How fast the source unloads, as measured on the first big chunks. */
  readonly calibration: Calibrations;

  constructor(options: LedgerOptions) {
    const { store, migration, actor, clock, ids } = options;
    this.migration = migration;
    this.actor = actor;
    this.keys = new LedgerKeys(options.prefix, migration);
    this.#context = { store, keys: this.keys, migration, actor, clock, ids };
    this.#plans = new PlanStore(this.#context);
    this.#receipts = new ReceiptStore(this.#context);
    this.#records = new RecordStore(this.#context);
    this.stops = new TableStops(this.#records);
    this.schemas = new AcceptedSchemas(this.#records);
    this.acknowledged = new Acknowledged(this.#records);
    this.signals = new ProcessSignals(this.#records);
    this.notices = new NoticeLog(this.#records);
    this.steering = new SteeringLog(this.#records, () => clock.nowMs());
    this.requests = new RequestLog(this.#records);
    this.calibration = new Calibrations(this.#records);
    this.throttle = new ThrottleLog(this.#records, () => this.serverTimeMs());
  }

  // ---------------------------------------------------------------- plans

  /** `created: false`: the table has a plan of this generation already; read that one. */
  writePlan(plan: TablePlan, chunks: Iterable<Chunk> | AsyncIterable<Chunk>): Promise<{ created: boolean }> {
    return this.#plans.write(plan, chunks);
  }

  /** `known` are paths of plans (`tablePath`) that need not be read again. */
  readPlans(known?: ReadonlySet<string>): Promise<TablePlan[]> {
    return this.#plans.readAll(undefined, known);
  }

  readPlan(tableId: string, generation: number): Promise<TablePlan | null> {
    return this.#plans.read(tableId, generation);
  }

  chunks(plan: Pick<TablePlan, 'tableId' | 'generation'>): AsyncIterable<Chunk> {
    return this.#plans.chunks(plan);
  }

  readChunk(ref: ChunkRef): Promise<Chunk> {
    return this.#plans.readChunk(ref);
  }

  // ---------------------------------------------------------------- receipts

  /** `opened` and `submit` have rules of their own: openAttempt, recordSubmission. */
  async write<S extends Exclude<Stage, 'opened' | 'submit'>>(
    ref: AttemptRef,
    stage: S,
    body: ReceiptBodies[S],
    causedBy: string | null,
  ): Promise<WriteResult<S>> {
    if (stage === 'verified' || stage === 'counted' || stage === 'reproved')
      await refuseUnproven(this.#receipts, ref, stage, body as ProofBody);
    if (stage === 'void') await refuseUnsettled(this.#receipts, ref, body as ReceiptBodies['void']);
    return this.#receipts.create(ref, stage, body, causedBy);
  }

  /** Of a repeatable stage: the latest. */
  read<S extends Stage>(ref: AttemptRef, stage: S): Promise<StoredReceipt<S> | null> {
    return this.#receipts.read(ref, stage);
  }

  /** Everything that ever happened to the chunk, in the order of S3's clock. */
  trail(ref: ChunkRef): Promise<StoredReceipt[]> {
    return this.#receipts.trail(ref);
  }

  /** Receipts that say what went wrong with the chunk, oldest attempt first: far fewer reads than the whole trail. */
  troubles(ref: ChunkRef): Promise<StoredReceipt<TroubleStage>[]> {
    return this.#receipts.troubles(ref);
  }

  async chunkState(ref: ChunkRef): Promise<ChunkState> {
    return chunkStateOf(highestAttempt(await this.#receipts.listChunk(ref)));
  }

  submissions(ref: AttemptRef): Promise<StoredReceipt<'submit'>[]> {
    return this.#receipts.readAll(ref, 'submit');
  }

  /** A later proof of a chunk that is done. */
  async recordReproof(ref: AttemptRef, body: ProofBody): Promise<StoredReceipt<'reproved'>> {
    const count = (await this.#receipts.listStage(ref, 'reproved')).length;
    const first = this.keys.receipt(ref, body.level === 'count' ? 'counted' : 'verified');
    const { result } = await appendReceipt(count + 1, (proof) =>
      this.write(ref, 'reproved', { ...body, proof }, first),
    );
    return result.receipt;
  }

  async latestReproof(ref: AttemptRef): Promise<ProofBody | null> {
    return (await this.#receipts.read(ref, 'reproved'))?.body ?? null;
  }

  /** Rows of a diff hold values: an object apart that goes again, see diffs.ts. Gives its key for the receipt. */
  writeDiff(ref: AttemptRef, rows: string): Promise<string> {
    return writeDiff(this.#context, ref, rows);
  }

  /** Null when it has expired; LEDGER_CONFLICT when it is not what the receipt's digest tells of. */
  readDiff(key: string, sha256: string): Promise<string | null> {
    return readDiff(this.#context, key, sha256);
  }

  /** Removes diffs that are older than this; for a pass that comes again and again. */
  diffSweep(options: { keepMs: number; log: Log }): DiffSweep {
    return new DiffSweep(this.#context, options);
  }

  // ---------------------------------------------------------------- fence

  openAttempt(ref: ChunkRef, request: OpenRequest): Promise<OpenResult> {
    return openAttempt(this.#receipts, ref, request);
  }

  /**
   * Which attempt of its budget this is, 1 for the one that was asked for: compare it with `attempts.max`. Reads the
   * `opened` receipts back to the one that began the budget.
   */
  repairNumber(ref: AttemptRef): Promise<number> {
    return repairNumberOf(this.#receipts, ref);
  }

  /** Before a statement is sent. Send it only when `isMine`. Without a number: the next free one. */
  recordSubmission(
    ref: AttemptRef,
    body: Omit<ReceiptBodies['submit'], 'submission'> & { submission?: number },
  ): Promise<WriteResult<'submit'>> {
    return recordSubmission(this.#receipts, ref, body);
  }

  async recordFailure(ref: AttemptRef, body: Omit<ReceiptBodies['failed'], 'failure'>): Promise<{ failures: number }> {
    const count = (await this.#receipts.listStage(ref, 'failed')).length;
    const causedBy = await this.newestOf(ref, INPUTS[body.step]);
    const { ordinal } = await appendReceipt(count + 1, (failure) =>
      this.#receipts.create(ref, 'failed', { ...body, failure }, causedBy),
    );
    return { failures: ordinal };
  }

  /** Key of the last receipt of the first of these stages that the attempt has; null when it has none of them. */
  async newestOf(ref: AttemptRef, stages: readonly Stage[]): Promise<string | null> {
    const own = (await this.#receipts.listChunk(ref)).filter((entry) => entry.attempt === ref.attempt);
    for (const stage of stages) {
      const found = own.filter((entry) => entry.stage === stage).sort((a, b) => a.ordinal - b.ordinal);
      if (found.length > 0) return found.at(-1)?.key ?? null;
    }
    return null;
  }

  mayLoad(ref: AttemptRef): Promise<{ ok: true } | { ok: false; blockedBy: number }> {
    return mayLoad(this.#receipts, ref);
  }

  // ---------------------------------------------------------------- records

  /** One record under one name, e.g. `tables/<tableId>/prepared`; the first one stays. */
  writeRecord<T>(path: string, body: T, causedBy: string | null = null): Promise<RecordResult<T>> {
    return this.#records.write(path, body, causedBy);
  }

  readRecord<T = unknown>(path: string, schema?: z.ZodType<T>): Promise<LedgerRecord<T> | null> {
    return this.#records.read(path, schema);
  }

  /** The next one of a numbered series, e.g. `tables/<tableId>/seals`, `settings/limits`. */
  /** Paths and S3 times of all records under a path, their bodies unread. */
  listRecords(path: string): Promise<{ path: string; lastModifiedMs: number }[]> {
    return this.#records.list(path);
  }

  appendRecord<T>(path: string, body: T, causedBy: string | null = null): Promise<RecordResult<T>> {
    return this.#records.append(path, body, causedBy);
  }

  readRecords<T = unknown>(path: string, schema?: z.ZodType<T>): Promise<LedgerRecord<T>[]> {
    return this.#records.readAll(path, schema);
  }

  /** The last of a numbered series. */
  latestRecord<T = unknown>(path: string, schema?: z.ZodType<T>): Promise<LedgerRecord<T> | null> {
    return this.#records.latest(path, schema);
  }

  /** Live settings (pause, limits, acknowledgements): append-only, the last one wins. */
  appendSetting<T>(name: string, value: T, causedBy: string | null = null): Promise<RecordResult<T>> {
    return this.#records.append(`settings/${name}`, value, causedBy);
  }

  latestSetting<T = unknown>(name: string, schema?: z.ZodType<T>): Promise<LedgerRecord<T> | null> {
    return this.#records.latest(`settings/${name}`, schema);
  }

  /** Whether the store honours If-None-Match: the fence is built on it. Leaves one small object behind. */
  async probeCreateOnce(): Promise<{ isCreateOnce: boolean; where: string }> {
    const where = this.keys.probe(this.#context.ids.uuid());
    const text = JSON.stringify({ schemaVersion: 1, by: this.actor });
    await createOnce(this.#context, where, text);
    return { isCreateOnce: !(await createOnce(this.#context, where, text)), where };
  }

  // ---------------------------------------------------------------- scan and time

  /** S3's clock, the one that receipts are ordered by. */
  serverTimeMs(): Promise<number> {
    return this.#context.store.serverTimeMs();
  }

  openScan(options: Partial<ScanOptions> = {}): LedgerScan {
    return new Scan({
      context: this.#context,
      plans: this.#plans,
      receipts: this.#receipts,
      options: { ...SCAN_DEFAULTS, ...options },
    });
  }
}
