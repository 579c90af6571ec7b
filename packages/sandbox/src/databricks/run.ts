import type { DuckDBConnection } from '@duckdb/node-api';
import type { Faults, LocalObjects } from '../contracts.ts';
import type { Action, CommitInfo } from '../delta/actions.ts';
import type { Transaction } from '../delta/conflicts.ts';
import type { Metastore, Table, TableId } from '../delta/metastore.ts';
import type { Snapshot } from '../delta/snapshot.ts';
import type { ExpressionScope, Source } from '../sql/index.ts';
import type { Session } from './session.ts';
import { SqlError } from './sql-error.ts';
import type { DatabricksSwitches } from './switches.ts';
import { type ResultSet, resultOf } from './values.ts';
import type { Outcome, Statement } from './warehouse.ts';

export const ENGINE_INFO = 'lakehaul-sandbox/1';

/** Everything that one statement's execution works with. */
export interface Run {
  statement: Statement;
  session: Session;
  connection: DuckDBConnection;
  metastore: Metastore;
  objects: LocalObjects;
  faults: Faults;
  switches: DatabricksSwitches;
  nowMs: number;
  parameters: NonNullable<ExpressionScope['parameters']>;
  /** Tables as this statement saw them first: all its parts read the same version. */
  seen: Map<string, { table: Table; snapshot: Snapshot }>;
  /** Staged files by source, described before the query is emitted. */
  files: Map<string, StagedFiles>;
  /** For EXPLAIN: how many of a table's files are read. */
  scans: string[];
}

export interface StagedFiles {
  paths: string[];
  columns: { name: string; duckdbType: string }[];
}

/** Two mentions of the same files are the same source. */
export function filesKey(source: Exclude<Source, { kind: 'table' }>): string {
  return JSON.stringify({ ...source, at: 0 });
}

export function tableId(run: Run, name: readonly string[]): TableId {
  const [table = '', schema = run.session.schema, catalog = run.session.catalog] = [...name].reverse();
  return { catalog, schema, table };
}

export async function needTable(run: Run, name: readonly string[]): Promise<{ table: Table; snapshot: Snapshot }> {
  const id = tableId(run, name);
  const key = [id.catalog, id.schema, id.table].join('\0').toLowerCase();
  const known = run.seen.get(key);
  if (known) return known;
  const table = await run.metastore.find(id);
  const snapshot = table?.log.snapshot();
  if (!table || !snapshot)
    throw new SqlError(
      'TABLE_OR_VIEW_NOT_FOUND',
      '42P01',
      `The table or view ${[id.catalog, id.schema, id.table].map((part) => `\`${part}\``).join('.')} cannot be found.`,
    );
  const seen = { table, snapshot };
  run.seen.set(key, seen);
  return seen;
}

/** Fault points see the statement's text. Waiting there ends at once when the statement is cancelled or times out. */
export async function faultPoint(run: Run, point: string): Promise<void> {
  const { signal, text } = run.statement;
  let leave: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    await Promise.race([run.faults.before(point, text), aborted]);
  } catch (error) {
    throw signal.aborted ? signal.reason : faultAsSqlError(error);
  } finally {
    if (leave) signal.removeEventListener('abort', leave);
  }
  signal.throwIfAborted();
}

/** A planned error inside a statement fails the statement, with the planned code. */
function faultAsSqlError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (error instanceof SqlError || typeof code !== 'string') return error;
  return new SqlError(code, code.startsWith('DELTA_CONCURRENT') ? '2D521' : 'XX000', (error as Error).message);
}

export interface CommitRequest {
  run: Run;
  table: Table;
  snapshot: Snapshot;
  point: string;
  operation: string;
  parameters: Record<string, string>;
  metrics: Record<string, string>;
  actions: readonly Action[];
  isBlindAppend: boolean;
  transaction?: Partial<Transaction>;
}

/** Appends one commit to a table after its fault points; returns the new version. */
export async function commit(request: CommitRequest): Promise<number> {
  const { run, table, snapshot } = request;
  await faultPoint(run, request.point);
  if (request.point !== 'databricks.commit') await faultPoint(run, 'databricks.commit');
  if (snapshot.version >= 0 && run.metastore.peek(table.entry) === null)
    throw new SqlError('TABLE_OR_VIEW_NOT_FOUND', '42P01', `The table ${table.entry.table} was dropped meanwhile.`);
  const isolation = snapshot.metaData.configuration['delta.isolationLevel'] ?? 'WriteSerializable';
  const transaction: Transaction = {
    readVersion: snapshot.version,
    operation: request.operation,
    isBlindAppend: request.isBlindAppend,
    readPaths: new Set(),
    removedPaths: new Set(),
    readBounds: [],
    readsAppends: true,
    columns: snapshot.columns,
    isSerializable: isolation === 'Serializable',
    copiedUrls: [],
    signal: run.statement.signal,
    build: () => [{ commitInfo: commitInfo(request) }, ...request.actions],
    ...request.transaction,
  };
  return table.log.commit(transaction);
}

export function commitInfo(request: CommitRequest): CommitInfo {
  const { run, snapshot } = request;
  return {
    timestamp: Date.now(),
    userId: '1',
    userName: run.session.user,
    operation: request.operation,
    operationParameters: request.parameters,
    ...(snapshot.version < 0 ? {} : { readVersion: snapshot.version }),
    isolationLevel: 'WriteSerializable',
    isBlindAppend: request.isBlindAppend,
    operationMetrics: request.metrics,
    engineInfo: ENGINE_INFO,
    txnId: run.statement.id,
    statementId: run.statement.id,
  };
}

const NO_RESULT = resultOf([], []);

/** DDL answers with no rows. */
export function done(result: ResultSet = NO_RESULT): Outcome {
  return { result, modifiedRows: null, rowsRead: 0n };
}

export function affected(columns: readonly [name: string, count: bigint][], modifiedRows: bigint): Outcome {
  const result = resultOf(
    columns.map(([name]) => [name, 'BIGINT'] as const),
    [columns.map(([, count]) => count)],
  );
  return { result, modifiedRows, rowsRead: 0n };
}
