import type { Clock, Ids, Log, Outside } from '@lakehaul/core';

/** The shape of `source` and `statements` in lakehaul.yaml, with what the source needs to know of the staging bucket. */
export interface RedshiftOptions {
  kind: 'provisioned' | 'serverless';
  clusterIdentifier?: string | undefined;
  workgroupName?: string | undefined;
  region: string;
  database: string;
  /** Provisioned only; without it and without a secret the database user follows from the IAM identity. */
  dbUser?: string | undefined;
  secretArn?: string | undefined;
  unloadRoleArn: string;
  endpoint?: string | undefined;
  /** Default: the SDK's chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
  staging: { region: string; kmsKeyId?: string | undefined };
  statements: StatementLimits;
}

export interface StatementLimits {
  /** Longest text of one statement. */
  bytes: number;
  /** Most statements in one batch. */
  perBatch: number;
  sourceTimeoutMs: number;
}

export interface RedshiftDeps {
  outside: Outside;
  clock: Clock;
  ids: Ids;
  log: Log;
}
