import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../run-command.ts';

const SANDBOX = join(import.meta.dirname, '../../../sandbox/src/main.ts');

it('a demo that runs is not forgotten under its feet: --reset is refused, and its state stays', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-demo-'));
  const kept = join(directory, 'lakehaul.yaml');
  writeFileSync(kept, 'of the first');
  // Of another process: within one the engine would be shared.
  const args = ['--import', 'tsx', SANDBOX, '--directory', join(directory, 'clouds')];
  const other = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(other.stdout, 'data');
    let stderr = '';
    const status = await runCommand({
      ...{ argv: ['demo', '--reset', '--exit', '--directory', directory], env: {}, signal: AbortSignal.abort() },
      ...{ stdout: { write: () => true }, stderr: { write: (text: string) => (stderr += text) } },
    });
    expect([status, existsSync(kept)]).toEqual([2, true]);
    expect(stderr).toContain('another sandbox uses');
  } finally {
    const over = once(other, 'exit');
    other.kill('SIGTERM');
    await over;
    rmSync(directory, { recursive: true, force: true });
  }
});
