/** lakehaul.yaml for a sandbox: the same file as for the real clouds, only endpoints differ. */
import type { SandboxEndpoints } from '@lakehaul/sandbox';
import { stringify } from 'yaml';

export interface ConfigTables {
  include: readonly string[];
  exclude?: readonly string[];
  defaults?: Record<string, unknown>;
  overrides?: readonly Record<string, unknown>[];
}

export function sandboxConfig(request: {
  migration: string;
  endpoints: SandboxEndpoints;
  /** Absent: the processes trust it already (NODE_EXTRA_CA_CERTS). */
  caFile?: string;
  tables: ConfigTables;
  /** Where ledger seals are anchored, if anybody seals. */
  anchorFile?: string;
  services?: Record<string, unknown>;
  staging?: Record<string, unknown>;
  statements?: Record<string, unknown>;
  watch?: Record<string, unknown>;
  control?: Record<string, unknown>;
}): string {
  const { endpoints } = request;
  const region = 'us-east-1';
  return stringify({
    migration: request.migration,
    source: {
      kind: 'provisioned',
      clusterIdentifier: 'sandbox',
      region,
      database: 'dev',
      dbUser: 'lakehaul',
      unloadRoleArn: 'arn:aws:iam::000000000000:role/lakehaul-unload',
      endpoint: endpoints.redshift,
    },
    staging: { bucket: 'lakehaul-staging', prefix: 'staging', region, endpoint: endpoints.s3, ...request.staging },
    ledger: { bucket: 'lakehaul-ledger', prefix: 'ledger', region, endpoint: endpoints.s3 },
    target: {
      host: endpoints.databricks.host,
      port: endpoints.databricks.port,
      httpPath: endpoints.databricks.httpPath,
      catalog: 'main',
      auth: { kind: 'token' },
      ...(request.caFile === undefined ? {} : { caFile: request.caFile }),
    },
    queue: { kind: 'auto' },
    tables: {
      include: request.tables.include,
      exclude: request.tables.exclude ?? [],
      defaults: request.tables.defaults ?? {},
      overrides: request.tables.overrides ?? [],
    },
    // The local history tells of a statement at once.
    watch: { lagMs: 0, clockMarginMs: 0, everyMs: '2s', ...request.watch },
    ...(request.anchorFile === undefined ? {} : { audit: { anchorFile: request.anchorFile } }),
    ...(request.services === undefined ? {} : { services: request.services }),
    ...(request.statements === undefined ? {} : { statements: request.statements }),
    ...(request.control === undefined ? {} : { control: request.control }),
  });
}
