import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configReference } from './config-reference.ts';
import { loadMigrationConfig, type MigrationConfig } from './migration-config.ts';

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../../lakehaul.example.yaml'), 'utf8');

const MINIMAL = `migration: small
source:
  kind: serverless
  workgroupName: wg
  region: us-east-1
  database: dev
  unloadRoleArn: default
staging: { bucket: stage-1, region: us-east-1 }
ledger: { bucket: ledger-1, region: us-east-1 }
target:
  host: dbc.example.com
  httpPath: /sql/1.0/warehouses/1
  catalog: main
  auth: { kind: token }
tables:
  include: [public.*]
`;

function problemsOf(text: string) {
  const result = loadMigrationConfig({ path: 'lakehaul.yaml', text, env: {} });
  return 'problems' in result ? result.problems : [];
}

function configOf(text: string, env: Record<string, string> = {}): MigrationConfig {
  const result = loadMigrationConfig({ path: 'lakehaul.yaml', text, env });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

/** What stands at a problem's place. */
function at(text: string, problem: { line: number; column: number }): string {
  return (text.split('\n')[problem.line - 1] ?? '').slice(problem.column - 1);
}

describe('lakehaul.yaml', () => {
  it('the example is right and keeps what it says', () => {
    const config = configOf(EXAMPLE);
    expect(config.source.kind).toBe('provisioned');
    expect(config.tables.defaults.chunkBytes).toBe(48n * 1024n ** 3n);
    expect(config.statements.sourceTimeoutMs).toBe(6 * 3_600_000);
    expect(config.staging.graceMs).toBe(72 * 3_600_000);
    expect(config.tables.overrides[0]?.cutLine).toEqual({ column: 'p_parse_time', before: '2026-11-02 00:00:00' });
  });

  it('a short file gets every default', () => {
    const config = configOf(MINIMAL);
    expect(config).toMatchObject({
      target: { port: 443 },
      queue: { kind: 'auto' },
      limits: [],
      attempts: { max: 5, failuresPerAttempt: 10, systemicChunks: 5, systemicShare: 0.2, systemicWindow: 50 },
      drift: { everyMs: 300_000 },
      services: { windowSize: 2_000 },
      statements: { bytes: 100_000, perBatch: 40 },
    });
    expect(config.tables).toMatchObject({
      exclude: [],
      overrides: [],
      defaults: { key: null, cutLine: null, target: null, acknowledge: [], level: 'sampled', super: 'string' },
    });
  });

  it('ten mistakes are told of at once, each at its place', () => {
    const text = `migration: Security_Lake
source:
  kind: provisioned
  workgroupName: wg
  region: us-east-1
  database: dev
  dbUser: hauler
  unloadRoleArn: arn:aws:iam::12:role/short
staging: { bucket: Stage_1, region: us-east-1 }
ledger: { bucket: ledger-1, region: us-east-1 }
target:
  host: https://dbc.example.com
  httpPath: /sql/1.0/warehouses/1
  catalog: main
  auth: { kind: token, token: dapi0123456789abcdef0123456789abcdef }
tables:
  include: [public.*]
  defaults: { chunkBytes: 1.5GiB }
  overrides:
    - { match: public.a, levle: full }
    - { match: public.b, level: fulll }
`;
    const problems = problemsOf(text);
    const places = problems.map((problem) => [problem.path, problem.line, at(text, problem).split(/[\s,}]/)[0]]);
    expect(places).toEqual([
      ['migration', 1, 'Security_Lake'],
      ['source', 2, 'source:'],
      ['source.workgroupName', 4, 'workgroupName:'],
      ['source.unloadRoleArn', 8, 'arn:aws:iam::12:role/short'],
      ['staging.bucket', 9, 'Stage_1'],
      ['target.host', 12, 'https://dbc.example.com'],
      ['target.auth.token', 15, 'token:'],
      ['tables.defaults.chunkBytes', 18, '1.5GiB'],
      ['tables.overrides[0].levle', 20, 'levle:'],
      ['tables.overrides[1].level', 21, 'fulll'],
    ]);
    expect(problems[1]?.message).toContain('clusterIdentifier is missing');
    expect(problems[8]?.next).toBe('did you mean level?');
    expect(problems[9]?.next).toBe('did you mean full?');
    expect(problems.every((problem) => problem.next !== '')).toBe(true);
    expect(JSON.stringify(problems)).not.toContain('dapi0123');
  });

  it('what is missing is told of at the section that lacks it', () => {
    const problems = problemsOf('migration: a\nsource:\n  kind: serverless\n  workgroupName: w\n');
    expect(problems.map((problem) => `${problem.line} ${problem.path} ${problem.message}`)).toEqual(
      expect.arrayContaining(['2 source.region is missing', '1 tables is missing', '1 target is missing']),
    );
  });

  it.each([
    ['a password in a URL', 'endpoint: http://user:pass@localhost:1/', 'looks like a secret'],
    ['an access key', 'database: AKIAABCDEFGHIJKLMNOP', 'looks like a secret'],
    ['a field for one', 'secretAccessKey: abc', 'does not belong in the file'],
  ])('refuses %s and does not repeat it', (_name, line, message) => {
    const problems = problemsOf(MINIMAL.replace('  database: dev', `  ${line}`));
    expect(problems.map((problem) => problem.message)).toEqual(
      expect.arrayContaining([expect.stringContaining(message)]),
    );
    expect(JSON.stringify(problems)).not.toMatch(/AKIA|user:pass/);
  });

  it.each([
    ['two equal keys', 'migration: again\n', 'the same key stands here twice'],
    ['broken YAML', 'limits: [\n', ''],
    ['a limit without a step', "limits: [{ pattern: 'public.a', max: 1 }]\n", 'is not schema.table::step'],
    ['a half', 'attempts: { max: 1.5 }\n', 'is not a whole number'],
    ['a bare duration', 'statements: { sourceTimeoutMs: soon }\n', 'is not a whole number with ms'],
    ['null', 'queue: { kind: }\n', 'is not one of'],
    ['a wrong unit', 'staging: 5\n', ''],
  ])('refuses %s', (_name, text, message) => {
    const problems = problemsOf(MINIMAL + text);
    expect(problems).not.toEqual([]);
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message);
  });

  it('refuses a ledger inside the staging prefix, whose files get deleted', () => {
    const text = MINIMAL.replace('ledger-1', 'stage-1');
    expect(problemsOf(text)).toMatchObject([{ path: 'ledger.prefix', message: 'ledger and staging overlap' }]);
  });

  it('an empty file is no crash but a list', () => {
    expect(problemsOf('').map((problem) => problem.path)).toContain('migration');
    expect(problemsOf('just text')).not.toEqual([]);
  });

  it('a secret is read when it is used, printed never, and missed with its name', () => {
    const present = configOf(MINIMAL, { LAKEHAUL_TARGET_TOKEN: 's3cret' }).target.auth;
    expect(present.kind === 'token' && present.token.reveal()).toBe('s3cret');
    expect(JSON.stringify(present)).not.toContain('s3cret');
    const missing = configOf(MINIMAL).target.auth;
    expect(() => missing.kind === 'token' && missing.token.reveal()).toThrow('LAKEHAUL_TARGET_TOKEN is not set');
  });
});

it('the reference tells of every field with its meaning', () => {
  const text = configReference();
  expect(text).toContain('chunkBytes  (default 48GiB)');
  expect(text).toContain('kind  (provisioned | serverless; required)');
  // A line with a field is followed by a line that explains it.
  const lines = text.split('\n').slice(1);
  const bareFields = lines.filter(
    (line, index) => /\)$/.test(line) && !/^\s{4,}[A-Z“a-z]/.test(lines[index + 1] ?? ''),
  );
  expect(bareFields).toEqual([]);
});
