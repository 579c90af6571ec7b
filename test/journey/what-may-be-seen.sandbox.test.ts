/** Row values: shown to who may see them, for as long as they are kept, and never in a support bundle. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { counted, must } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import { DIFF_JSON } from '@lakehaul/operate';
import { reproveChunk } from '@lakehaul/verifier';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { SUPPORT_BUNDLE_JSON } from '../../packages/cli/src/json/surroundings.ts';
import { runCommand } from '../../packages/cli/src/run-command.ts';
import { sandboxConfig } from '../../packages/cli/src/sandbox/config-text.ts';
import { driver, planAll } from '../support/drive.ts';
import { startWorld, type World } from '../support/world.ts';

const SCHEMA = 'payroll_schema';
const TABLE = 'salaries_table';
const COLUMN = 'iban_column';
const KEY = 'person_key';
/** In every key and every value. */
const PLANTED = 'ROWVALUE';
const CUT = '2031-05-06 07:08:09';

let world: World;
let session: Session;
let config = '';
let chunk = '';
const env: Record<string, string> = {};

beforeAll(async () => {
  world = await startWorld();
  await world.redshift.run(`CREATE SCHEMA ${SCHEMA}`);
  await world.redshift.run(
    `CREATE TABLE ${SCHEMA}.${TABLE} (${KEY} varchar(60) COLLATE CASE_SENSITIVE, ${COLUMN} varchar(60), born timestamp) SORTKEY (${KEY})`,
  );
  const rows = Array.from(
    { length: 300 },
    (_, n) => `('${PLANTED}-key-${String(n).padStart(4, '0')}', '${PLANTED}-iban-${n}', '2020-01-01 00:00:00')`,
  );
  await world.redshift.run(`INSERT INTO ${SCHEMA}.${TABLE} VALUES ${rows.join(', ')}`);
  const { endpoints, credentials } = world.clouds;
  const tables = {
    include: [`${SCHEMA}.*`],
    defaults: { level: 'full', chunkBytes: '256KiB' },
    overrides: [
      {
        match: `${SCHEMA}.*`,
        key: KEY,
        cutLine: { column: 'born', before: CUT },
        acknowledge: ['scan-amplification'],
      },
    ],
  };
  config = join(world.directory, 'lakehaul.yaml');
  const text = sandboxConfig({ migration: 'seen', endpoints, caFile: join(world.directory, 'ca.pem'), tables });
  writeFileSync(config, text);
  Object.assign(env, {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    LAKEHAUL_TARGET_TOKEN: credentials.token,
  });
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  session = await world.session(world.config(tables, { migration: 'seen' }), { logTo: () => undefined });
  const [plan] = await planAll(session);
  const { tableId, chunkCount, firstChunk } = must(plan, 'plan');
  expect(chunkCount).toBeGreaterThan(2);
  expect(chunkCount).toBeLessThan(12);
  await driver(session).drive();
  await plantTrouble(tableId, firstChunk + 1);
  chunk = `${SCHEMA}.${TABLE}/${firstChunk + 1}`;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world[Symbol.asyncDispose]();
});
afterEach(() => world.clouds.faults.set([]));

/** A chunk with everything that can carry a value: a diff, failures with an engine's text, a quarantine. */
async function plantTrouble(tableId: string, number: number): Promise<void> {
  const attempt = { tableId, generation: 1, chunk: number, attempt: 1 };
  const lineage = BigInt(number) * 65_536n + 1n;
  await world.databricks.run(
    `UPDATE main.${SCHEMA}.${TABLE} SET ${COLUMN} = '${PLANTED}-changed' WHERE _lakehaul = ${lineage} AND ${KEY} LIKE '%9'`,
  );
  const { ledger, clouds, log } = session;
  const deps = { ledger, target: clouds.target, stage: clouds.stage, maxAttempts: 5, diffRows: 100 };
  expect(await reproveChunk(deps, attempt, log)).toBe(false);
  const message = `[DELTA_CAST_FAILED] the value ${PLANTED}-plain of ${COLUMN} '${PLANTED}-quoted' at ${world.clouds.endpoints.s3} by ${env['LAKEHAUL_TARGET_TOKEN']} SQLSTATE: 22018`;
  await ledger.recordFailure(attempt, { step: 'verify', code: 'TARGET_STATEMENT_FAILED', message, retryAfterMs: 0 });
  const next = `mail ${PLANTED}@example.com`;
  await ledger.write(attempt, 'quarantined', { step: 'verify', code: 'ATTEMPTS_EXHAUSTED', message, next }, null);
}

