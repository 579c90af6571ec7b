/** How the operations show a statement. */
import type { StatementRecord, SubStatement } from './statement-store.ts';

export function describeTarget(record: StatementRecord): object {
  return {
    ...(record.clusterIdentifier === null ? {} : { ClusterIdentifier: record.clusterIdentifier }),
    ...(record.workgroupName === null ? {} : { WorkgroupName: record.workgroupName }),
    ...(record.secretArn === null ? { DbUser: record.dbUser } : { SecretArn: record.secretArn }),
    Database: record.database,
    ResultFormat: record.resultFormat,
    RedshiftPid: record.pid,
  };
}

export function describeRecord(record: StatementRecord): object {
  const only = record.subs[0] as SubStatement;
  const single = describeSub(record, only, record.id);
  return {
    ...describeTarget(record),
    ...single,
    Id: record.id,
    Status: record.status,
    ...(record.error === null ? {} : { Error: record.error }),
    Duration: nanoseconds(record.subs.reduce((sum, sub) => sum + sub.durationMs, 0)),
    CreatedAt: record.createdAtMs / 1000,
    UpdatedAt: record.updatedAtMs / 1000,
    HasResultSet: record.subs.some((sub) => sub.hasResultSet),
    ...(record.parameters.length === 0 ? {} : { QueryParameters: record.parameters }),
    ...(record.isBatch
      ? {
          QueryString: record.subs.map((sub) => sub.sql).join(';\n'),
          ResultRows: -1,
          ResultSize: -1,
          ExecutionMode: record.executionMode,
          SubStatements: record.subs.map((sub, index) => describeSub(record, sub, `${record.id}:${index + 1}`)),
        }
      : {}),
  };
}

export function describeSub(record: StatementRecord, sub: SubStatement, id: string): object {
  return {
    Id: id,
    Status: sub.status,
    ...(sub.error === null ? {} : { Error: sub.error }),
    Duration: nanoseconds(sub.durationMs),
    CreatedAt: sub.createdAtMs / 1000,
    UpdatedAt: sub.updatedAtMs / 1000,
    HasResultSet: sub.hasResultSet,
    QueryString: sub.sql,
    ResultRows: sub.resultRows,
    ResultSize: sub.resultSizeBytes,
    RedshiftQueryId: sub.queryId,
    RedshiftQueryUuid: record.id,
  };
}

export function listed(record: StatementRecord): object {
  return {
    Id: record.id,
    Status: record.status,
    ...(record.statementName === null ? {} : { StatementName: record.statementName }),
    ...(record.isBatch
      ? { QueryStrings: record.subs.map((sub) => sub.sql) }
      : { QueryString: (record.subs[0] as SubStatement).sql }),
    ...(record.secretArn === null ? {} : { SecretArn: record.secretArn }),
    CreatedAt: record.createdAtMs / 1000,
    UpdatedAt: record.updatedAtMs / 1000,
    IsBatchStatement: record.isBatch,
    ResultFormat: record.resultFormat,
  };
}

export function submitted(record: StatementRecord): object {
  return {
    Id: record.id,
    CreatedAt: record.createdAtMs / 1000,
    Status: record.status,
    HasResultSet: record.subs.some((sub) => sub.hasResultSet),
    ...(record.clusterIdentifier === null ? {} : { ClusterIdentifier: record.clusterIdentifier }),
    ...(record.workgroupName === null ? {} : { WorkgroupName: record.workgroupName }),
    ...(record.secretArn === null ? { DbUser: record.dbUser } : { SecretArn: record.secretArn }),
    Database: record.database,
  };
}

function nanoseconds(durationMs: number): number {
  return Math.round(durationMs * 1_000_000);
}
