import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '@lakehaul/sandbox';
import { expect, it } from 'vitest';
import { runCommand } from '../run-command.ts';

it('a demo that runs is not forgotten under its feet: --reset is refused, and its state stays', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-demo-'));
  const kept = join(directory, 'lakehaul.yaml');
  writeFileSync(kept, 'of the first');
  await using _clouds = await startSandbox({ directory: join(directory, 'clouds') });
  let stderr = '';
  const status = await runCommand({
    ...{ argv: ['demo', '--reset', '--exit', '--directory', directory], env: {}, signal: AbortSignal.abort() },
    ...{ stdout: { write: () => true }, stderr: { write: (text) => (stderr += text) } },
  });
  expect([status, existsSync(kept)]).toEqual([2, true]);
  expect(stderr).toContain('another sandbox uses');
  rmSync(directory, { recursive: true, force: true });
});
