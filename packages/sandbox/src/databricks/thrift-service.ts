/**
 * The TCLIService that @databricks/sql speaks, as far as the driver uses it. What the driver insists on was measured:
 * GUIDs must be RFC 4122, the page after the last row must be empty, OpenSession, ExecuteStatement and FetchResults are
 * never retried by it, and a Thrift status of ERROR loses its SQLSTATE: so failed statements are a state, not a status.
 */
import { Buffer } from 'node:buffer';
import { randomBytes, randomUUID } from 'node:crypto';
import ttypes from '@databricks/sql/thrift/TCLIService_types.js';
import Int64 from 'node-int64';
import type { Faults } from '../contracts.ts';
import { FaultError } from '../faults.ts';
import { arrowSchemaBytes } from './arrow-batches.ts';
import { newSettings, type Session } from './session.ts';
import { SqlError } from './sql-error.ts';
import { rowSet, tableSchema } from './thrift-results.ts';
import { resultOf } from './values.ts';
import { asSqlError, type Statement, type Warehouse } from './warehouse.ts';

/** How long ExecuteStatement itself waits for a result before it answers with a running operation. */
const DIRECT_RESULTS_WAIT_MS = 5_000;
/**
 * How long GetOperationStatus waits for the end of a statement: half a second more with every ten seconds that it runs. So
 * does the service that this protocol comes from (apache/hive and apache/spark, CLIService.getOperationStatus, long polling).
 */
const STATUS_WAIT_MS = 500;
const STATUS_WAIT_STEP_MS = 10_000;
const STATUS_WAIT_MAX_MS = 5_000;
const PAGE_ROWS = 100_000;
const EMPTY = resultOf([], []);

interface Operation {
  statement: Statement;
  asArrow: boolean;
  nextRow: number;
}

export interface ThriftServiceOptions {
  warehouse: Warehouse;
  faults: Faults;
  user: string;
  /** Where sessions begin that name no catalog or schema. */
  catalog: string;
  schema: string;
  isRunning: () => boolean;
}

type Request = Record<string, unknown>;

/** One instance serves all connections of a warehouse; `call` is one Thrift method with its decoded request. */
export class ThriftService {
  readonly #options: ThriftServiceOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #operations = new Map<string, Operation>();

  constructor(options: ThriftServiceOptions) {
    this.#options = options;
  }

  /** What the warehouse kept in memory is gone; who still holds a handle is told so. */
  forget(): void {
    this.#sessions.clear();
    this.#operations.clear();
  }

  async OpenSession(request: InstanceType<typeof ttypes.TOpenSessionReq>): Promise<object> {
    await this.#options.faults.before('databricks.OpenSession');
    try {
      const session: Session = {
        id: randomUUID(),
        user: this.#options.user,
        catalog: request.initialNamespace?.catalogName ?? this.#options.catalog,
        schema: request.initialNamespace?.schemaName ?? this.#options.schema,
        settings: newSettings(request.configuration ?? {}),
      };
      this.#sessions.set(session.id, session);
      return new ttypes.TOpenSessionResp({
        status: success(),
        serverProtocolVersion: ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8,
        sessionHandle: new ttypes.TSessionHandle({ sessionId: handleOf(session.id) }),
        initialNamespace: new ttypes.TNamespace({ catalogName: session.catalog, schemaName: session.schema }),
        canUseMultipleCatalogs: true,
      });
    } catch (error) {
      return new ttypes.TOpenSessionResp({
        status: failure(error),
        serverProtocolVersion: ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8,
      });
    }
  }

  async CloseSession(request: InstanceType<typeof ttypes.TCloseSessionReq>): Promise<object> {
    const session = this.#session(request);
    if (session) {
      this.#options.warehouse.closeSession(session);
      this.#sessions.delete(session.id);
    }
    return new ttypes.TCloseSessionResp({ status: session ? success() : invalidHandle('session') });
  }

  async GetInfo(request: InstanceType<typeof ttypes.TGetInfoReq>): Promise<object> {
    const stringValue = request.infoType === ttypes.TGetInfoType.CLI_DBMS_VER ? '3.1.1' : 'Spark SQL';
    return new ttypes.TGetInfoResp({ status: success(), infoValue: new ttypes.TGetInfoValue({ stringValue }) });
  }

