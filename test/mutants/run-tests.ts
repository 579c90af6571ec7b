/** Runs test files of one project in a copy of the tree, until the first failure, and tells how they ended. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectOf } from './mutant.ts';

export type Ended =
  | { how: 'passed'; tests: number; seconds: number }
  /** `test` is the full name of the first one that failed. */
  | { how: 'failed'; test: string; seconds: number }
  /** No test of the file ran: it could not be loaded, or was never there. That catches nothing. */
  | { how: 'broken'; reason: string; seconds: number };

/** A file, beyond any test's own time-out, on a busy machine. What does not end catches nothing: it may be the machine. */
const LONGEST_MS = { unit: 180_000, sandbox: 600_000, fleet: 900_000 };

interface Report {
  testResults: {
    message?: string;
    assertionResults: { fullName: string; status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled' }[];
  }[];
}

export async function runTestFiles(directory: string, files: readonly string[]): Promise<Ended> {
  const project = projectOf(files[0] ?? '');
  const reportFile = join(directory, 'mutants-report.json');
  rmSync(reportFile, { force: true });
  const startedMs = performance.now();
  const vitest = join(directory, 'node_modules', 'vitest', 'vitest.mjs');
  const args = ['run', '--project', project, ...files, '--bail=1', '--reporter=json', `--outputFile=${reportFile}`];
  // CI: a snapshot that is missing is a failure and is not written.
  const output = await spawned(vitest, args, directory, LONGEST_MS[project] * files.length);
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  if (output === null) return { how: 'broken', reason: 'it did not end', seconds };
  if (!existsSync(reportFile)) return { how: 'broken', reason: output.slice(-2_000), seconds };
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  const tests = report.testResults.flatMap((result) => result.assertionResults);
  const failed = tests.find((test) => test.status === 'failed');
  if (failed !== undefined) return { how: 'failed', test: failed.fullName, seconds };
  const message = report.testResults
    .map((result) => result.message ?? '')
    .join('\n')
    .trim();
  const passed = tests.filter((test) => test.status === 'passed').length;
  if (report.testResults.length < files.length || passed === 0 || message !== '')
    return { how: 'broken', reason: message || 'no test ran', seconds };
  return { how: 'passed', tests: passed, seconds };
}

/** What it printed; null when it had to be killed. */
function spawned(script: string, args: string[], cwd: string, longestMs: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      env: { ...process.env, CI: '1', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a file's child processes end with it.
      detached: true,
    });
    let output = '';
    let isKilled = false;
    const timer = setTimeout(() => {
      isKilled = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, longestMs);
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(isKilled ? null : output);
    });
  });
}
