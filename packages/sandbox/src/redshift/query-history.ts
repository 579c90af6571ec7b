import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type QueryType =
  | 'SELECT'
  | 'INSERT'
  | 'UPDATE'
  | 'DELETE'
  | 'UNLOAD'
  | 'COPY'
  | 'CTAS'
  | 'DDL'
  | 'COMMAND'
  | 'UTILITY'
  | 'OTHER';

/** One row of SYS_QUERY_HISTORY; times are microseconds since 1970, durations microseconds. */
export interface QueryEntry {
  queryId: number;
  transactionId: number;
  sessionId: number;
  userId: number;
  userName: string;
  databaseName: string;
  queryType: QueryType;
  /** SET query_group; `default` without one. */
  queryLabel: string;
  status: 'queued' | 'running' | 'success' | 'failed' | 'canceled';
  startMicros: number;
  endMicros: number | null;
  queueMicros: number;
  executionMicros: number;
  returnedRows: number;
  returnedBytes: number;
  errorMessage: string;
  queryText: string;
  unload: UnloadEntry | null;
  /** What it wrote, as SYS_QUERY_DETAIL tells; absent in files of earlier versions. */
  steps?: WriteStep[];
}

/** An insert or delete step on a permanent table. */
export interface WriteStep {
  name: 'insert' | 'delete';
  tableId: number;
  tableName: string;
  rowCount: number;
}

/** One transaction that wrote: SYS_TRANSACTION_HISTORY once it has ended, SVV_TRANSACTIONS while it holds its locks. */
export interface TransactionEntry {
  transactionId: number;
  sessionId: number;
  userName: string;
  status: 'open' | 'committed' | 'rolledback';
  startMicros: number;
  commitStartMicros: number | null;
  endMicros: number | null;
  tableIds: number[];
}

/** What SYS_UNLOAD_HISTORY and SYS_UNLOAD_DETAIL say of it. */
export interface UnloadEntry {
  format: string;
  location: string;
  rowCount: number;
  files: { url: string; rowCount: number; sizeBytes: number }[];
}

/** Rows that a monitoring query sees at most; the real views keep seven days. */
const ENTRIES_MAX = 20_000;

/** Every query that ran, in memory for the system views and in a file for the next start. */
export class QueryHistory {
  private readonly path: string;
  private readonly offsetMs: () => number;
  private readonly directory: string;
  private entries: QueryEntry[] = [];
  private lastId = 1000;
  private lastTransactionId = 5000;
  private readonly transactionList: TransactionEntry[] = [];
  private ended: QueryEntry[] = [];
  private pending: Promise<void> = Promise.resolve();

  constructor(directory: string, offsetMs: () => number) {
    this.directory = directory;
    this.path = join(directory, 'query-history.ndjson');
    this.offsetMs = offsetMs;
  }

  async open(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const text = await readFile(this.path, 'utf8').catch(() => '');
    // A torn last line is what a kill leaves.
    const lines = text.split('\n').slice(0, -1).slice(-ENTRIES_MAX);
    this.entries = lines.map((line) => JSON.parse(line) as QueryEntry);
    this.ended = [...this.entries];
    this.lastId = this.entries.reduce((max, entry) => Math.max(max, entry.queryId), this.lastId);
    const ended = await readFile(this.transactionPath, 'utf8').catch(() => '');
    for (const line of ended.split('\n').slice(0, -1)) this.transactionList.push(JSON.parse(line) as TransactionEntry);
    const ids = [...this.entries, ...this.transactionList].map((entry) => entry.transactionId);
    this.lastTransactionId = ids.reduce((max, id) => Math.max(max, id), this.lastTransactionId);
  }

  private get transactionPath(): string {
    return join(this.directory, 'transaction-history.ndjson');
  }

  nextTransactionId(): number {
    this.lastTransactionId += 1;
    return this.lastTransactionId;
  }

  /** Kept from its first write on. */
  keepTransaction(entry: TransactionEntry): void {
    this.transactionList.push(entry);
  }

  endTransaction(entry: TransactionEntry): void {
    const line = `${JSON.stringify(entry)}\n`;
    this.pending = this.pending.then(() => appendFile(this.transactionPath, line)).catch(() => undefined);
  }

  transactions(): readonly TransactionEntry[] {
    return this.transactionList;
  }

  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  /** Monotonic within the process, so that no waiting time is ever negative. */
  nowMicros(): number {
    return Math.round((performance.timeOrigin + performance.now() + this.offsetMs()) * 1000);
  }

  begin(entry: QueryEntry): void {
    this.entries.push(entry);
    if (this.entries.length > ENTRIES_MAX) this.entries.splice(0, this.entries.length - ENTRIES_MAX);
  }

  end(entry: QueryEntry): void {
    this.ended.push(entry);
    const line = `${JSON.stringify(entry)}\n`;
    this.pending = this.pending.then(() => appendFile(this.path, line)).catch(() => undefined);
  }

  notEndedBy(micros: number): QueryEntry[] {
    return this.entries.filter((entry) => entry.endMicros === null || entry.endMicros >= micros);
  }

  /** Older ones are forgotten. */
  firstId(): number {
    return this.entries[0]?.queryId ?? 0;
  }

  /** What has ended since this was last asked; once each. */
  takeEnded(): QueryEntry[] {
    return this.ended.splice(0);
  }

  async close(): Promise<void> {
    await this.pending;
  }
}