async function lakehaul(...argv: string[]) {
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

async function diff(...more: string[]) {
  const done = await lakehaul('diff', chunk, '--config', config, ...more);
  const told = await lakehaul('diff', chunk, '--config', config, '--json', ...more);
  const document = DIFF_JSON.parse(JSON.parse(told.stdout));
  return { ...done, json: told.stdout, mismatch: must(document.mismatches[0], 'mismatch') };
}

describe('lakehaul diff', () => {
  it('shows the rows to who may see them', async () => {
    const { status, stdout, mismatch } = await diff();
    expect(status).toBe(0);
    expect(stdout).toContain(`${PLANTED}-key-`);
    expect(stdout).toContain(`source ${PLANTED}-iban-`);
    expect(mismatch).toMatchObject({ rowsState: 'shown', isRedacted: false, code: 'HASH_MISMATCH' });
    expect(mismatch.differingColumns).toEqual([{ name: COLUMN, rowCount: mismatch.changedRows }]);
  });

  it('hashes keys and values with --redact', async () => {
    const { status, stdout, json, mismatch } = await diff('--redact');
    expect(status).toBe(0);
    expect(stdout + json).not.toContain(PLANTED);
    expect(stdout).toContain(COLUMN);
    expect(mismatch).toMatchObject({ rowsState: 'shown', isRedacted: true });
    expect(mismatch.rows).toHaveLength(Number(mismatch.changedRows));
  });

  it('shows counts, columns and digest without the right, and says what to do', async () => {
    world.clouds.faults.set([
      {
        point: 's3.GetObject',
        nth: 0,
        match: '/diffs/',
        happens: { kind: 'error', code: 'AccessDenied', status: 403 },
      },
    ]);
    const { status, stdout, stderr, json, mismatch } = await diff();
    expect(status).toBe(3);
    expect(stderr).toMatch(/PERMISSION_DENIED.*\n.*next: .*diff-rows\.md.*errors\.md#permission_denied/);
    expect(stdout + stderr + json).not.toContain(PLANTED);
    expect(stdout).toContain(`${COLUMN} in ${counted(mismatch.changedRows, 'row')}`);
    expect(stdout).toContain(must(mismatch.rowsSha256, 'digest'));
    expect(mismatch).toMatchObject({ rowsState: 'denied', rows: null, rowsNext: expect.stringMatching(/./) });
  });

  it('refuses rows that are not those of the receipt', async () => {
    const key = await diffKey();
    const original = must(await session.clouds.ledgerStore.get(key), 'diff');
    await session.clouds.ledgerStore.put(key, new TextDecoder().decode(original.body).replaceAll('iban', 'nabi'));
    const { status, stdout, stderr } = await lakehaul('diff', chunk, '--config', config);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain('LEDGER_CONFLICT');
    expect(stderr).not.toContain(PLANTED);
    await session.clouds.ledgerStore.put(key, original.body);
    expect((await diff()).mismatch.rowsState).toBe('shown');
  });

  it('says expired when they are gone by the sweep, and the receipt still tells', async () => {
    const key = await diffKey();
    const kept = must(await session.clouds.ledgerStore.get(key), 'diff');
    const sweep = session.ledger.diffSweep({ keepMs: session.config.ledger.diffMs, log: session.log });
    const nowMs = await session.ledger.serverTimeMs();
    expect(await sweep.runOnce(nowMs + 31 * 86_400_000)).toBe(1);
    const { status, stdout, mismatch } = await diff();
    expect(status).toBe(0);
    expect(stdout).toContain('expired: rows are kept for 30 days (ledger.diffDays)');
    expect(stdout).not.toContain(PLANTED);
    expect(mismatch).toMatchObject({ rowsState: 'expired', rows: null });
    await session.clouds.ledgerStore.put(key, kept.body);
  });
});

async function diffKey(): Promise<string> {
  const [plan] = await session.ledger.readPlans();
  const ref = { tableId: must(plan, 'plan').tableId, generation: 1, chunk: Number(chunk.split('/')[1]), attempt: 1 };
  const mismatch = await session.ledger.read(ref, 'mismatched');
  return must(mismatch?.body.rowsKey, 'rows');
}

/** What must be in no bundle. */
function secrets(): string[] {
  const { endpoints, credentials } = world.clouds;
  const account = '000000000000';
  const places = [endpoints.databricks.httpPath, new URL(endpoints.s3).host, new URL(endpoints.redshift).host];
  const buckets = ['lakehaul-ledger', 'lakehaul-staging'];
  const ours = [credentials.token, credentials.secretAccessKey, credentials.accessKeyId, hostname()];
  return [PLANTED, CUT, 'example.com', account, 'arn:aws', ...places, ...buckets, ...ours, world.directory];
}

const NAMES = [SCHEMA, TABLE, COLUMN, KEY, 'salaries', 'payroll'];

async function bundle(name: string, ...more: string[]): Promise<{ files: Map<string, string>; json: string }> {
  const file = join(world.directory, `${name}.tar.gz`);
  const done = await lakehaul('support-bundle', '--config', config, '--json', '--out', file, ...more);
  expect(done.status, done.stderr).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const folder = join(world.directory, name);
  mkdirSync(folder);
  // Any tar opens it.
  execFileSync('tar', ['-xzf', file, '-C', folder]);
  const files = new Map(readdirSync(folder).map((each) => [each, readFileSync(join(folder, each), 'utf8')]));
  return { files, json: done.stdout };
}

describe('lakehaul support-bundle', () => {
  it('holds what helps, and no secret, host, account or row value, wherever they are planted', async () => {
    const { files, json } = await bundle('plain');
    const listed = SUPPORT_BUNDLE_JSON.parse(JSON.parse(json));
    expect([...files.keys()].sort()).toEqual([...listed.files.map((each) => each.name), 'manifest.json'].sort());
    for (const [name, text] of files)
      for (const secret of secrets()) expect(text.includes(secret), `${name} holds ${secret}`).toBe(false);

    const of = (name: string) => JSON.parse(must(files.get(name), name));
    expect(of('trails.json').chunks[0]).toMatchObject({ stage: 'quarantined', failures: 1 });
    expect(of('trails.json').chunks[0].parts[0]).toEqual({
      kind: 'range',
      column: KEY,
      from: '[left out]',
      to: '[left out]',
    });
    expect(
      of('errors.json')
        .map((each: { code: string }) => each.code)
        .sort(),
    ).toEqual(['ATTEMPTS_EXHAUSTED', 'HASH_MISMATCH', 'TARGET_STATEMENT_FAILED']);
    const failure = of('errors.json').find((each: { code: string }) => each.code === 'TARGET_STATEMENT_FAILED');
    expect(failure.errorClasses).toEqual(['DELTA_CAST_FAILED', 'SQLSTATE: 22018']);
    expect(of('status.json')).toMatchObject({ tables: [{ table: `${SCHEMA}.${TABLE}`, stages: { quarantined: 1 } }] });
    expect(of('plans.json')[0]).toMatchObject({ keyColumns: [KEY], cutLineColumn: 'born' });
    expect(of('doctor.json').map((check: { isOk: boolean }) => check.isOk)).not.toContain(false);
    expect(of('config.json')).toMatchObject({
      source: { kind: 'provisioned', region: 'us-east-1' },
      attempts: { max: 5 },
    });
  });

  it('has twins in which the search finds things: the ledger holds what was planted, the plain bundle holds names', async () => {
    const trail = (await lakehaul('chunk', chunk, '--config', config, '--json')).stdout;
    for (const planted of [
      PLANTED,
      env['LAKEHAUL_TARGET_TOKEN'] ?? '',
      'example.com',
      new URL(world.clouds.endpoints.s3).host,
    ])
      expect(trail).toContain(planted);
    const { files } = await bundle('names');
    const all = [...files.values()].join('\n');
    for (const name of [SCHEMA, TABLE, COLUMN, KEY]) expect(all).toContain(name);
  });

  it('holds no name of a schema, table or column with --hash-names, and equal ones look equal', async () => {
    const { files } = await bundle('hashed', '--hash-names');
    for (const [name, text] of files)
      for (const hidden of [...secrets(), ...NAMES])
        expect(text.includes(hidden), `${name} holds ${hidden}`).toBe(false);
    const [plan] = JSON.parse(must(files.get('plans.json'), 'plans'));
    expect(plan.keyColumns[0]).toMatch(/^#[0-9a-f]{12}$/);
    expect(plan.columns.map((column: { name: string }) => column.name)).toContain(plan.keyColumns[0]);
    const status = JSON.parse(must(files.get('status.json'), 'status'));
    expect(status.tables[0].table).toBe(plan.table);
  });

  it('lists the same in a dry run and writes nothing, neither here nor in the clouds', async () => {
    const file = join(world.directory, 'dry.tar.gz');
    const objects = () => world.clouds.objects.list('lakehaul-ledger', '').map((each) => each.key);
    const before = objects();
    const dry = await lakehaul('support-bundle', '--config', config, '--dry-run', '--json', '--out', file);
    expect(dry.status).toBe(0);
    expect(existsSync(file)).toBe(false);
    expect(objects()).toEqual(before);
    const listed = SUPPORT_BUNDLE_JSON.parse(JSON.parse(dry.stdout));
    const real = SUPPORT_BUNDLE_JSON.parse(JSON.parse((await bundle('real')).json));
    expect(listed.files.map((each) => each.name)).toEqual(real.files.map((each) => each.name));
    expect(listed.files.find((each) => each.name === 'doctor.json')?.sizeBytes).toBeNull();
  });

  it('is made without what cannot be read, says so, and overwrites nothing', async () => {
    const broken = parse(readFileSync(config, 'utf8'));
    broken.ledger.bucket = 'no-such-bucket';
    const path = join(world.directory, 'broken.yaml');
    writeFileSync(path, stringify(broken));
    const file = join(world.directory, 'broken.tar.gz');
    const made = await lakehaul('support-bundle', '--config', path, '--json', '--out', file);
    expect(made.status, made.stderr).toBe(0);
    const problems = SUPPORT_BUNDLE_JSON.parse(JSON.parse(made.stdout)).files.map(({ name, problem }) => [
      name,
      problem,
    ]);
    expect(Object.fromEntries(problems)).toMatchObject({
      'config.json': null,
      'status.json': 'BUCKET_MISSING',
      'trails.json': 'BUCKET_MISSING',
      'doctor.json': null,
    });
    const again = await lakehaul('support-bundle', '--config', path, '--out', file);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('is there already');
  });
});
