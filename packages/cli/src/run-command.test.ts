import { describe, expect, it } from 'vitest';
import { ERROR_JSON } from './json/common.ts';
import { runCommand } from './run-command.ts';
import { VERBS } from './verbs/index.ts';

const lakehaul = (...argv: string[]) => lakehaulIn({}, ...argv);

async function lakehaulIn(env: Record<string, string>, ...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const status = await runCommand({
    argv,
    env,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    signal: AbortSignal.abort(),
  });
  return { status, stdout, stderr };
}

describe('a word that nobody reads', () => {
  it.each([
    ['seal public.a public.b', 'public.b'],
    ['status public.a', 'public.a'],
    ['run now', 'now'],
    ['plan public.a', 'public.a'],
    ['chunk a/1 a/2', 'a/2'],
    ['config check lakehaul.yaml', 'lakehaul.yaml'],
    ['sandbox up here', 'here'],
    ['sandbox sql redshift SELECT 1', '1'],
    ['demo twice', 'twice'],
  ])('is refused: %s', async (line, word) => {
    const { status, stdout, stderr } = await lakehaul(...line.split(' '));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`"${word}"`);
    expect(stderr).toContain('deploy/runbook/errors.md#usage');
  });

  it('is refused before anything is read: the configuration need not exist', async () => {
    expect((await lakehaul('seal', 'a', 'b', '--config', '/nowhere/lakehaul.yaml')).stderr).toContain('USAGE');
    expect((await lakehaul('seal', 'a', '--config', '/nowhere/lakehaul.yaml')).stderr).toContain('CONFIG_INVALID');
  });
});

it('the configuration is the one that is named, else the environment’s, else the one that lies here', async () => {
  const told = async (env: Record<string, string>, ...flags: string[]) =>
    /(\S+) cannot be read/.exec((await lakehaulIn(env, 'status', ...flags)).stderr)?.[1];
  const env = { LAKEHAUL_CONFIG: '/nowhere/env.yaml' };
  expect(await told(env, '--config', '/nowhere/flag.yaml')).toBe('/nowhere/flag.yaml');
  expect(await told(env)).toBe('/nowhere/env.yaml');
  expect(await told({ LAKEHAUL_CONFIG: '' })).toBe('lakehaul.yaml');
  expect((await lakehaul('status', '--help')).stdout).toContain('(default LAKEHAUL_CONFIG, else');
});

it('what Ctrl-C means is told, and stays when the status line goes on', async () => {
  let screen = '';
  const stream = { isTTY: true, columns: 80, write: (text: string) => (screen += text) };
  const stopping = new AbortController();
  const call = { env: {}, stdout: stream, stderr: stream, signal: stopping.signal };
  const running = runCommand({ ...call, argv: ['run', '--config', '/nowhere/lakehaul.yaml'] });
  stopping.abort();
  expect(await running).toBe(2);
  expect(screen).toMatch(/draining: .*\nRun the same command again to resume\.\n/);
});

it.each([
  ['limit unload x --reason r', '"x" is no whole number'],
  ['priority public.a -1 --reason r', 'Unknown option'],
  ['priority public.a 1.5 --reason r', '"1.5" is no whole number'],
  ['status --jsn', "Unknown option '--jsn'\n"],
])('what is wrong is said in the words of what was typed: %s', async (line, words) => {
  const { status, stderr } = await lakehaul(...line.split(' '));
  expect(status).toBe(2);
  expect(stderr).toContain(words);
  expect(stderr).not.toMatch(/--max|positional/);
});

describe('an error', () => {
  it.each(VERBS.filter((verb) => verb.flags.some((flag) => flag.name === 'json')).map((verb) => verb.name))(
    'of %s is one JSON document with --json, with a link into the runbook',
    async (name) => {
      const { status, stdout } = await lakehaul(name, '--json', '--no-such-flag');
      expect(status).toBe(2);
      expect(ERROR_JSON.parse(JSON.parse(stdout)).error).toMatchObject({
        code: 'USAGE',
        runbook: 'deploy/runbook/errors.md#usage',
      });
    },
  );
});
