import type { DuckDBConnection } from '@duckdb/node-api';
import type { Faults, LocalObjects } from '../contracts.ts';
import { type Catalogue, OWN_SCHEMA } from './catalogue.ts';
import type { QueryHistory } from './query-history.ts';
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

let lastTransactionId = 5000;

/** One database session: its settings and its transaction on one engine connection. */
export class Session {
  readonly connection: DuckDBConnection;
  readonly options: SessionOptions;
  transactionId = 0;
  queryId = 0;
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
    lastTransactionId += 1;
    this.transactionId = lastTransactionId;
    await this.connection.run('BEGIN TRANSACTION');
    this.isOpen = true;
  }

  async commit(): Promise<void> {
    this.isOpen = false;
    await this.connection.run('COMMIT');
  }

  async rollback(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    // A failed statement may have ended the engine's transaction already.
    await this.connection.run('ROLLBACK').catch(() => undefined);
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
