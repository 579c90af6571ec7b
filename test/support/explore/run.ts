/** `npm run explore -- --switches 3 --faults 1`: the explorer to any depth, with its figures; `--compare` with one that leaves nothing out. */
import { parseArgs } from 'node:util';
import { comparePlain } from './compare.ts';
import { exploreTwoWorkers, printed, report, SCENARIOS, type TwoWorkers } from './one-chunk.ts';

const { values } = parseArgs({
  options: {
    switches: { type: 'string', default: '3' },
    faults: { type: 'string', default: '1' },
    scenario: { type: 'string' },
    'never-killed': { type: 'boolean', default: false },
    late: { type: 'boolean', default: false },
    compare: { type: 'boolean', default: false },
    steps: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '60' },
  },
});
const scenarios = SCENARIOS.filter((name) => values.scenario === undefined || name === values.scenario);
for (const scenario of scenarios) {
  const startMs = performance.now();
  const request = {
    scenario,
    options: { isNeverKilled: values['never-killed'] },
    hasLateRows: values.late,
    workerSteps: Number(values.steps),
    switches: Number(values.switches),
    faults: Number(values.faults),
    longestMs: Number(values.minutes) * 60_000,
  };
  if (values.compare) await compare(request);
  else await search(request, startMs);
}

async function search(request: TwoWorkers, startMs: number): Promise<void> {
  const result = await exploreTwoWorkers(request);
  const name = `${request.scenario}, ${request.switches} switches, ${request.faults} faults`;
  process.stdout.write(`${report({ result, name, ms: performance.now() - startMs })}\n`);
  if (result.counterexample !== null) process.stdout.write(`${printed(result.counterexample)}\n`);
  if (result.counterexample !== null || !result.isComplete) process.exitCode = 1;
}

async function compare(request: TwoWorkers): Promise<void> {
  const { plain, reduced, ends, lost, invented } = await comparePlain(request);
  const isComplete = plain.isComplete && reduced.isComplete;
  process.stdout.write(
    `${request.scenario}: ${ends} ends, ${lost.length} lost, ${invented.length} invented${isComplete ? '' : ', NOT COMPLETE'}; ${plain.moments} moments with nothing left out, ${reduced.moments} as explored\n`,
  );
  if (!isComplete || lost.length + invented.length > 0) process.exitCode = 1;
}
