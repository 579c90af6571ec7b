/** `npm run explore -- --switches 3 --faults 1`: the explorer to any depth, with its figures. */
import { parseArgs } from 'node:util';
import { exploreTwoWorkers, printed, report, SCENARIOS } from './one-chunk.ts';

const { values } = parseArgs({
  options: {
    switches: { type: 'string', default: '3' },
    faults: { type: 'string', default: '1' },
    scenario: { type: 'string' },
    'never-killed': { type: 'boolean', default: false },
    late: { type: 'boolean', default: false },
    steps: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '60' },
  },
});
const scenarios = SCENARIOS.filter((name) => values.scenario === undefined || name === values.scenario);
for (const scenario of scenarios) {
  const startMs = performance.now();
  const result = await exploreTwoWorkers({
    scenario,
    options: { isNeverKilled: values['never-killed'] },
    hasLateRows: values.late,
    workerSteps: Number(values.steps),
    switches: Number(values.switches),
    faults: Number(values.faults),
    longestMs: Number(values.minutes) * 60_000,
  });
  process.stdout.write(`${report({ result, name: scenario, ms: performance.now() - startMs })}\n`);
  if (result.counterexample !== null) process.stdout.write(`${printed(result.counterexample)}\n`);
  if (result.counterexample !== null || !result.isComplete) process.exitCode = 1;
}
