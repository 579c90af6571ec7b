/** All ports of one migration, from its configuration: the option types have the shape of lakehaul.yaml's sections. */
import type { Clock, Ids, Log, Outside } from '@lakehaul/core';
import type { DatabricksOptions } from './databricks/options.ts';
import { openDatabricks } from './databricks/target.ts';
import type { Source, SourceLoad, SourceSize, Stage, Target, TargetLoad } from './ports.ts';
import type { RedshiftOptions } from './redshift/options.ts';
import { openRedshift } from './redshift/source.ts';
import type { BucketOptions } from './s3/bucket.ts';
import { type OpenObjectStore, openObjectStore } from './s3/object-store.ts';
import { openStage } from './s3/stage.ts';

export interface CloudCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface CloudsConfig {
  source: Omit<RedshiftOptions, 'staging' | 'statements' | 'credentials'>;
  staging: Omit<BucketOptions, 'credentials'> & { kmsKeyId?: string | undefined };
  ledger: Omit<BucketOptions, 'credentials'>;
  target: Omit<DatabricksOptions, 'statements'>;
  statements: RedshiftOptions['statements'] & DatabricksOptions['statements'];
}

export interface CloudsDeps {
  outside: Outside;
  clock: Clock;
  ids: Ids;
  log: Log;
  /** Of AWS, instead of what the SDK finds in the environment. */
  credentials?: CloudCredentials;
}

export interface Clouds {
  source: Source & SourceLoad & SourceSize;
  stage: Stage;
  target: Target & TargetLoad;
  ledgerStore: OpenObjectStore;
  close(): Promise<void>;
}

/** Connects to nothing yet: each client does so at its first call. */
export async function openClouds(config: CloudsConfig, deps: CloudsDeps): Promise<Clouds> {
  const aws = deps.credentials === undefined ? {} : { credentials: deps.credentials };
  const source = openRedshift(
    { ...config.source, ...aws, staging: config.staging, statements: config.statements },
    deps,
  );
  const stage = openStage({ ...config.staging, ...aws }, deps);
  const ledgerStore = openObjectStore({ ...config.ledger, ...aws }, deps);
  const target = openDatabricks({ ...config.target, statements: config.statements }, deps);
  return {
    source,
    stage,
    target,
    ledgerStore,
    async close() {
      await target.close();
      source.close();
      stage.close();
      ledgerStore.close();
    },
  };
}
