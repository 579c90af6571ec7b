/**
 * The README's walk with `--json`: every document is of its strict shape, and is kept as the example in
 * docs/json-output.md (npx vitest run --project sandbox test/golden -u takes new ones).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { exampleName, jsonOutputs } from '../../packages/cli/src/json/page.ts';
import { runCommand } from '../../packages/cli/src/run-command.ts';
import { VERBS } from '../../packages/cli/src/verbs/index.ts';

const EXAMPLES = join(import.meta.dirname, '../../packages/cli/src/json/examples');
let directory = '';
let sandboxUp: Promise<number>;
const stopSandbox = new AbortController();
let upText = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lakehaul-json-'));
  const { promise, resolve, reject } = deferred();
  sandboxUp = runCommand({
    argv: ['sandbox', 'up', '--json', '--directory', directory],
    env: {},
    stdout: {
      write: (text) => {
        upText += text;
        resolve();
      },
    },
    stderr: { write: () => undefined },
    signal: stopSandbox.signal,
  });
  sandboxUp.then(
    () => reject(new Error('the sandbox ended')),
    (error: unknown) => reject(error),
  );
  await promise;
  // The AWS clients read the process environment themselves.
  for (const [name, value] of Object.entries(credentials())) vi.stubEnv(name, value);
});
afterAll(async () => {
  stopSandbox.abort();
  expect(await sandboxUp).toBe(0);
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

function deferred() {
  let resolve = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

/** `. .lakehaul/sandbox/env` of the README. */
function credentials(): Record<string, string> {
  const lines = readFileSync(join(directory, 'env'), 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => /^export (\w+)='(.*)'$/.exec(line)?.slice(1) ?? []));
}

const lakehaul = (...argv: string[]) => runLakehaul(argv, new AbortController().signal);

async function runLakehaul(argv: string[], signal: AbortSignal) {
  let stdout = '';
  let stderr = '';
  const status = await runCommand({
    argv,
    env: { ...credentials(), PATH: process.env['PATH'] },
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    signal,
  });
  return { status, stdout, stderr };
}

const outputs = jsonOutputs(VERBS);

/** Runs it, holds what it prints against the shape, keeps it as the example. */
async function json(command: string, argv: string[], status: number): Promise<unknown> {
  const done = await lakehaul(...argv, '--json');
  expect(done.status, done.stderr).toBe(status);
  return await kept(command, done.stdout);
}

