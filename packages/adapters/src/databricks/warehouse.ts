import { DBSQLClient } from '@databricks/sql';
import { LakehaulError, must } from '@lakehaul/core';
import { isSessionLost, translateDatabricksError } from './errors.ts';
import type { DatabricksDeps, DatabricksOptions } from './options.ts';
import type { Workspace } from './rest.ts';
import { SessionPool } from './session-pool.ts';

type DriverSession = Awaited<ReturnType<DBSQLClient['openSession']>>;
type DriverOperation = Awaited<ReturnType<DriverSession['executeStatement']>>;

export type Row = Readonly<Record<string, unknown>>;

export interface Answer {
  statementId: string;
  rows: Row[];
}

/** A warehouse that was stopped meanwhile has forgotten its sessions, and a write is sent once. */
const PROBE_IDLE_MS = 2_000;

/** Beyond the engine's own time-out, for queueing at the warehouse and for the answer's way back. */
const ANSWER_SLACK_MS = 120_000;

/**
 * One driver client with a pool of sessions. Reads are repeated by `outside`; a write is sent once, and when its answer
 * is lost that is said (ANSWER_LOST), so that the caller finds out by the rows.
 */
export class Warehouse {
  readonly #options: DatabricksOptions;
  readonly #deps: DatabricksDeps;
  readonly #workspace: Workspace;
  readonly #ca: string | null;
  readonly #pool: SessionPool<DriverSession>;
  #client: Promise<DBSQLClient> | null = null;
  /** Writes that go on although nobody waits for them any more. */
  readonly #left = new Set<Promise<unknown>>();

  constructor(options: DatabricksOptions, deps: DatabricksDeps, workspace: Workspace, ca: string | null) {
    this.#options = options;
    this.#deps = deps;
    this.#workspace = workspace;
    this.#ca = ca;
    this.#pool = new SessionPool((timeoutSeconds) => this.#openSession(timeoutSeconds), deps.clock);
  }

  read(sql: string, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<Answer> {
    const timeoutMs = options.timeoutMs ?? this.#options.statements.targetTimeoutMs;
    return this.#deps.outside(
      'databricks.read',
      (signal) => this.#inSession(timeoutMs, (session) => this.#runRead(session, sql, signal)),
      {
        isIdempotent: true,
        timeoutMs: timeoutMs + ANSWER_SLACK_MS,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
  }

  /** `sendBeforeMs`: past it on this process's clock nothing is sent any more. */
  write(sql: string, options: { timeoutMs?: number; sendBeforeMs?: number } = {}): Promise<Answer> {
    const timeoutMs = options.timeoutMs ?? this.#options.statements.targetTimeoutMs;
    const { sendBeforeMs = Number.POSITIVE_INFINITY } = options;
    // Once, whatever becomes of it: the fence takes one ended statement for the end of its submission.
    const send = (session: DriverSession): Promise<Answer> => this.#runWrite(session, sql, sendBeforeMs);
    return this.#deps.outside('databricks.write', () => this.#leave(this.#inSession(timeoutMs, send, PROBE_IDLE_MS)), {
      timeoutMs: timeoutMs + ANSWER_SLACK_MS,
    });
  }

  /** Closing a session would cancel what runs in it, so only idle ones are closed while a write goes on. */
  async close(): Promise<void> {
    await this.#pool.close();
    if (this.#left.size > 0 || this.#client === null) return;
    const client = await this.#client.catch(() => null);
    await client?.close().catch(() => undefined);
    this.#client = null;
  }

  #leave<T>(running: Promise<T>): Promise<T> {
    this.#left.add(running);
    const over = (): void => void this.#left.delete(running);
    running.then(over, over);
    return running;
  }

