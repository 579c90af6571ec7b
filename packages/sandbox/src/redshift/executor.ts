import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Engine, Faults, LocalObjects } from '../contracts.ts';
import type { Latency } from '../latency.ts';
import type { Catalogue } from './catalogue.ts';
import { type Prepared, readCatalogueStatement } from './catalogue-statement.ts';
import { databaseError } from './database-error.ts';
import type { EndedQueries } from './ended-queries.ts';
import { parseOne } from './parse-one.ts';
import type { QueryEntry, QueryHistory } from './query-history.ts';
import { openResult } from './results.ts';
import { type Outcome, queryType, runStatement, usesSlot } from './run-statement.ts';
import { DatabaseError } from './service-error.ts';
import { Session } from './session.ts';
import { Slots } from './slots.ts';
import {
  isTerminal,
  type StatementRecord,
  type StatementState,
  type StatementStore,
  type SubStatement,
} from './statement-store.ts';
import type { RedshiftSwitches } from './switches.ts';

export interface ExecutorOptions {
  engine: Engine;
  objects: LocalObjects;
  faults: Faults;
  latency: Pick<Latency, 'wait'>;
  store: StatementStore;
  history: QueryHistory;
  endedQueries: EndedQueries;
  catalogue: Catalogue;
  switches: RedshiftSwitches;
}

interface Running {
  record: StatementRecord;
  isCancelled: boolean;
  connection: DuckDBConnection | null;
  done: Promise<void>;
}

const CANCELLED = "Query cancelled on user's request";
const STOP_PATIENCE_MS = 2000;

/**
 * Runs what was submitted, each call on an engine connection of its own, whatever becomes of the client. A batch is one
 * transaction: its snapshot is taken by the first statement that reads, and its first failure undoes everything but
 * the files of an UNLOAD.
 */
export class Executor {
  private readonly options: ExecutorOptions;
  private readonly running = new Map<string, Running>();
  private readonly slots: Slots;
  private isStopping = false;
  private lastPid = 1_073_741_824;
  /** UNLOADs that wait or run. */
  private unloads = 0;

  constructor(options: ExecutorOptions) {
    this.options = options;
    this.slots = new Slots(() => options.switches.wlmSlots);
  }

  start(record: StatementRecord): void {
    const running: Running = { record, isCancelled: false, connection: null, done: Promise.resolve() };
    this.running.set(record.id, running);
    running.done = this.run(running).finally(() => this.running.delete(record.id));
  }

  cancel(id: string): void {
    const running = this.running.get(id);
    if (!running) return;
    running.isCancelled = true;
    running.connection?.interrupt();
  }

  /** Stops as a killed process does: what runs is left unfinished in the store, and reported ABORTED at the next start. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const running of this.running.values()) running.connection?.interrupt();
    const all = Promise.all([...this.running.values()].map((running) => running.done));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, STOP_PATIENCE_MS).unref())]);
  }

  private async run(running: Running): Promise<void> {
    const { record } = running;
    let failure: DatabaseError | null = null;
    try {
      await this.advance(record, 'PICKED');
      await this.options.latency.wait('redshift.pick');
      if (this.options.switches.pickDelayMs > 0)
        await new Promise((resolve) => setTimeout(resolve, this.options.switches.pickDelayMs));
      this.lastPid += 1;
      record.pid = this.lastPid;
      await this.advance(record, 'STARTED');
      if (record.database !== this.options.switches.database)
        throw new DatabaseError(`FATAL: database "${record.database}" does not exist`);
      failure = await this.runAll(running);
    } catch (error) {
      failure = databaseError(error);
    }
    if (this.isStopping) return;
    for (const sub of record.subs) if (!isTerminal(sub.status)) this.endSub(sub, 'ABORTED', null);
    record.error = failure?.message ?? null;
    const state = failure === null ? 'FINISHED' : running.isCancelled ? 'ABORTED' : 'FAILED';
    await this.advance(record, state);
  }

  private async runAll(running: Running): Promise<DatabaseError | null> {
    const { record } = running;
    const { connection, release } = await this.options.engine.acquire();
    running.connection = connection;
    const session = new Session({ ...this.options, connection, record });
    let failure: DatabaseError | null = null;
    try {
      await session.open();
      const isOneTransaction = record.executionMode === 'TRANSACTION';
      for (let index = 0; index < record.subs.length; index += 1) {
        if (index === 0 || !isOneTransaction) await session.begin();
        const failed = await this.runSub(running, session, index);
        failure ??= failed;
        if (failed !== null) await session.rollback();
        if (failed !== null && (isOneTransaction || running.isCancelled)) return failure;
        const isLast = index === record.subs.length - 1;
        if (failed === null && (isLast || !isOneTransaction)) {
          await this.options.faults.before(
            'redshift.commit',
            `${record.statementName ?? ''}\n${record.subs[index]?.sql}`,
          );
          if (running.isCancelled || this.isStopping) throw new DatabaseError(CANCELLED);
          await session.commit();
        }
      }
      return failure;
    } catch (error) {
      await session.rollback();
      throw error;
    } finally {
      running.connection = null;
      release();
    }
  }

  /** Null when the statement went well. */
  private async runSub(running: Running, session: Session, index: number): Promise<DatabaseError | null> {
    const { record } = running;
    const sub = record.subs[index] as SubStatement;
    const { history, store } = this.options;
    const entry = this.newEntry(record, sub, session);
    sub.queryId = entry.queryId;
    session.queryId = entry.queryId;
    session.entry = entry;
    sub.status = 'STARTED';
    sub.updatedAtMs = store.nowMs();
    history.begin(entry);
    try {
      const outcome = await this.runTimed(running, session, sub, entry);
      if (outcome.rows === null) sub.resultRows = outcome.changedRows ?? -1;
      else await this.writeRows(running, sub, index, outcome);
      entry.returnedRows = Math.max(0, sub.resultRows);
      entry.returnedBytes = Math.max(0, sub.resultSizeBytes);
      entry.unload = outcome.unload ?? null;
      this.endEntry(entry, 'success', '');
      this.endSub(sub, 'FINISHED', null);
      return null;
    } catch (error) {
      const failure = running.isCancelled ? new DatabaseError(CANCELLED) : databaseError(error);
      this.endEntry(entry, running.isCancelled ? 'canceled' : 'failed', failure.message);
      this.endSub(sub, running.isCancelled ? 'ABORTED' : 'FAILED', failure.message);
      return failure;
    } finally {
      sub.durationMs = Math.max(0, sub.updatedAtMs - Math.round(entry.startMicros / 1000));
    }
  }