async function kept(command: string, printed: string): Promise<unknown> {
  const output = outputs.find((each) => each.command === command);
  const value = JSON.parse(printed) as unknown;
  expect(output, command).toBeDefined();
  output?.shape.parse(value);
  const file = join(EXAMPLES, exampleName({ command }));
  const example = existsSync(file) ? readFileSync(file, 'utf8') : 'null';
  const fresh = steady(value);
  // Numbers and hashes may change with every change of the product; an example is old when its fields are.
  const text = haveSameFields(fresh, JSON.parse(example)) ? example : `${JSON.stringify(fresh, null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(file);
  return value;
}

/**
 * Whether two documents have the same fields, whatever their values; a receipt's body is the ledger's own business. A list
 * that is empty in one of them says nothing of its items: how many notes an audit has depends on the time of day.
 */
function haveSameFields(a: unknown, b: unknown, name = ''): boolean {
  if (name === 'body') return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    const covers = (some: unknown[], others: unknown[]) =>
      some.every((each) => others.length === 0 || others.some((other) => haveSameFields(each, other)));
    return covers(a, b) && covers(b, a);
  }
  const isObject = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(a) || !isObject(b)) return isObject(a) === isObject(b) && Array.isArray(a) === Array.isArray(b);
  const [ofA, ofB] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return (
    ofA.size === ofB.size && [...ofA].every(([key, value]) => ofB.has(key) && haveSameFields(value, ofB.get(key), key))
  );
}

/** What differs from run to run, made steady: ids, times, places, sizes of files. Shapes stay. */
function steady(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => steady(each, name));
  if (typeof value === 'object' && value !== null)
    // Whether a seal and a proof fall into one second of S3's clock, which an audit notes, is chance.
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== 'TABLE_SEAL_UNDATED')
        .map(([key, each]) => [key, steady(each, key)]),
    );
  if (typeof value === 'number') return /Ms$|port/.test(name) ? 1_000 : name === 'durationSeconds' ? 1.5 : value;
  if (typeof value !== 'string') return value;
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(value)) return '2026-01-02 03:04:05.000000';
  if (/^(stagedBytes|sizeBytes|bytes|estimatedBytes)$/.test(name)) return '4096';
  if (/^(etag|rowsSha256|columnListHash|clientToken)$/.test(name)) return `${'0123456789abcdef'.repeat(2)}`;
  if (name === 'caPem') return '-----BEGIN CERTIFICATE-----…';
  if (name === 'instance') return 'host-1';
  return (value.length > 400 ? `${value.slice(0, 60)}…` : value)
    .replaceAll(directory, '/home/me/.lakehaul/sandbox')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '01234567-89ab-4def-8123-456789abcdef')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '2026-01-02T03:04:05.000Z')
    .replace(/(localhost|127\.0\.0\.1):\d+/g, '$1:9000');
}

it('every document of the walk is of its shape', async () => {
  const config = join(directory, 'lakehaul.yaml');
  const at = ['--config', config];
  await kept('sandbox up', upText);
  const file = join(directory, 'events.csv');
  const rows = Array.from({ length: 40 }, (_, id) => `${id},name ${id},2026-01-0${1 + (id % 9)}`);
  writeFileSync(file, `id,name,day\n${rows.join('\n')}\n`);
  const ddl = join(directory, 'events.sql');
  writeFileSync(ddl, 'CREATE TABLE public.events (id integer, name varchar(40), day date) SORTKEY (id)');
  await json('sandbox load', ['sandbox', 'load', 'public.events', file, '--ddl', ddl, '--directory', directory], 0);
  await json(
    'sandbox sql',
    [
      'sandbox',
      'sql',
      'redshift',
      'SELECT count(*) AS n, NULL AS nothing FROM public.events',
      '--directory',
      directory,
    ],
    0,
  );

  const wrong = join(directory, 'wrong.yaml');
  writeFileSync(wrong, readFileSync(config, 'utf8').replace('migration:', 'migrations:'));
  await json('config check', ['config', 'check', '--config', wrong], 2);
  await json('config reference', ['config', 'reference'], 0);
  await json('config schema', ['config', 'schema'], 0);
  await json('error', ['status', ...at], 2);
  const notified = join(directory, 'notified.yaml');
  const receivers = '- { name: pager, shape: pagerduty, routingKeyFile: /run/secrets/pager }';
  writeFileSync(notified, `${readFileSync(config, 'utf8')}notify:\n  receivers:\n    ${receivers}\n`);
  await json('notify test', ['notify', 'test', '--dry-run', '--config', notified], 0);
  await json('doctor', ['doctor', ...at], 0);
  await json('plan', ['plan', '--dry-run', ...at], 0);
  await json('run --dry-run', ['run', '--dry-run', ...at], 0);
  await json('run', ['run', ...at], 0);
  await json('status', ['status', ...at], 0);
  await json('verify', ['verify', ...at], 0);
  const cut = await runLakehaul(['verify', '--json', ...at], AbortSignal.abort());
  expect([cut.status, JSON.parse(cut.stdout)]).toEqual([4, { checked: 0, left: 1, different: [] }]);
  await json('seal', ['seal', ...at], 0);
  await json('chunk CHUNK', ['chunk', 'public.events/0', ...at], 0);

  // A row changed behind our back: the diff has something to tell.
  await lakehaul('sandbox', 'sql', 'databricks', CHANGE, '--directory', directory);
  expect((await lakehaul('verify', 'public.events/0', ...at)).status).toBe(4);
  const told = (await json('diff CHUNK', ['diff', 'public.events/0', ...at], 0)) as Told;
  expect(told.mismatches[0]).toMatchObject({
    rowsState: 'shown',
    differingColumns: [{ name: 'name', rowCount: '1' }],
    rows: [{ kind: 'changed', key: { id: '7' }, columns: [{ name: 'name', source: 'name 7', target: 'somebody' }] }],
  });
}, 120_000);

it('the documents of those who watch, audit and report are of their shapes', async () => {
  const at = ['--config', join(directory, 'lakehaul.yaml')];
  const anchors = join(directory, 'anchors.jsonl');
  expect((await lakehaul('run', ...at)).status).toBe(0);
  await json('verify --source', ['verify', '--source', ...at], 0);
  await json('watch --dry-run', ['watch', '--dry-run', ...at], 0);
  await json('watch', ['watch', '--once', ...at], 0);

  const key = join(directory, 'seal-key.pem');
  await json('keys create', ['keys', 'create', '--out', key], 0);
  await json('ledger-seal', ['ledger-seal', '--key', key, ...at], 0);
  const copy = join(directory, 'copy');
  await json('ledger export DIR', ['ledger', 'export', copy, ...at], 0);
  await json('audit', ['audit', '--offline', copy, '--public-key', `${key}.pub`, '--anchors', anchors], 0);
  await json('report', ['report', '--out', join(directory, 'evidence'), '--public-key', `${key}.pub`, ...at], 0);
  const by = ['--who', 'me', '--reason', 'month end'];
  await json('limit WHAT MAX', ['limit', 'unload', '4', ...by, ...at], 0);
  await json('pause WHAT', ['pause', 'public.events', ...by, ...at], 0);
  await json('priority TABLE NUMBER', ['priority', 'public.*', '1', '--dry-run', ...at], 0);
  await json('resume WHAT', ['resume', 'public.events', ...by, ...at], 0);
  await json('settings', ['settings', ...at], 0);
  await json('throttle set NAME VALUE', ['throttle', 'set', 'maxSlots', '4', '--dry-run', ...at], 0);
  await json('throttle', ['throttle', ...at], 0);
  await json('support-bundle', ['support-bundle', '--dry-run', ...at], 0);
  await json('drill --list', ['drill', '--list'], 0);
}, 120_000);

it('the documents about what waits for a person are of their shapes', async () => {
  const config = join(directory, 'strict.yaml');
  // Nothing is repaired by itself: what differs is quarantined at once.
  writeFileSync(config, `${readFileSync(join(directory, 'lakehaul.yaml'), 'utf8')}attempts: { max: 1 }\n`);
  const at = ['--config', config];
  const by = ['--who', 'me', '--reason', 'ticket 4711'];
  await lakehaul('sandbox', 'sql', 'databricks', CHANGE, '--directory', directory);
  expect((await lakehaul('verify', 'public.events/0', ...at)).status).toBe(4);
  expect((await lakehaul('run', ...at)).status).toBe(4);
  await json('chunks', ['chunks', '--stage', 'quarantined', ...at], 0);
  await json('accept', ['accept', 'public.events/0', '--dry-run', ...by, ...at], 0);
  await json('replay', ['replay', 'public.events/0', '--dry-run', ...at], 0);
  const alter = 'ALTER TABLE public.events ADD COLUMN more integer';
  await lakehaul('sandbox', 'sql', 'redshift', alter, '--directory', directory);
  expect((await lakehaul('replay', 'public.events/0', ...by, ...at)).status).toBe(0);
  expect((await lakehaul('run', ...at)).status).toBe(4);
  await json('acknowledge TABLE', ['acknowledge', 'public.events', ...at], 0);
  await json('tables', ['tables', ...at], 0);
  await json('tables resume', ['tables', 'resume', 'public.events', '--accept-drift', '--dry-run', ...at], 0);
}, 120_000);

const CHANGE = "UPDATE main.public.events SET name = 'somebody' WHERE id = 7";

interface Told {
  mismatches: { rowsState: string; rows: unknown }[];
}
