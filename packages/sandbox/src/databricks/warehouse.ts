import { randomUUID } from 'node:crypto';
import { engineMessage } from '../engine.ts';
import { type Session, statementTimeoutMs } from './session.ts';
import { SqlError } from './sql-error.ts';
import type { ResultSet } from './values.ts';

export type StatementState = 'QUEUED' | 'RUNNING' | 'FINISHED' | 'FAILED' | 'CANCELED' | 'TIMEDOUT';

export interface Outcome {
  result: ResultSet;
  /** Rows that a DML statement changed; null for everything else. */
  modifiedRows: bigint | null;
  rowsRead: bigint;
}

export interface StatementParameter {
  name: string | null;
  type: string;
  value: string | null;
}

export interface Statement {
  readonly id: string;
  readonly session: Session;
  readonly text: string;
  readonly parameters: readonly StatementParameter[];
  readonly queryTags: string;
  readonly signal: AbortSignal;
  state: StatementState;
  submittedMs: number;
  startedMs: number | null;
  endedMs: number | null;
  outcome: Outcome | null;
  error: SqlError | null;
  /** Never rejects. */
  done: Promise<void>;
  cancel(): void;
}

export interface WarehouseOptions {
  /** Statements that run at once. */
  slots: number;
  /** Statements that may wait (1,000 on the real ones). */
  queueMax: number;
  nowMs(): number;
  execute(statement: Statement): Promise<Outcome>;
}

const TERMINAL_KEPT = 50_000;

/**
 * Runs statements whether or not anybody waits for them: only a cancel, the session's STATEMENT_TIMEOUT or the end of its
 * session stops one. A statement is terminal in here not before its work has really stopped, so that whoever sees it
 * terminal knows that it commits nothing any more.
 */
export class Warehouse {
  readonly #options: WarehouseOptions;
  readonly #statements = new Map<string, Statement>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: WarehouseOptions) {
    this.#options = options;
  }

  submit(request: {
    session: Session;
    text: string;
    parameters?: readonly StatementParameter[];
    queryTags?: string;
  }): Statement {
    if (this.#waiting.length >= this.#options.queueMax)
      throw new SqlError(
        'RESOURCE_EXHAUSTED',
        '53000',
        `The queue of the warehouse is full (${this.#waiting.length}).`,
      );
    const abort = new AbortController();
    const statement: Statement = {
      id: randomUUID(),
      session: request.session,
      text: request.text,
      parameters: request.parameters ?? [],
      queryTags: request.queryTags ?? request.session.settings.get('QUERY_TAGS') ?? '',
      signal: abort.signal,
      state: 'QUEUED',
      submittedMs: this.#options.nowMs(),
      startedMs: null,
      endedMs: null,
      outcome: null,
      error: null,
      done: Promise.resolve(),
      cancel: () => abort.abort(new SqlError('CANCELED', '57014', 'The statement was canceled.')),
    };
    this.#remember(statement);
    statement.done = this.#run(statement, abort);
    return statement;
  }

  find(id: string): Statement | null {
    return this.#statements.get(id) ?? null;
  }

  /** In the order of submission. */
  all(): Statement[] {
    return [...this.#statements.values()];
  }

  /** Lets go of a result that nobody can fetch any more; what the history tells of it stays. */
  dropResult(statement: Statement): void {
    if (!statement.outcome) return;
    const { rowCount } = statement.outcome.result;
    statement.outcome = { ...statement.outcome, result: { columns: [], data: [], rowCount } };
  }

  closeSession(session: Session): void {
    for (const statement of this.#statements.values()) if (statement.session === session) statement.cancel();
  }

  /** Cancels what runs or waits; resolves when nothing of it can commit any more. The warehouse takes on others at once. */
  async stop(): Promise<void> {
    const open = this.all().filter((statement) => statement.endedMs === null);
    for (const statement of open) statement.cancel();
    await Promise.all(open.map((statement) => statement.done));
  }

  async #run(statement: Statement, abort: AbortController): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let holdsSlot = false;
    try {
      await this.#acquireSlot(statement.signal);
      holdsSlot = true;
      statement.state = 'RUNNING';
      statement.startedMs = this.#options.nowMs();
      const timeoutMs = statementTimeoutMs(statement.session);
      if (timeoutMs > 0) timer = setTimeout(() => abort.abort(timedOut(timeoutMs)), Math.min(timeoutMs, 2 ** 31 - 1));
      statement.outcome = await this.#options.execute(statement);
      statement.state = 'FINISHED';
    } catch (error) {
      const cause: unknown = statement.signal.aborted ? statement.signal.reason : error;
      statement.error = asSqlError(cause);
      statement.state = stateOf(statement.error);
    } finally {
      clearTimeout(timer);
      statement.endedMs = this.#options.nowMs();
      if (holdsSlot) this.#releaseSlot();
    }
  }

  #acquireSlot(signal: AbortSignal): Promise<void> {
    if (this.#running < this.#options.slots) {
      this.#running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        const place = this.#waiting.indexOf(enter);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(enter);
    });
  }

  #releaseSlot(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }

  #remember(statement: Statement): void {
    this.#statements.set(statement.id, statement);
    if (this.#statements.size <= TERMINAL_KEPT) return;
    for (const [id, old] of this.#statements) {
      if (old.endedMs !== null) {
        this.#statements.delete(id);
        return;
      }
    }
  }
}