  /** Waits for a slot, then runs under the session's statement_timeout. */
  private async runTimed(running: Running, session: Session, sub: SubStatement, entry: QueryEntry): Promise<Outcome> {
    const statement = readCatalogueStatement(sub.sql) ?? parseOne(sub.sql, session);
    entry.queryType = queryType(statement);
    entry.queryLabel = session.setting('query_group') ?? 'default';
    const leave = usesSlot(statement) ? await this.enterQueue(entry) : () => undefined;
    const startedMicros = this.options.history.nowMicros();
    entry.queueMicros = startedMicros - entry.startMicros;
    entry.status = 'running';
    const timeoutMs = Number(session.setting('statement_timeout') ?? '0');
    let isTimedOut = false;
    const timer =
      timeoutMs > 0
        ? setTimeout(() => {
            isTimedOut = true;
            running.connection?.interrupt();
          }, timeoutMs)
        : undefined;
    try {
      return await this.runOne(running, session, statement);
    } catch (error) {
      if (isTimedOut)
        throw new DatabaseError(
          `Query (${entry.queryId}) cancelled on user's request: statement_timeout of ${timeoutMs} ms`,
        );
      throw error;
    } finally {
      clearTimeout(timer);
      entry.executionMicros = this.options.history.nowMicros() - startedMicros;
      leave();
    }
  }

  /** Resolves when the statement may start; the wait depends on the UNLOADs of the moment at which it came. */
  private async enterQueue(entry: QueryEntry): Promise<() => void> {
    const { waitMs, freeUnloads } = this.options.switches.queuePain;
    const painMs = waitMs * Math.max(0, this.unloads - freeUnloads);
    const isUnload = entry.queryType === 'UNLOAD';
    if (isUnload) this.unloads += 1;
    if (painMs > 0) await new Promise((resolve) => setTimeout(resolve, painMs));
    const leave = await this.slots.enter();
    return () => {
      if (isUnload) this.unloads -= 1;
      leave();
    };
  }

  private async runOne(running: Running, session: Session, statement: Prepared): Promise<Outcome> {
    await this.options.faults.before('redshift.statement', statement.raw);
    await this.options.latency.wait('redshift.statement');
    if (running.isCancelled) throw new DatabaseError(CANCELLED);
    return runStatement(session, statement);
  }

  private async writeRows(running: Running, sub: SubStatement, index: number, outcome: Outcome): Promise<void> {
    const { store, switches } = this.options;
    const writer = await openResult({
      path: join(store.resultDirectory, `${running.record.id}-${index + 1}`),
      columns: outcome.columns,
      format: running.record.resultFormat,
      rowBytesMax: switches.rowBytesMax,
      resultBytesMax: switches.resultBytesMax,
    });
    try {
      for await (const rows of outcome.rows ?? []) await writer.append(rows);
    } finally {
      const { rowCount, sizeBytes } = await writer.end();
      sub.resultRows = rowCount;
      sub.resultSizeBytes = sizeBytes;
    }
    sub.hasResultSet = true;
  }

  private newEntry(record: StatementRecord, sub: SubStatement, session: Session): QueryEntry {
    const { history, switches } = this.options;
    return {
      queryId: history.nextId(),
      transactionId: session.transactionId,
      sessionId: record.pid,
      userId: 100,
      userName: record.dbUser,
      databaseName: switches.database,
      queryType: 'OTHER',
      queryLabel: session.setting('query_group') ?? 'default',
      status: 'queued',
      startMicros: history.nowMicros(),
      endMicros: null,
      queueMicros: 0,
      executionMicros: 0,
      returnedRows: 0,
      returnedBytes: 0,
      errorMessage: '',
      queryText: sub.sql,
      unload: null,
      steps: [],
    };
  }

  private endEntry(entry: QueryEntry, status: QueryEntry['status'], message: string): void {
    entry.status = status;
    entry.errorMessage = message;
    entry.endMicros = this.options.history.nowMicros();
    this.options.history.end(entry);
  }

  private endSub(sub: SubStatement, status: StatementState, error: string | null): void {
    sub.status = status;
    sub.error = error;
    sub.updatedAtMs = this.options.store.nowMs();
  }

  private async advance(record: StatementRecord, status: StatementState): Promise<void> {
    record.status = status;
    record.updatedAtMs = this.options.store.nowMs();
    await this.options.store.save(record);
  }
}