  /** A session that was idle for `probeIdleMs` is asked first whether it lives. */
  async #inSession<T>(
    timeoutMs: number,
    work: (session: DriverSession) => Promise<T>,
    probeIdleMs = Number.POSITIVE_INFINITY,
  ): Promise<T> {
    const timeoutSeconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    const isAlive = (session: DriverSession): Promise<boolean> =>
      session
        .executeStatement('SELECT 1')
        .then(fetchAll)
        .then(
          () => true,
          () => false,
        );
    const session = await this.#pool.take(timeoutSeconds, { probeIdleMs, isAlive });
    try {
      const result = await work(session);
      this.#pool.give(session, timeoutSeconds);
      return result;
    } catch (error) {
      this.#pool.drop(session);
      if (error instanceof LakehaulError && isSessionLost(error.cause)) this.#pool.dropIdle();
      throw error;
    }
  }

  async #runRead(session: DriverSession, sql: string, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    try {
      const operation = await session.executeStatement(sql);
      const cancel = (): void => void operation.cancel().catch(() => undefined);
      signal.addEventListener('abort', cancel, { once: true });
      if (signal.aborted) cancel();
      try {
        return await fetchAll(operation);
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    } catch (error) {
      signal.throwIfAborted();
      const translated = translateDatabricksError(error, 'statement');
      // A read changes nothing: whatever became of it, it may simply be asked again.
      if (translated.code === 'ANSWER_LOST' || isSessionLost(error))
        throw new LakehaulError('UNAVAILABLE', translated.message, { cause: error });
      throw translated;
    }
  }

  async #runWrite(session: DriverSession, sql: string, sendBeforeMs: number): Promise<Answer> {
    // The fence gives a submission up by its age; a statement sent long after it was recorded would outlive that.
    // Nothing is awaited between this look at the clock and the sending: a session may take long to open, and a process
    // may be suspended for an hour between the receipt and here.
    const lateMs = this.#deps.clock.nowMs() - sendBeforeMs;
    if (lateMs > 0)
      throw new LakehaulError(
        'UNREACHABLE',
        `the load could not be sent in time (${Math.round(lateMs)} ms late); nothing was sent`,
      );
    try {
      return await fetchAll(await session.executeStatement(sql));
    } catch (error) {
      const translated = translateDatabricksError(error, 'statement');
      if (isSessionLost(error)) throw new LakehaulError('ANSWER_LOST', translated.message, { cause: error });
      throw translated;
    }
  }

  #openSession(timeoutSeconds: number): Promise<DriverSession> {
    return this.#deps.outside(
      'databricks.OpenSession',
      async () => {
        try {
          const client = await this.#connect();
          return await client.openSession({
            initialCatalog: this.#options.catalog,
            configuration: {
              TIMEZONE: 'UTC',
              ANSI_MODE: 'true',
              USE_CACHED_RESULT: 'false',
              STATEMENT_TIMEOUT: String(timeoutSeconds),
            },
          });
        } catch (error) {
          const translated = translateDatabricksError(error, 'open session');
          // A session more or less: asking again is safe, whatever became of the first.
          if (translated.code === 'ANSWER_LOST')
            throw new LakehaulError('UNAVAILABLE', translated.message, { cause: error });
          throw translated;
        }
      },
      { isIdempotent: true, timeoutMs: 120_000 },
    );
  }

  #connect(): Promise<DBSQLClient> {
    this.#client ??= this.#openClient().catch((error: unknown) => {
      this.#client = null;
      throw error;
    });
    return this.#client;
  }

  async #openClient(): Promise<DBSQLClient> {
    const { log } = this.#deps;
    // Messages of the driver may hold parts of statements, hence no level above debug.
    const client = new DBSQLClient({ logger: { log: (level, message) => log.debug('driver', { level, message }) } });
    const { auth } = this.#options;
    await client.connect({
      host: this.#options.host,
      ...(this.#options.port === undefined ? {} : { port: this.#options.port }),
      path: this.#options.httpPath,
      userAgentEntry: 'lakehaul',
      checkServerCertificate: true,
      telemetryEnabled: false,
      preserveBigNumericPrecision: true,
      ...(this.#ca === null ? {} : { customCaCert: this.#ca }),
      ...(auth.kind === 'token'
        ? { token: auth.token.reveal() }
        : { authType: 'external-token' as const, getToken: () => this.#workspace.token() }),
    });
    client.on('error', (error: unknown) => log.warn('driver', { message: String(error) }));
    return client;
  }
}

async function fetchAll(operation: DriverOperation): Promise<Answer> {
  const rows = (await operation.fetchAll()) as Row[];
  // Results that came at once are closed by the server already; the others must not pile up there.
  await operation.close().catch(() => undefined);
  return { statementId: operation.id, rows };
}

/** A cell as text; statements cast what they select, and what the engine's own commands answer is small. */
export function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new LakehaulError('INTERNAL', 'a number in a result is not cast to text: its digits may be lost');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function mustText(row: Row | undefined, column: string): string {
  return must(cellText(row?.[column]), `column ${column} of a result`);
}