function timedOut(timeoutMs: number): SqlError {
  return new SqlError('STATEMENT_TIMEOUT', '57KD0', `The statement exceeded its STATEMENT_TIMEOUT of ${timeoutMs} ms.`);
}

function stateOf(error: SqlError): StatementState {
  if (error.errorClass === 'CANCELED') return 'CANCELED';
  return error.errorClass === 'STATEMENT_TIMEOUT' ? 'TIMEDOUT' : 'FAILED';
}

/** DuckDB's own words for what only the engine finds out: conversions, overflows, missing names. */
export function asSqlError(thrown: unknown): SqlError {
  if (thrown instanceof SqlError) return thrown;
  const message = engineMessage(thrown);
  const named = NAMED_ERROR.exec(message);
  if (named !== null) return new SqlError(named[1] ?? '', named[3] ?? '', named[2] ?? '');
  const known = ENGINE_ERRORS.find(({ pattern }) => pattern.test(message));
  // DuckDB shows the value that it could not read; the warehouse does not, and a value belongs in no message.
  const shown = known?.errorClass === 'FAILED_READ_FILE' ? message.replace(/: value [\s\S]*$/, '') : message;
  return new SqlError(known?.errorClass ?? 'INTERNAL_ERROR', known?.sqlState ?? 'XX000', shown);
}

/** Our own functions inside the engine say by themselves what the warehouse calls it. */
const NAMED_ERROR = /^[\w ]+ Error: \[([A-Z][A-Z_.]+)\] ([\s\S]*) SQLSTATE: (\w{5})/;

const ENGINE_ERRORS = [
  // Raised by the SQL front end's macros.
  { pattern: /not supported by the sandbox/, errorClass: 'SANDBOX_UNSUPPORTED', sqlState: '0A000' },
  { pattern: /DELTA_EXCEED_CHAR_VARCHAR_LIMIT/, errorClass: 'DELTA_EXCEED_CHAR_VARCHAR_LIMIT', sqlState: '22001' },
  // A broken Parquet file. These are all the words that 3,000 files with one changed byte drew from DuckDB 1.5; the warehouse
  // has one class for them (docs.databricks: FAILED_READ_FILE error condition).
  {
    pattern:
      /Failed to read file|to be a Parquet file|No magic bytes|TProtocolException|Out of buffer|don't know what type|Invalid string encoding found in Parquet|decompression failure|corrupt.*parquet|parquet.*corrupt/i,
    errorClass: 'FAILED_READ_FILE',
    sqlState: 'KD001',
  },
  { pattern: /invalid (input syntax|hexadecimal|JSON)/i, errorClass: 'CAST_INVALID_INPUT', sqlState: '22018' },
  { pattern: /division by zero/i, errorClass: 'DIVIDE_BY_ZERO', sqlState: '22012' },
  { pattern: /^Conversion Error.*out of range/i, errorClass: 'CAST_OVERFLOW', sqlState: '22003' },
  { pattern: /^Conversion Error/i, errorClass: 'CAST_INVALID_INPUT', sqlState: '22018' },
  { pattern: /^Out of Range Error/i, errorClass: 'ARITHMETIC_OVERFLOW', sqlState: '22003' },
  { pattern: /^Binder Error.*column/i, errorClass: 'UNRESOLVED_COLUMN', sqlState: '42703' },
  { pattern: /^Parser Error/i, errorClass: 'PARSE_SYNTAX_ERROR', sqlState: '42601' },
  { pattern: /^Catalog Error.*function/i, errorClass: 'UNRESOLVED_ROUTINE', sqlState: '42883' },
  { pattern: /^(Binder|Catalog) Error/i, errorClass: 'UNSUPPORTED_FEATURE', sqlState: '0A000' },
  { pattern: /^IO Error/i, errorClass: 'FAILED_READ_FILE', sqlState: 'KD001' },
] as const;
