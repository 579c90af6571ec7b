import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeEnvFile } from './env-file.ts';

it('a shell that reads the file knows everything that a second terminal needs, whatever the directory is called', async () => {
  const directory = mkdtempSync(join(tmpdir(), "it's $HOME `here` "));
  const credentials = { accessKeyId: 'id', secretAccessKey: 'a b', token: 't' };
  const path = await writeEnvFile({ directory, credentials, controlUrl: 'http://127.0.0.1:1' });
  const names = ['AWS_SECRET_ACCESS_KEY', 'LAKEHAUL_CONFIG', 'LAKEHAUL_CONTROL_TOKEN_FILE', 'LAKEHAUL_CONTROL_URL'];
  const script = `. "$1"; for name in ${names.join(' ')}; do eval "printf '%s\\n' \\"\\$$name\\""; done`;
  const told = execFileSync('sh', ['-c', script, 'sh', path], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(told).toEqual([
    'a b',
    join(directory, 'lakehaul.yaml'),
    join(directory, 'token.operator'),
    'http://127.0.0.1:1',
  ]);
  expect(statSync(path).mode & 0o077).toBe(0);
  rmSync(directory, { recursive: true });
});
