import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadMigrationConfig } from './migration-config.ts';

const BASE = `migration: small
source: { kind: serverless, workgroupName: wg, region: us-east-1, database: dev, unloadRoleArn: default }
staging: { bucket: stage-1, region: us-east-1 }
ledger: { bucket: ledger-1, region: us-east-1 }
target: { host: dbc.example.com, httpPath: /sql/1.0/warehouses/1, catalog: main, auth: { kind: token } }
tables: { include: [public.*] }
`;

const load = (notify: string, env: Record<string, string> = {}) =>
  loadMigrationConfig({ path: 'lakehaul.yaml', text: `${BASE}${notify}`, env });

function receiversOf(list: readonly string[], env: Record<string, string> = {}) {
  const result = load(`notify:\n  receivers:\n${list.map((each) => `    - ${each}\n`).join('')}`, env);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.config.notify.receivers;
}

function problemsOf(...list: string[]): string[] {
  const result = load(`notify:\n  receivers:\n${list.map((each) => `    - ${each}\n`).join('')}`);
  return 'problems' in result ? result.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

describe('notify in lakehaul.yaml', () => {
  it('nobody is told by default; a receiver gets warnings and worse', () => {
    const bare = load('');
    expect('config' in bare && bare.config.notify).toEqual({
      ...{ everyMs: 5_000, pausedAfterMs: 14_400_000, giveUpAfterMs: 86_400_000, receivers: [] },
    });
    expect(receiversOf(['{ name: a, shape: slack, urlEnv: HOOK }'])[0]?.minSeverity).toBe('warning');
  });

  it('secrets are read when they are used, from a variable or a file, and are printed by nothing', () => {
    const directory = mkdtempSync(join(tmpdir(), 'lakehaul-notify-'));
    try {
      const file = join(directory, 'key');
      const [slack, pager, eu] = receiversOf(
        [
          '{ name: a, shape: slack, urlEnv: HOOK }',
          `{ name: b, shape: pagerduty, routingKeyFile: ${file} }`,
          '{ name: c, shape: pagerduty, routingKeyEnv: KEY, url: "https://events.eu.pagerduty.com/v2/enqueue" }',
        ],
        { HOOK: 'https://hooks.example/s3cret', KEY: 'k3y' },
      );
      expect(slack?.url.reveal()).toBe('https://hooks.example/s3cret');
      expect(pager?.url.reveal()).toBe('https://events.pagerduty.com/v2/enqueue');
      expect(() => pager?.routingKey.reveal()).toThrow('receiver b');
      writeFileSync(file, 'rotated\n');
      expect(pager?.routingKey.reveal()).toBe('rotated');
      expect([eu?.url.reveal(), eu?.routingKey.reveal()]).toEqual([
        'https://events.eu.pagerduty.com/v2/enqueue',
        'k3y',
      ]);
      expect(JSON.stringify([slack, eu])).not.toMatch(/s3cret|k3y/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('a variable that is not set is told by name when it is needed', () => {
    const [slack] = receiversOf(['{ name: a, shape: slack, urlEnv: HOOK }']);
    expect(() => slack?.url.reveal()).toThrow('receiver a: the variable HOOK is not set');
  });

  it.each([
    ['{ name: a, shape: slack }', 'notify.receivers[0]: neither urlEnv nor urlFile is there'],
    ['{ name: a, shape: generic, urlEnv: A, urlFile: b }', 'notify.receivers[0]: urlEnv and urlFile are both set'],
    [
      '{ name: a, shape: pagerduty, urlEnv: A }',
      'notify.receivers[0]: neither routingKeyEnv nor routingKeyFile is there',
    ],
    [
      '{ name: a, shape: pagerduty, urlEnv: A }',
      'notify.receivers[0].urlEnv: a receiver of shape pagerduty has no urlEnv',
    ],
    [
      '{ name: a, shape: slack, urlEnv: A, url: "https://hooks.example/x" }',
      'notify.receivers[0].url: a receiver of shape slack has no url',
    ],
    ['{ name: A b, shape: slack, urlEnv: A }', 'notify.receivers[0].name: is not a name of a-z'],
    [
      '{ name: a, shape: slack, urlEnv: LAKEHAUL_HOOK }',
      'notify.receivers[0].urlEnv: is not the name of an environment variable of your own',
    ],
    ['{ name: a, shape: teams, urlEnv: A }', 'notify.receivers[0].shape: is not one of generic, slack, pagerduty'],
  ])('%s is refused', (receiver, problem) => {
    expect(problemsOf(receiver).join('\n')).toContain(problem);
  });

  it('two receivers of one name are refused: what was sent is kept under it', () => {
    const [one, two] = ['{ name: a, shape: slack, urlEnv: A }', '{ name: a, shape: slack, urlEnv: B }'];
    expect(problemsOf(one ?? '', two ?? '')).toEqual(['notify.receivers[1].name: is the name of an earlier receiver']);
  });
});
