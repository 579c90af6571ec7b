/** The README's first command as a newcomer runs it, twice on the same state, on both queue stores. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_JSON } from '../../packages/cli/src/json-shapes.ts';

const ROOT = join(import.meta.dirname, '../..');
let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'lakehaul-demo-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The same programs, less every Redis. */
function pathWithoutRedis(): string {
  const folder = join(scratch, 'bin');
  mkdirSync(folder);
  for (const from of (process.env['PATH'] ?? '').split(delimiter))
    for (const name of listed(from))
      if (!/^(redis|valkey)/.test(name)) {
        try {
          symlinkSync(join(from, name), join(folder, name));
        } catch {
          // An earlier folder of the PATH has it.
        }
      }
  return folder;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function demo(directory: string, path: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const { LAKEHAUL_REDIS_URL: _none, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(
      join(ROOT, 'lakehaul'),
      ['demo', '--json', '--exit', '--rows', '3000', '--directory', join(scratch, directory)],
      { env: { ...env, PATH: path }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('error', reject);
    child.on('exit', (status) => resolve({ status, stdout, stderr }));
  });
}

describe('lakehaul demo', () => {
  it.each([
    ['redis', () => process.env['PATH'] ?? ''],
    ['embedded-postgres', pathWithoutRedis],
  ])('with %s ends as HOLD on evidence PASS, and hauls nothing twice', async (queueStore, path) => {
    const place = path();
    const first = await demo(queueStore, place);
    expect(first.stderr).not.toMatch(/warning/i);
    expect(first.status, first.stderr).toBe(0);
    const result = DEMO_JSON.parse(JSON.parse(first.stdout));
    expect(result).toMatchObject({ queueStore, evidence: 'PASS', decision: { verdict: 'HOLD' } });
    expect(result.decision.reasons.map((reason) => reason.code)).toEqual([
      'PERFORMANCE_NOT_MEASURED',
      'QUERIES_NOT_VALIDATED',
    ]);
    expect(result.unloadsStarted).toBeGreaterThan(0);
    expect(result.live.written).toBeGreaterThan(0);
    expect(result.live).toMatchObject({ unchanged: result.live.written, found: result.live.written });
    // The planted change was found and repaired, and nothing else was touched.
    expect(result.tables.map((table) => table.repaired).reduce((sum, each) => sum + each, 0)).toBe(1);
    for (const table of result.tables)
      expect(table).toMatchObject({ verified: table.chunks, mismatched: 0, quarantined: 0 });

    const second = await demo(queueStore, place);
    expect(second.status, second.stderr).toBe(0);
    const again = DEMO_JSON.parse(JSON.parse(second.stdout));
    expect(again).toMatchObject({ unloadsStarted: 0, evidence: 'PASS', totals: result.totals });
    expect(again.live).toMatchObject({ unchanged: again.live.written, found: again.live.written });
  });
});
