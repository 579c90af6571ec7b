import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Engine } from '../contracts.ts';
import type { Catalogue } from './catalogue.ts';
import type { Executor } from './executor.ts';
import { describeTable, listDatabases, listSchemas, listTables } from './list-catalogue.ts';
import { bindParameters, type SqlParameter } from './parameters.ts';
import { type ResultColumn, readResultPage } from './results.ts';
import { invalid, notFound, ServiceError } from './service-error.ts';
import {
  isTerminal,
  type StatementRecord,
  type StatementState,
  type StatementStore,
  type SubStatement,
} from './statement-store.ts';
import { describeRecord, describeSub, describeTarget, listed, submitted } from './statement-view.ts';
import type { RedshiftSwitches } from './switches.ts';
import { readTarget } from './target.ts';

export type OperationInput = Record<string, unknown>;

/** An answer that is JSON text already, because its numbers are longer than JavaScript's. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export interface OperationContext {
  store: StatementStore;
  executor: Executor;
  switches: RedshiftSwitches;
  engine: Engine;
  catalogue: Catalogue;
}

type Operation = (context: OperationContext, input: OperationInput) => Promise<object>;

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ExecuteStatement: (context, input) => execute(context, input, false),
  BatchExecuteStatement: (context, input) => execute(context, input, true),
  DescribeStatement: describe,
  GetStatementResult: (context, input) => getResult(context, input, 'JSON'),
  GetStatementResultV2: (context, input) => getResult(context, input, 'CSV'),
  CancelStatement: cancel,
  ListStatements: listStatements,
  ListDatabases: listDatabases,
  ListSchemas: listSchemas,
  ListTables: listTables,
  DescribeTable: describeTable,
};

const WAIT_SECONDS_MAX = 30;
const ID = /^([a-z0-9]{8}(?:-[a-z0-9]{4}){3}-[a-z0-9]{12})(?::(\d+))?$/;

async function execute(context: OperationContext, input: OperationInput, isBatch: boolean): Promise<object> {
  const { store, executor, switches } = context;
  const waitMs = readWaitMs(input);
  const record = readStatement(context, input, isBatch);
  const earlier = record.clientToken === null ? null : store.byToken(record.clientToken);
  if (earlier) {
    if (earlier.bodyDigest !== record.bodyDigest && switches.tokenWithOtherBody === 'reject')
      throw invalid('The client token was used before with other parameters.');
    await store.waitForEnd(earlier.id, waitMs);
    return submitted(store.get(earlier.id));
  }
  if (store.activeCount() >= switches.activeStatementsMax)
    throw new ServiceError(
      'ActiveStatementsExceededException',
      `Active statements exceeded the allowed quota (${switches.activeStatementsMax}).`,
    );
  await store.save(record);
  executor.start(record);
  await store.waitForEnd(record.id, waitMs);
  return submitted(store.get(record.id));
}

function readStatement(context: OperationContext, input: OperationInput, isBatch: boolean): StatementRecord {
  const { store, switches } = context;
  const target = readTarget(input, switches);
  const texts = isBatch ? readTexts(input['Sqls'], switches.batchStatementsMax) : [readText(input['Sql'])];
  if (input['SessionId'] !== undefined || input['SessionKeepAliveSeconds'] !== undefined)
    throw invalid('Sessions are not supported by the sandbox.');
  const parameters = (input['Parameters'] ?? []) as SqlParameter[];
  const sqls = bindParameters(texts, parameters);
  for (const sql of sqls)
    if (Buffer.byteLength(sql) > switches.statementBytesMax)
      throw invalid(`Cannot process query string larger than ${Math.floor(switches.statementBytesMax / 1000)}kB`);
  const nowMs = store.nowMs();
  const sub = (sql: string): SubStatement => ({
    ...{ sql, status: 'SUBMITTED', error: null, createdAtMs: nowMs, updatedAtMs: nowMs, durationMs: 0 },
    ...{ queryId: 0, resultRows: -1, resultSizeBytes: -1, hasResultSet: false },
  });
  const { ClientToken: token, WaitTimeSeconds: _wait, ...body } = input;
  return {
    id: randomUUID(),
    statementName: optionalText(input['StatementName']),
    clientToken: optionalText(token),
    bodyDigest: createHash('sha256').update(JSON.stringify(body)).digest('hex'),
    isBatch,
    executionMode: input['ExecutionMode'] === 'AUTO_COMMIT' ? 'AUTO_COMMIT' : 'TRANSACTION',
    resultFormat: input['ResultFormat'] === 'CSV' ? 'CSV' : 'JSON',
    parameters,
    ...target,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    status: 'SUBMITTED',
    error: null,
    pid: 0,
    subs: sqls.map(sub),
  };
}

async function describe(context: OperationContext, input: OperationInput): Promise<object> {
  const waitMs = readWaitMs(input);
  const { record } = findStatement(context, input);
  await waitLimited(context, record, waitMs);
  const found = findStatement(context, input);
  const sub = found.index === null ? null : (found.record.subs[found.index] as SubStatement);
  return sub
    ? { ...describeTarget(found.record), ...describeSub(found.record, sub, `${record.id}:${(found.index ?? 0) + 1}`) }
    : describeRecord(found.record);
}

async function getResult(context: OperationContext, input: OperationInput, format: 'JSON' | 'CSV'): Promise<object> {
  const waitMs = readWaitMs(input);
  await waitLimited(context, findStatement(context, input).record, waitMs);
  const { record, index } = findStatement(context, input);
  const id = String(input['Id']);
  // Without a number a batch answers with its last statement that has a result.
  const position = index ?? record.subs.findLastIndex((each) => each.hasResultSet);
  const sub = record.subs[position];
  if (!sub?.hasResultSet || record.status !== 'FINISHED')
    throw notFound('Query does not have result. Please check query status with DescribeStatement.', id);
  if (context.store.isResultExpired(record)) throw notFound('Query result is expired.', id);
  if (record.resultFormat !== format)
    throw invalid(
      `The result of this statement is in ${record.resultFormat} format; use ${format === 'CSV' ? 'GetStatementResult' : 'GetStatementResultV2'}.`,
    );
  const offset = input['NextToken'] === undefined ? 0 : readToken(input['NextToken']);
  const path = join(context.store.resultDirectory, `${record.id}-${position + 1}`);
  const page = await readResultPage(path, offset, context.switches.resultPageRows);
  const next = page.nextOffset === null ? '' : `,"NextToken":${JSON.stringify(writeToken(page.nextOffset))}`;
  const records = format === 'JSON' ? `[${page.rows.join(',')}]` : csvRecords(page, offset);
  return new RawJson(
    `{"Records":${records},"ColumnMetadata":${page.columns},"TotalNumRows":${sub.resultRows},"ResultFormat":"${format}"${next}}`,
  );
}

/** The first page begins with the header line. */
function csvRecords(page: { columns: string; rows: string[] }, offset: number): string {
  const header = (JSON.parse(page.columns) as ResultColumn[]).map((column) => column.name).join(',');
  const lines = [...(offset === 0 ? [header] : []), ...page.rows.map((row) => JSON.parse(row) as string)];
  return JSON.stringify([{ CSVRecords: `${lines.join('\r\n')}\r\n` }]);
}

