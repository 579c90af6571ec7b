import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ReceiverServer, startReceiver } from '../../../../test/support/receiver-server.ts';
import { NOTIFY_TEST_JSON } from '../json/surroundings.ts';
import { createTerminal } from '../print/terminal.ts';
import { notify } from './notify.ts';

const KEY = 'k3y'.padEnd(32, '0');
let directory = '';
let server: ReceiverServer;
beforeAll(async () => {
  server = await startReceiver();
  directory = mkdtempSync(join(tmpdir(), 'lakehaul-notify-'));
  const text = `migration: small
source: { kind: serverless, workgroupName: wg, region: us-east-1, database: dev, unloadRoleArn: default }
staging: { bucket: stage-1, region: us-east-1 }
ledger: { bucket: ledger-1, region: us-east-1 }
target: { host: dbc.example.com, httpPath: /sql/1.0/warehouses/1, catalog: main, auth: { kind: token } }
tables: { include: [public.*] }
notify:
  receivers:
    - { name: channel, shape: slack, urlEnv: HOOK }
    - { name: pager, shape: pagerduty, minSeverity: critical, routingKeyEnv: KEY, url: "${server.url}/enqueue" }
`;
  writeFileSync(join(directory, 'lakehaul.yaml'), text);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  server.received.length = 0;
  server.answer = { status: 202 };
});

async function run(operands: string[], flags: Record<string, boolean> = {}) {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const env = { HOOK: `${server.url}/s3cret`, KEY };
  const status = await notify.run({
    operands,
    flags: { config: join(directory, 'lakehaul.yaml'), ...flags },
    terminal: createTerminal({ write }, { write }, env),
    env,
    signal: new AbortController().signal,
  });
  return { status, out };
}

it('sends one message to each receiver, whatever its severity, and says so', async () => {
  const { status, out } = await run(['test']);
  expect({ status, out }).toEqual({ status: 0, out: 'sent  channel (slack)\nsent  pager (pagerduty)\n' });
  expect(server.received.map(({ path }) => path).sort()).toEqual(['/enqueue', '/s3cret']);
  expect(server.received.find(({ path }) => path === '/enqueue')?.body).toMatchObject({
    ...{ routing_key: KEY, event_action: 'trigger', payload: { severity: 'info', class: 'test' } },
  });
});

it('one receiver alone; another name is refused before anything is sent', async () => {
  await run(['test', 'channel']);
  expect(server.received).toHaveLength(1);
  await expect(run(['test', 'nobody'])).rejects.toThrow('nobody is no receiver');
  await expect(run([])).rejects.toThrow('is not known');
  expect(server.received).toHaveLength(1);
});

it('a refusal is told with its code, without the secret, and is exit code 1', async () => {
  server.answer = { status: 404 };
  const { status, out } = await run(['test'], { json: true });
  expect(status).toBe(1);
  const { receivers } = NOTIFY_TEST_JSON.parse(JSON.parse(out));
  expect(receivers.map(({ isSent, problem }) => [isSent, problem?.code])).toEqual([
    [false, 'CREDENTIALS_REJECTED'],
    [false, 'CREDENTIALS_REJECTED'],
  ]);
  expect(out).not.toMatch(/s3cret|k3y/);
});

it('a dry run prints the messages without the key and sends nothing', async () => {
  const { status, out } = await run(['test'], { 'dry-run': true });
  expect(status).toBe(0);
  expect(out).toContain('channel (slack) would get {"text":"small: this is a test');
  expect(out).toContain('"routing_key":"[redacted]"');
  expect(server.received).toEqual([]);
});
