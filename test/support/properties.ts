/**
 * `npm run properties -- [--rounds N] [--project unit|sandbox] [FILE…]`: the property tests with a new seed in each round. Prints one line a
 * round, and as its last line `{rounds, files, failed: [{seed, tests}]}`; exit code 1 when a round failed. A finding is run again with
 * LAKEHAUL_SEED=seed, and its counterexample becomes a test of its own.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '10' }, project: { type: 'string', default: 'unit' } },
});
const files = positionals.length > 0 ? positionals : filesWithProperties(values.project);
const failed: { seed: number; tests: string[] }[] = [];
const rounds = Number(values.rounds);
for (let round = 1; round <= rounds; round++) {
  const seed = randomInt(1, 2 ** 31 - 1);
  const run = spawnSync('npx', ['vitest', 'run', '--project', values.project, '--reporter', 'json', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, LAKEHAUL_SEED: String(seed) },
  });
  const tests = run.status === 0 ? [] : failedTests(run.stdout);
  if (run.status !== 0) failed.push({ seed, tests });
  console.log(
    `round ${round} of ${rounds}, seed ${seed}: ${run.status === 0 ? 'passed' : `FAILED ${tests.join('; ')}`}`,
  );
}
console.log(JSON.stringify({ rounds, files: files.length, failed }));
process.exitCode = failed.length > 0 ? 1 : 0;

function filesWithProperties(project: string): string[] {
  const isOfProject = (file: string) => file.endsWith('.sandbox.test.ts') === (project === 'sandbox');
  return ['packages', 'services', 'test']
    .flatMap((directory) =>
      readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((file) => join(directory, file)),
    )
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules') && isOfProject(file))
    .filter((file) => readFileSync(file, 'utf8').includes('fc.assert('))
    .sort();
}

function failedTests(report: string): string[] {
  interface Report {
    testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[];
  }
  const { testResults } = JSON.parse(report.slice(report.indexOf('{'))) as Report;
  return testResults
    .flatMap((file) => file.assertionResults)
    .filter((test) => test.status === 'failed')
    .map((test) => test.fullName);
}
