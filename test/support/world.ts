/**
 * A small world for a test: the local clouds in a temporary directory, plain SQL on both sides, and sessions over the
 * real adapters. The judge is the oracle, which knows nothing of all this.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSession, type Session, type SessionOptions } from '@lakehaul/fleet';
import { loadMigrationConfig, type MigrationConfig } from '@lakehaul/runtime';
import { type Sandbox, type SandboxOptions, startSandbox } from '@lakehaul/sandbox';
import { type ConfigTables, sandboxConfig } from '../../packages/cli/src/sandbox/config-text.ts';
import { openDatabricksSql, openRedshiftSql, type SqlClient } from '../../packages/cli/src/sandbox/sql-clients.ts';
import { type BucketFiles, type Comparison, compareTables, openCopy, readActiveTable } from './oracle.ts';

export interface World extends AsyncDisposable {
  clouds: Sandbox;
  directory: string;
  redshift: SqlClient;
  databricks: SqlClient;
  config(
    tables: ConfigTables,
    more?: { migration?: string; change?: (config: MigrationConfig) => MigrationConfig },
  ): MigrationConfig;
  /** A session over the real drivers; closed with the world. */
  session(config: MigrationConfig, options?: SessionOptions): Promise<Session>;
  judge(request: {
    schema: string;
    table: string;
    where?: string;
    target?: { schema: string; table: string };
    excluded?: string[];
    texts?: Record<string, { source: string; target: string }>;
  }): Promise<Comparison>;
}

export async function startWorld(options: Partial<SandboxOptions> = {}): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-world-'));
  const clouds = await startSandbox({ directory: join(directory, 'clouds'), ...options });
  const redshift = openRedshiftSql(clouds);
  const databricks = await openDatabricksSql(clouds);
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, clouds.endpoints.databricks.caPem);
  const sessions: Session[] = [];

  return {
    clouds,
    directory,
    redshift,
    databricks,
    config(tables, more = {}) {
      const text = sandboxConfig({ migration: more.migration ?? 'test', endpoints: clouds.endpoints, caFile, tables });
      const loaded = loadMigrationConfig({
        path: 'lakehaul.yaml',
        text,
        env: { LAKEHAUL_TARGET_TOKEN: clouds.credentials.token },
      });
      if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems, null, 2));
      return more.change === undefined ? loaded.config : more.change(loaded.config);
    },
    async session(config, sessionOptions = {}) {
      const session = await openSession(config, { credentials: clouds.credentials, ...sessionOptions });
      sessions.push(session);
      return session;
    },
    async judge(request) {
      const target = request.target ?? { schema: request.schema, table: request.table };
      await using source = await openCopy(clouds.sourceDatabaseFile);
      const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
      return await compareTables({
        connection: source.connection,
        sourceSql: `source.${quote(request.schema)}.${quote(request.table)}`,
        target: readActiveTable(bucketFiles(clouds), tablePrefix(clouds, target)),
        lineageColumn: '_lakehaul',
        ...(request.where === undefined ? {} : { sourceWhere: request.where }),
        ...(request.excluded === undefined ? {} : { excluded: request.excluded }),
        ...(request.texts === undefined ? {} : { texts: request.texts }),
      });
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) await session[Symbol.asyncDispose]();
      await databricks[Symbol.asyncDispose]();
      await redshift[Symbol.asyncDispose]();
      await clouds.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const WAREHOUSE_BUCKET = 'lakehaul-warehouse';

function bucketFiles(clouds: Sandbox): BucketFiles {
  return {
    list: (prefix) => clouds.objects.list(WAREHOUSE_BUCKET, prefix),
    pathOf: (key) => {
      const path = clouds.objects.pathOf(WAREHOUSE_BUCKET, key);
      if (path === null) throw new Error(`no object ${key}`);
      return path;
    },
  };
}

/** `<catalog>/<schema>/<table id>/` of the one table; the sandbox tells where its catalogue keeps it. */
function tablePrefix(clouds: Sandbox, target: { schema: string; table: string }): string {
  return clouds.tablePrefix('main', target.schema, target.table);
}
