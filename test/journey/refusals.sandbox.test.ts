import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { runCommand } from '../../packages/cli/src/run-command.ts';
import { type ConfigTables, sandboxConfig } from '../../packages/cli/src/sandbox/config-text.ts';
import { startWorld, type World } from '../support/world.ts';

/** Every refusal through the command itself: code, reason, place, next step, exit code, and nothing changed anywhere. */
let world: World;
const BUCKETS = ['lakehaul-ledger', 'lakehaul-staging', 'lakehaul-warehouse'];

beforeAll(async () => {
  world = await startWorld();
  const { redshift } = world;
  await redshift.run('CREATE SCHEMA "r"');
  for (const name of ['plain', 'secured', 'masked'])
    await redshift.run(`CREATE TABLE "r"."${name}" (id integer, t varchar(20)) SORTKEY (id)`);
  await redshift.run(`INSERT INTO "r"."plain" VALUES (1, 'a'), (2, 'b'), (3, NULL)`);
  await redshift.run('CREATE VIEW "r"."seen" AS SELECT id FROM "r"."plain"');
  await redshift.run('CREATE RLS POLICY only_mine WITH (id integer) USING (id = 1)');
  await redshift.run('ATTACH RLS POLICY only_mine ON "r"."secured" TO PUBLIC');
  await redshift.run('ALTER TABLE "r"."secured" ROW LEVEL SECURITY ON');
  await redshift.run(`CREATE MASKING POLICY stars WITH (t varchar(20)) USING ('***')`);
  await redshift.run('ATTACH MASKING POLICY stars ON "r"."masked" (t) TO PUBLIC');
  await redshift.run(
    `CREATE EXTERNAL SCHEMA "lake" FROM DATA CATALOG DATABASE 'lake' IAM_ROLE 'arn:aws:iam::0:role/r'`,
  );
  await redshift.run(
    `CREATE EXTERNAL TABLE "lake"."outside" (id integer) STORED AS PARQUET LOCATION 's3://lake/outside/'`,
  );
  await redshift.run('CREATE TABLE "r"."sketched" (id integer, h hllsketch) SORTKEY (id)');
  await redshift.run('CREATE TABLE "r"."unsorted" (id integer, n integer) DISTSTYLE EVEN');
  await redshift.run(
    `INSERT INTO "r"."unsorted" VALUES ${Array.from({ length: 400 }, (_, i) => `(${i}, ${(i * 37) % 400})`).join(', ')}`,
  );
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());
afterEach(() => vi.unstubAllEnvs());

interface Refusal {
  status: number;
  refusals: { code: string; message: string; where: string; next: string }[];
  stderr: string;
}

let configs = 0;

/** `plan --json` and `run`, on the same configuration; both must refuse alike. */
async function refused(request: {
  tables: ConfigTables;
  verb?: string;
  env?: Record<string, string>;
  change?: (config: Record<string, Record<string, unknown>>) => void;
}): Promise<Refusal> {
  const path = join(world.directory, `refused-${++configs}.yaml`);
  const caFile = join(world.directory, 'ca.pem');
  const { endpoints, credentials } = world.clouds;
  const config = parse(sandboxConfig({ migration: `refused-${configs}`, endpoints, caFile, tables: request.tables }));
  request.change?.(config);
  writeFileSync(path, stringify(config));
  const env = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    LAKEHAUL_TARGET_TOKEN: credentials.token,
    ...request.env,
  };
  // The AWS clients read the process environment themselves.
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const before = await everything();
  const planned = await command(['plan', '--json', '--config', path], env);
  const run = await command(['run', '--yes', '--config', path], env);
  expect(run.status).toBe(planned.status);
  expect(await everything()).toEqual(before);
  const document = JSON.parse(planned.stdout) as {
    refusals?: Refusal['refusals'];
    error?: Refusal['refusals'][number];
  };
  const refusals = document.refusals ?? (document.error === undefined ? [] : [document.error]);
  for (const { code, message, where, next } of refusals) {
    expect(run.stderr).toContain(code);
    expect(message).not.toBe('');
    expect(where).not.toBe('');
    expect(next).not.toBe('');
  }
  for (const secret of [credentials.token, credentials.secretAccessKey]) expect(run.stderr).not.toContain(secret);
  return { status: planned.status, refusals, stderr: run.stderr };
}

async function command(argv: string[], env: Record<string, string>) {
  let stdout = '';
  let stderr = '';
  const status = await runCommand({
    argv,
    env: { ...env, PATH: '' },
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    signal: new AbortController().signal,
  });
  return { status, stdout, stderr };
}

/** Every object in every bucket, and every schema of the target. */
async function everything(): Promise<string[]> {
  const objects = BUCKETS.flatMap((bucket) =>
    world.clouds.objects.list(bucket, '').map((each) => `${bucket}/${each.key} ${each.etag}`),
  );
  const schemas = await world.databricks.run('SELECT schema_name FROM `main`.information_schema.schemata ORDER BY 1');
  return [...objects, ...schemas.rows.map((row) => `schema ${row[0]}`)];
}

const only = (table: string, override: Record<string, unknown> = {}): ConfigTables => ({
  include: [table],
  overrides: [{ match: table, ...override }],
});

