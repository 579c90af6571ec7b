import type { DuckDBConnection } from '@duckdb/node-api';
import type { Faults, LocalObjects } from '../contracts.ts';
import { type Catalogue, OWN_SCHEMA } from './catalogue.ts';
import type { EndedQueries } from './ended-queries.ts';
import type { QueryEntry, QueryHistory, TransactionEntry, WriteStep } from './query-history.ts';
import { quoteLiteral } from './quote.ts';
import { DatabaseError } from './service-error.ts';
import type { StatementRecord } from './statement-store.ts';
import type { RedshiftSwitches } from './switches.ts';

export interface SessionOptions {
  connection: DuckDBConnection;
  record: StatementRecord;
  objects: LocalObjects;
  faults: Faults;
  history: QueryHistory;
  endedQueries: EndedQueries;
  catalogue: Catalogue;
  switches: RedshiftSwitches;
}

/** Settings that a session may change, with their defaults. Others are an error, as in Redshift. */
const DEFAULTS: Readonly<Record<string, string>> = {
  application_name: '',
  datestyle: 'ISO, MDY',
  enable_case_sensitive_identifier: 'false',
  enable_case_sensitive_super_attribute: 'false',
  enable_result_cache_for_session: 'true',
  extra_float_digits: '0',
  query_group: 'default',
  search_path: '$user, public',
  statement_timeout: '0',
  timezone: 'UTC',
  wlm_query_slot_count: '1',
};

/** One database session: its settings and its transaction on one engine connection. */
export class Session {
  readonly connection: DuckDBConnection;
  readonly options: SessionOptions;
  transactionId = 0;
  /** SYSDATE: the transaction's start, before its snapshot. */
  transactionMicros = 0;
  queryId = 0;
  /** The running statement; null in bulk loads that go past the protocol. */
  entry: QueryEntry | null = null;
  private transaction: TransactionEntry | null = null;
  private readonly settings = new Map<string, string>();
  private isOpen = false;

  constructor(options: SessionOptions) {
    this.options = options;
    this.connection = options.connection;
  }

  get user(): string {
    return this.options.record.dbUser;
  }

  get database(): string {
    return this.options.switches.database;
  }

  /** Puts the macros that emitted SQL calls on the search path; every table is named in full. */
  async open(): Promise<void> {
    await this.connection.run(`USE ${OWN_SCHEMA}`);
  }

  /** Cheap: the engine takes the snapshot when the transaction first touches the database. */
  async begin(): Promise<void> {
    const { history, record } = this.options;
    this.transactionId = history.nextTransactionId();
    this.transactionMicros = history.nowMicros();
    this.transaction = {
      transactionId: this.transactionId,
      sessionId: record.pid,
      userName: record.dbUser,
      status: 'open',
      startMicros: this.transactionMicros,
      commitStartMicros: null,
      endMicros: null,
      tableIds: [],
    };
    await this.connection.run('BEGIN TRANSACTION');
    this.isOpen = true;
  }

  async commit(): Promise<void> {
    this.isOpen = false;
    const commitStartMicros = this.options.history.nowMicros();
    await this.connection.run('COMMIT');
    this.endTransaction('committed', commitStartMicros);
  }

  async rollback(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    // A failed statement may have ended the engine's transaction already.
    await this.connection.run('ROLLBACK').catch(() => undefined);
    this.endTransaction('rolledback', null);
  }

  /** The system views tell what was written, by which statement and in which transaction. */
  noteWrite(step: WriteStep): void {
    this.entry?.steps?.push(step);
    this.noteLock(step.tableId);
  }

  noteLock(tableId: number): void {
    const { transaction } = this;
    if (transaction === null) return;
    if (transaction.tableIds.length === 0) this.options.history.keepTransaction(transaction);
    if (!transaction.tableIds.includes(tableId)) transaction.tableIds.push(tableId);
  }

  private endTransaction(status: 'committed' | 'rolledback', commitStartMicros: number | null): void {
    const { transaction } = this;
    this.transaction = null;
    if (transaction === null) return;
    Object.assign(transaction, { status, commitStartMicros, endMicros: this.options.history.nowMicros() });
    if (transaction.tableIds.length > 0) this.options.history.endTransaction(transaction);
  }

  setting(name: string): string | undefined {
    return this.settings.get(name) ?? DEFAULTS[name];
  }

  get isCaseSensitive(): boolean {
    return /^(true|on|1)$/i.test(this.setting('enable_case_sensitive_identifier') ?? '');
  }

  /** Schemas that unqualified names are looked up in. */
  get searchPath(): string[] {
    return (this.setting('search_path') ?? '')
      .split(',')
      .map((part) => part.trim().replaceAll(/^["']|["']$/g, ''))
      .filter((part) => part !== '' && part !== '$user');
  }

  async set(key: string, value: string | null): Promise<void> {
    const name = key.toLowerCase().replace(/^time zone$/, 'timezone');
    if (!(name in DEFAULTS)) throw new DatabaseError(`unrecognized configuration parameter "${name}"`);
    const wanted = value === null || /^default$/i.test(value) ? (DEFAULTS[name] as string) : value;
    if (name === 'timezone') await this.connection.run(`SET TimeZone = ${quoteLiteral(wanted)}`);
    this.settings.set(name, wanted);
  }
}