  async ExecuteStatement(request: InstanceType<typeof ttypes.TExecuteStatementReq>): Promise<object> {
    if (!this.#options.isRunning()) throw warehouseStopped();
    const session = this.#session(request);
    if (!session) return new ttypes.TExecuteStatementResp({ status: invalidHandle('session') });
    const text = String(request.statement);
    const hit = await this.#options.faults.before('databricks.ExecuteStatement', text);
    let statement: Statement;
    try {
      const queryTags = request.confOverlay?.['query_tags'];
      statement = this.#options.warehouse.submit({
        session,
        text,
        parameters: (request.parameters ?? []).map((parameter) => ({
          name: parameter.name ?? null,
          type: parameter.type ?? 'STRING',
          value: parameter.value?.stringValue ?? null,
        })),
        ...(queryTags === undefined ? {} : { queryTags }),
      });
    } catch (error) {
      return new ttypes.TExecuteStatementResp({ status: failure(error) });
    }
    const operation: Operation = { statement, asArrow: request.canReadArrowResult === true, nextRow: 0 };
    this.#operations.set(statement.id, operation);
    if (request.getDirectResults) await settledWithin(statement.done, DIRECT_RESULTS_WAIT_MS);
    if (this.#options.faults.losesAnswer(hit)) {
      await statement.done;
      throw new AnswerLost();
    }
    return new ttypes.TExecuteStatementResp({
      status: success(),
      operationHandle: new ttypes.TOperationHandle({
        operationId: handleOf(statement.id),
        operationType: ttypes.TOperationType.EXECUTE_STATEMENT,
        hasResultSet: true,
      }),
      ...(request.getDirectResults ? { directResults: this.#directResults(operation) } : {}),
    });
  }

  async GetOperationStatus(request: InstanceType<typeof ttypes.TGetOperationStatusReq>): Promise<object> {
    await this.#options.faults.before('databricks.GetOperationStatus');
    const operation = this.#operation(request);
    if (!operation) return new ttypes.TGetOperationStatusResp({ status: invalidHandle('operation') });
    const { statement } = operation;
    const steps = Math.floor((Date.now() - statement.submittedMs) / STATUS_WAIT_STEP_MS) + 1;
    await settledWithin(statement.done, Math.min(STATUS_WAIT_MAX_MS, steps * STATUS_WAIT_MS));
    return operationStatus(statement);
  }

  async GetResultSetMetadata(request: InstanceType<typeof ttypes.TGetResultSetMetadataReq>): Promise<object> {
    const operation = this.#operation(request);
    if (!operation?.statement.outcome)
      return new ttypes.TGetResultSetMetadataResp({ status: invalidHandle('operation') });
    return resultMetadata(operation);
  }

  async FetchResults(request: InstanceType<typeof ttypes.TFetchResultsReq>): Promise<object> {
    await this.#options.faults.before('databricks.FetchResults');
    const operation = this.#operation(request);
    if (!operation?.statement.outcome) return new ttypes.TFetchResultsResp({ status: invalidHandle('operation') });
    if (request.orientation === ttypes.TFetchOrientation.FETCH_FIRST) operation.nextRow = 0;
    return nextPage(operation, Number(request.maxRows?.toNumber(true) ?? PAGE_ROWS));
  }

  async CancelOperation(request: InstanceType<typeof ttypes.TCancelOperationReq>): Promise<object> {
    const operation = this.#operation(request);
    operation?.statement.cancel();
    return new ttypes.TCancelOperationResp({ status: operation ? success() : invalidHandle('operation') });
  }

  /** Closing is what ends a statement that still runs; a client that just goes away does not. */
  async CloseOperation(request: InstanceType<typeof ttypes.TCloseOperationReq>): Promise<object> {
    const operation = this.#operation(request);
    if (operation) {
      operation.statement.cancel();
      this.#operations.delete(operation.statement.id);
      this.#options.warehouse.dropResult(operation.statement);
    }
    return new ttypes.TCloseOperationResp({ status: operation ? success() : invalidHandle('operation') });
  }

  #directResults(operation: Operation): InstanceType<typeof ttypes.TSparkDirectResults> {
    const { statement } = operation;
    const parts: Request = { operationStatus: operationStatus(statement) };
    if (statement.outcome) {
      parts['resultSetMetadata'] = resultMetadata(operation);
      parts['resultSet'] = nextPage(operation, PAGE_ROWS);
      if (operation.nextRow >= statement.outcome.result.rowCount) {
        // Everything is in this answer, so the server closes the operation itself.
        this.#operations.delete(statement.id);
        this.#options.warehouse.dropResult(statement);
        parts['closeOperation'] = new ttypes.TCloseOperationResp({ status: success() });
      }
    }
    return new ttypes.TSparkDirectResults(parts as never);
  }

