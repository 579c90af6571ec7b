import { randomInt } from 'node:crypto';
import { DRILLS } from '../drill/catalogue.ts';
import { chooseDrills } from '../drill/choose-drills.ts';
import { drillOutcome, drillText, summarize, summaryText } from '../drill/drill-report.ts';
import { findRedis, openDrillStage } from '../drill/drill-stage.ts';
import { type DrillResult, runDrill } from '../drill/run-drill.ts';
import { printJson } from '../json/common.ts';
import { DRILL_JSON, DRILL_LIST_JSON } from '../json/drill.ts';
import { table } from '../print/table.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall, wholeNumber } from '../verb.ts';

const MAX_SEED = 1_000_000;

export const drill: Verb = {
  name: 'drill',
  operands: '[NAME]',
  summary: 'misfortune on purpose: a whole fleet on the local clouds, judged by an independent check',
  example: 'lakehaul drill sigkill --seed 17',
  details: [
    'Real processes and a real Redis haul a small table with live rows arriving, while what the drill says goes wrong.',
    'The seed is the schedule: victims and moments are drawn from it. --list shows the drills.',
    'Ends with 1 when a row was lost, doubled or touched, a chunk called verified that is not equal, or an UNLOAD submitted again;',
    'else with 4 when not all was proven and sealed within the limit, or nothing that was injected met work in flight.',
  ],
  flags: [
    { name: 'seed', value: 'S', doc: 'of the first drill; random when absent, and printed' },
    { name: 'count', value: 'N', doc: 'drills, with the seeds S, S+1, …', default: '1' },
    { name: 'limit', value: 'SECONDS', doc: 'a drill that is not proven and sealed by then has failed', default: '60' },
    { name: 'list', doc: 'show the drills and what each asks' },
    ...COMMON_FLAGS.filter((flag) => flag.name !== 'config'),
  ],
  json: [
    {
      command: 'drill',
      says: 'What each drill injected, lost and took to recover, and the sum of all.',
      shape: DRILL_JSON,
    },
    { command: 'drill --list', says: 'The drills, and which can do without Redis.', shape: DRILL_LIST_JSON },
  ],
  async run(call) {
    if (call.flags['list'] === true) return list(call);
    const path = call.env['PATH'] ?? '';
    const plans = chooseDrills({
      name: call.operands[0],
      seed: call.flags['seed'] === undefined ? randomInt(1, MAX_SEED) : wholeNumber('seed', call.flags['seed']),
      count: wholeNumber('count', call.flags['count']),
      hasRedis: (await findRedis(path)) !== null,
    });
    const limitMs = wholeNumber('limit', call.flags['limit']) * 1_000;
    call.terminal.talk('starting the local clouds');
    await using stage = await openDrillStage(path);
    const results: DrillResult[] = [];
    for (const plan of plans) {
      if (call.signal.aborted) break;
      call.terminal.talk(`drill ${plan.drill} --seed ${plan.seed} …`);
      const result = await runDrill(stage, plan, { limitMs, signal: call.signal });
      results.push(result);
      if (call.flags['json'] !== true) call.terminal.out(drillText(result));
    }
    const summary = summarize(results);
    if (call.flags['json'] === true) printJson(call.terminal, DRILL_JSON, { drills: results, summary });
    else if (plans.length > 1) call.terminal.out(summaryText(summary));
    return EXIT[drillOutcome(results, plans.length)];
  },
};

function list(call: VerbCall): number {
  const rows = DRILLS.map(({ name, needsRedis, question }) => ({ name, needsRedis, question }));
  if (call.flags['json'] === true) printJson(call.terminal, DRILL_LIST_JSON, { drills: rows });
  else
    call.terminal.out(
      table(
        rows,
        [
          { title: 'drill', text: (row) => row.name },
          { title: 'redis', text: (row) => (row.needsRedis ? 'needed' : 'or not') },
          { title: 'question', text: (row) => row.question, isFlexible: true, isWrapped: true },
        ],
        call.terminal.columns,
      ),
    );
  return EXIT.done;
}
