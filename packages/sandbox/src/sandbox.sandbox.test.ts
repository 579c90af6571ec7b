import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SandboxEndpoints, startSandbox } from './sandbox.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandbox-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('sandbox', () => {
  it('keeps objects, tables and credentials over a restart', async () => {
    const file = join(directory, 'rows.csv');
    await writeFile(file, 'id,name\n1,one\n2,two\n');
    const clouds = join(directory, 'clouds');
    const first = await startSandbox({ directory: clouds });
    await first.objects.write('lakehaul-ledger', 'k', Buffer.from('x'));
    expect(await first.load({ schema: 'public', table: 't', files: [file] })).toEqual({ rowCount: 2n });
    await first.stop();
    await using again = await startSandbox({ directory: clouds });
    expect(again.credentials).toEqual(first.credentials);
    expect(again.objects.stat('lakehaul-ledger', 'k')?.sizeBytes).toBe(1);
    expect(await again.load({ schema: 'public', table: 't', files: [file] })).toEqual({ rowCount: 2n });
  });

  it('refuses a directory that another process uses, and leaves that one alone', async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'main.ts'), '--directory', directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    try {
      const line = await Promise.race([
        new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
        exited.then((code) => Promise.reject(new Error(`the sandbox ended with ${code} before it listened`))),
      ]);
      const { endpoints } = JSON.parse(line) as { endpoints: SandboxEndpoints };
      await expect(startSandbox({ directory })).rejects.toThrow(/another sandbox uses/);
      const health = await fetch(`${endpoints.admin}/healthz`);
      expect(await health.json()).toEqual({ isHealthy: true });
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).toBe(0);
  });
});