describe('refused, and nothing changed', () => {
  it.each([
    ['a missing table', 'r.nothing', 'TABLE_MISSING'],
    ['a view', 'r.seen', 'NOT_A_TABLE'],
    ['an external table', 'lake.outside', 'NOT_A_TABLE'],
    ['row-level security', 'r.secured', 'ROW_SECURITY'],
    ['a masking policy', 'r.masked', 'ROW_SECURITY'],
    ['an unacknowledged type', 'r.sketched', 'LOSS_NOT_ACKNOWLEDGED'],
  ])('%s', async (_what, table, code) => {
    const refusal = await refused({ tables: only(table) });
    expect(refusal).toMatchObject({ status: 3, refusals: [{ code }] });
    expect(refusal.refusals[0]?.where).toContain(table);
  });

  it('a scan of more than three times', async () => {
    const refusal = await refused({ tables: only('r.unsorted', { key: 'n', chunkBytes: '64KiB' }) });
    expect(refusal).toMatchObject({ status: 3, refusals: [{ code: 'AMPLIFICATION_NOT_ACKNOWLEDGED' }] });
  });

  it('wrong AWS credentials', async () => {
    const refusal = await refused({ tables: only('r.plain'), env: { AWS_SECRET_ACCESS_KEY: 'wrong' } });
    expect(refusal).toMatchObject({ status: 3, refusals: [{ code: 'CREDENTIALS_REJECTED' }] });
  });

  it('a wrong Databricks token', async () => {
    const refusal = await refused({ tables: only('r.plain'), env: { LAKEHAUL_TARGET_TOKEN: 'dapi-wrong' } });
    expect(refusal).toMatchObject({ status: 3, refusals: [{ code: 'CREDENTIALS_REJECTED' }] });
  });

  it.each(['ledger', 'staging'])('a missing %s bucket', async (section) => {
    const refusal = await refused({
      tables: only('r.plain'),
      change: (config) => Object.assign(config[section] ?? {}, { bucket: 'no-such-bucket' }),
    });
    expect(refusal).toMatchObject({ status: 3, refusals: [{ code: 'BUCKET_MISSING' }] });
    expect(`${refusal.refusals[0]?.message} ${refusal.refusals[0]?.where}`).toContain('no-such-bucket');
  });

  it('ten mistakes in the configuration, all at once with line and column', async () => {
    const path = join(world.directory, 'ten-mistakes.yaml');
    writeFileSync(path, TEN_MISTAKES);
    const checked = await command(['config', 'check', '--json', '--config', path], {});
    expect(checked.status).toBe(2);
    const { problems } = JSON.parse(checked.stdout) as {
      problems: { path: string; line: number; column: number; message: string }[];
    };
    expect(problems.length).toBeGreaterThanOrEqual(10);
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThan(0);
      expect(problem.column).toBeGreaterThan(0);
      expect(problem.message).not.toBe('');
    }
    for (const line of TEN_MISTAKES.split('\n').flatMap((text, index) => (text.includes('# wrong') ? [index + 1] : [])))
      expect(problems.map((problem) => problem.line)).toContain(line);
    const run = await command(['run', '--yes', '--config', path], {});
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('CONFIG_INVALID');
  });
});

describe('an existing target is refused', () => {
  const target = '`main`.`r`.`plain`';

  it.each([
    [
      'of another migration',
      `(id INT, t STRING) TBLPROPERTIES ('lakehaul.migration' = 'other')`,
      [],
      'TARGET_NOT_OURS',
    ],
    ['that nobody acknowledged', '(id INT, t STRING)', [], 'TARGET_NOT_ACKNOWLEDGED'],
    ['whose columns do not fit', '(id STRING, other INT)', ['adopt-target'], 'TARGET_INCOMPATIBLE'],
  ])('%s', async (_what, columns, acknowledge, code) => {
    await world.databricks.run('CREATE SCHEMA IF NOT EXISTS `main`.`r`');
    await world.databricks.run(`CREATE TABLE ${target} ${columns.replace(' TBL', ' USING DELTA TBL')}`);
    try {
      const refusal = await refused({ tables: only('r.plain', { acknowledge }) });
      expect(refusal).toMatchObject({ status: 3, refusals: [{ code, where: 'main.r.plain' }] });
    } finally {
      await world.databricks.run(`DROP TABLE ${target}`);
    }
  });
});

const TEN_MISTAKES = `migration: Not A Name! # wrong
source:
  kind: provisioned
  clusterIdentifer: analytics # wrong
  region: eu-central-1
  database: analytics
  unloadRoleArn: role/lakehaul # wrong
staging: { bucket: lakehaul-staging, prefix: staging, region: eu-central-1, graceHours: soon } # wrong
ledger: { bucket: lakehaul-ledger, prefix: ledger, region: eu-central-1 }
target:
  host: dbc-1.cloud.databricks.com
  port: 70000 # wrong
  httpPath: /sql/1.0/warehouses/0123456789abcdef
  catalog: main
  auth: { kind: password } # wrong
queue: { kind: rabbit } # wrong
tables:
  include: []  # wrong
  defaults:
    chunkBytes: lots # wrong
    level: certain # wrong
limits:
  - { pattern: '*::unload', max: -1 } # wrong
`;
