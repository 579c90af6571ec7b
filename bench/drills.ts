/**
 * Seeded whole-fleet drills, resumable: `npm run drills -- --count 200`. Each result is one line of the results file, and
 * seeds that are in there are not drilled again, so a second call goes on where the first one stopped.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseDrills } from '../packages/cli/src/drill/choose-drills.ts';
import { type DrillRow, drillText, summarize } from '../packages/cli/src/drill/drill-report.ts';
import { findRedis, openDrillStage } from '../packages/cli/src/drill/drill-stage.ts';
import { runDrill } from '../packages/cli/src/drill/run-drill.ts';

/** A process leaks a little with each drill (the sandbox remembers its statements); a fresh stage costs two seconds. */
const DRILLS_PER_STAGE = 50;

export async function bench(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      results: { type: 'string', default: '.lakehaul/drills.jsonl' },
      limit: { type: 'string', default: '120' },
    },
  });
  const path = process.env['PATH'] ?? '';
  if ((await findRedis(path)) === null) throw new Error('the drills need redis-server or valkey-server on the PATH');
  const plans = chooseDrills({
    name: undefined,
    seed: Number(values.seed),
    count: Number(values.count),
    hasRedis: true,
  });
  const done = readResults(values.results);
  const left = plans.filter((plan) => !done.has(plan.seed));
  console.error(`${plans.length - left.length} of ${plans.length} drills are in ${values.results} already`);
  mkdirSync(dirname(values.results), { recursive: true });
  const options = { limitMs: Number(values.limit) * 1_000, signal: new AbortController().signal };
  while (left.length > 0) {
    await using stage = await openDrillStage(path);
    for (const plan of left.splice(0, DRILLS_PER_STAGE)) {
      const result = await runDrill(stage, plan, options);
      done.set(plan.seed, result);
      appendFileSync(values.results, `${JSON.stringify(result)}\n`);
      console.error(drillText(result));
    }
  }
  const { failures, equal, ...numbers } = summarize(plans.flatMap((plan) => done.get(plan.seed) ?? []));
  return { ...numbers, equal, failures: failures.map(({ seed }) => seed) };
}

function readResults(file: string): Map<number, DrillRow> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').split('\n');
  // The last line may be cut: a killed run is what this is for.
  const rows = lines.flatMap((line): DrillRow[] => {
    try {
      return [JSON.parse(line) as DrillRow];
    } catch {
      return [];
    }
  });
  return new Map(rows.map((row) => [row.seed, row]));
}