async function cancel(context: OperationContext, input: OperationInput): Promise<object> {
  const { record } = findStatement(context, input);
  if (isTerminal(record.status))
    throw invalid(`Could not cancel a query that is already in ${record.status} state with ID: ${record.id}`);
  context.executor.cancel(record.id);
  return { Status: true };
}

async function listStatements(context: OperationContext, input: OperationInput): Promise<object> {
  const name = optionalText(input['StatementName']);
  // Documented default: only finished statements are shown.
  const status = (optionalText(input['Status']) ?? 'FINISHED') as StatementState | 'ALL';
  const max = Number(input['MaxResults'] ?? 100);
  if (!(max >= 0 && max <= 100)) throw invalid('MaxResults must be between 0 and 100.');
  const matching = context.store
    .all()
    .filter((record) => status === 'ALL' || record.status === status)
    .filter((record) => name === null || record.statementName?.startsWith(name))
    .filter((record) => matches(input['Database'], record.database))
    .filter((record) => matches(input['ClusterIdentifier'], record.clusterIdentifier))
    .filter((record) => matches(input['WorkgroupName'], record.workgroupName));
  const offset = input['NextToken'] === undefined ? 0 : readToken(input['NextToken']);
  const page = matching.slice(offset, offset + (max || 100));
  const next = offset + page.length;
  return {
    Statements: page.map(listed),
    ...(next < matching.length ? { NextToken: writeToken(next) } : {}),
  };
}

function findStatement(
  context: OperationContext,
  input: OperationInput,
): { record: StatementRecord; index: number | null } {
  const id = String(input['Id'] ?? '');
  const parts = ID.exec(id);
  if (!parts) throw invalid(`id must satisfy regex pattern: ^[a-z0-9]{8}(-[a-z0-9]{4}){3}-[a-z0-9]{12}(:\\d+)?$`);
  const record = context.store.get(parts[1] as string);
  const index = parts[2] === undefined ? null : Number(parts[2]) - 1;
  if (index !== null && (!record.isBatch || !record.subs[index])) throw notFound('Query does not exist.', id);
  return { record, index };
}

async function waitLimited(context: OperationContext, record: StatementRecord, waitMs: number): Promise<void> {
  if (waitMs === 0) return;
  if (context.store.waiterCount(record.id) >= context.switches.waitersPerStatementMax)
    throw new ServiceError('ActiveWaitingRequestsExceededException', 'Too many requests wait for this statement.');
  await context.store.waitForEnd(record.id, waitMs);
}

function readWaitMs(input: OperationInput): number {
  const seconds = input['WaitTimeSeconds'] ?? 0;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 0 || seconds > WAIT_SECONDS_MAX)
    throw invalid(`WaitTimeSeconds must be between 0 and ${WAIT_SECONDS_MAX}.`);
  return seconds * 1000;
}

function readText(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') throw invalid('Sql must not be empty.');
  return value;
}

function readTexts(value: unknown, max: number): string[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid('Sqls must have at least one member.');
  if (value.length > max)
    throw invalid(
      `1 validation error detected: Value at 'sqls' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
    );
  return value.map(readText);
}

function optionalText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function matches(wanted: unknown, actual: string | null): boolean {
  return wanted === undefined || wanted === actual;
}

function writeToken(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString('base64url');
}

function readToken(token: unknown): number {
  const offset = /^offset:(\d+)$/.exec(Buffer.from(String(token), 'base64url').toString());
  if (!offset) throw invalid('Invalid NextToken.');
  return Number(offset[1]);
}
