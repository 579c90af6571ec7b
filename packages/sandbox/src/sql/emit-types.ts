/** What the emitter asks of the warehouse that it works for, and what it gives back. */
import type { Conjunct, Dialect, Source } from './ast.ts';
import type { ColumnInfo, SqlType } from './sql-type.ts';

export interface ResolvedSource {
  /** Text to put behind FROM: a quoted table name, read_parquet([...]) or a sub-query in parentheses. */
  duckdbSql: string;
  columns: ColumnInfo[];
  /** Name for references `name.column` when the statement gives no alias. Default: the last part of the table's name. */
  name?: string;
}

export interface Catalog {
  /**
   * Answers at once: what needs I/O is loaded before, with referencedSources(). `conjuncts` hold for every row that the
   * statement needs of this source, so files that cannot match may be left out. Throws the warehouse's own
   * "not found" error.
   */
  resolve(source: Source, conjuncts: readonly Conjunct[]): ResolvedSource;
}

export interface EmittedExpression {
  sql: string;
  type: SqlType;
}

export interface EmittedQuery {
  sql: string;
  columns: ColumnInfo[];
}

/**
 * Functions that only the warehouse can answer (current_user, pg_backend_pid, version …). Gets emitted arguments and
 * returns null when it does not know the function with these arguments.
 */
export type ExtraFunction = (name: string, args: readonly EmittedExpression[]) => EmittedExpression | null;

export interface EmitOptions {
  dialect: Dialect;
  catalog: Catalog;
  /** Values of named parameters `:x`, emitted as literals of their type. */
  parameters?: Record<string, { type: SqlType; value: string | null }>;
  extraFunction?: ExtraFunction;
  /** Session settings that change results. */
  timeZone?: string;
  /** Databricks ANSI_MODE; default true. With false, everything that would behave differently is refused. */
  ansiMode?: boolean;
  /** Redshift: whether `||` refuses a result longer than any VARCHAR; default false. */
  refusesLongText?: boolean;
  /** What now(), GETDATE, current_date mean: the statement's start. Microseconds since the epoch; default: DuckDB's own. */
  nowMicros?: bigint;
  /** What SYSDATE means: the transaction's start. */
  transactionMicros?: bigint;
}

/** A predicate or value over one table, for UPDATE, DELETE and REPLACE WHERE. */
export interface ExpressionScope extends EmitOptions {
  columns: readonly ColumnInfo[];
  /** Qualifier that columns may carry. */
  name?: string;
}