  #session(request: { sessionHandle?: { sessionId?: { guid?: unknown } } }): Session | null {
    return this.#sessions.get(idOf(request.sessionHandle?.sessionId?.guid)) ?? null;
  }

  #operation(request: { operationHandle?: { operationId?: { guid?: unknown } } }): Operation | null {
    return this.#operations.get(idOf(request.operationHandle?.operationId?.guid)) ?? null;
  }
}

/**
 * OpenSession is accepted while a warehouse is stopped or starts; what is asked in the session is answered by 503 without
 * a Retry-After (trinodb/trino#16934 and #29376, lightdash/lightdash#28654). It did nothing.
 */
function warehouseStopped(): FaultError {
  return new FaultError('error', 'TEMPORARILY_UNAVAILABLE', {
    status: 503,
    message: 'TEMPORARILY_UNAVAILABLE: the SQL warehouse is stopped or starting.',
  });
}

/** The work is done and the connection is to be cut instead of an answer. */
export class AnswerLost extends Error {}

function operationStatus(statement: Statement): InstanceType<typeof ttypes.TGetOperationStatusResp> {
  const states = {
    QUEUED: ttypes.TOperationState.PENDING_STATE,
    RUNNING: ttypes.TOperationState.RUNNING_STATE,
    FINISHED: ttypes.TOperationState.FINISHED_STATE,
    FAILED: ttypes.TOperationState.ERROR_STATE,
    CANCELED: ttypes.TOperationState.CANCELED_STATE,
    TIMEDOUT: ttypes.TOperationState.TIMEDOUT_STATE,
  };
  const { error, outcome } = statement;
  return new ttypes.TGetOperationStatusResp({
    status: success(),
    operationState: states[statement.state],
    operationStarted: new Int64(statement.submittedMs),
    hasResultSet: true,
    ...(statement.endedMs === null ? {} : { operationCompleted: new Int64(statement.endedMs) }),
    ...(outcome?.modifiedRows == null ? {} : { numModifiedRows: new Int64(outcome.modifiedRows.toString(16)) }),
    ...(error ? { sqlState: error.sqlState, errorMessage: error.message, displayMessage: error.message } : {}),
  });
}

function resultMetadata(operation: Operation): InstanceType<typeof ttypes.TGetResultSetMetadataResp> {
  const result = operation.statement.outcome?.result ?? EMPTY;
  const format = operation.asArrow ? ttypes.TSparkRowSetType.ARROW_BASED_SET : ttypes.TSparkRowSetType.COLUMN_BASED_SET;
  return new ttypes.TGetResultSetMetadataResp({
    status: success(),
    schema: tableSchema(result) as never,
    resultFormat: format,
    lz4Compressed: false,
    ...(operation.asArrow ? { arrowSchema: arrowSchemaBytes(result.columns) } : {}),
  });
}

function nextPage(operation: Operation, maxRows: number): InstanceType<typeof ttypes.TFetchResultsResp> {
  const result = operation.statement.outcome?.result ?? EMPTY;
  const from = Math.min(operation.nextRow, result.rowCount);
  const to = Math.min(result.rowCount, from + Math.max(1, Math.min(maxRows, PAGE_ROWS)));
  operation.nextRow = to;
  return new ttypes.TFetchResultsResp({
    status: success(),
    hasMoreRows: to < result.rowCount,
    results: rowSet(result, from, to, operation.asArrow) as never,
  });
}

function success(): InstanceType<typeof ttypes.TStatus> {
  return new ttypes.TStatus({ statusCode: ttypes.TStatusCode.SUCCESS_STATUS });
}

function failure(error: unknown): InstanceType<typeof ttypes.TStatus> {
  const { sqlState, message } = asSqlError(error);
  return new ttypes.TStatus({
    statusCode: ttypes.TStatusCode.ERROR_STATUS,
    sqlState,
    errorMessage: message,
    displayMessage: message,
  });
}

function invalidHandle(what: string): InstanceType<typeof ttypes.TStatus> {
  const error = new SqlError('INVALID_HANDLE', 'HY000', `The ${what} handle is not known; it was closed or expired.`);
  return new ttypes.TStatus({
    statusCode: ttypes.TStatusCode.INVALID_HANDLE_STATUS,
    errorMessage: error.message,
    displayMessage: error.message,
  });
}

function handleOf(id: string): InstanceType<typeof ttypes.THandleIdentifier> {
  return new ttypes.THandleIdentifier({ guid: Buffer.from(id.replaceAll('-', ''), 'hex'), secret: randomBytes(16) });
}

function idOf(guid: unknown): string {
  const hex = Buffer.isBuffer(guid) ? guid.toString('hex') : '';
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

async function settledWithin(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
