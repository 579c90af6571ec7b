/** `drill`: what was injected, what became of the rows, how long the way back took. */
import { count, said, text, wholeText } from '@lakehaul/operate';
import { z } from 'zod';

const seconds = z.number().min(0);

const drillResult = z.strictObject({
  drill: said,
  seed: count.describe('the same seed is the same schedule'),
  injected: z.array(said),
  isEqual: z.boolean().describe('rows equal, live rows untouched, nothing falsely verified, all proven and sealed'),
  failure: said.nullable(),
  chunks: count,
  verified: count,
  lost: wholeText.describe('rows of the source that the target lacks'),
  doubled: wholeText.describe('rows of the target that the source lacks, with multiplicity'),
  falselyVerified: count.describe('chunks called verified while their rows were not equal'),
  liveWritten: count,
  foreignTouched: wholeText.describe('live rows missing, changed or doubled'),
  restarts: count.describe('processes that ended and were started again'),
  unloadsSubmitted: count,
  unloadsRepeated: count.describe('submitted although there was a receipt'),
  recoverySeconds: seconds
    .nullable()
    .describe('from the end of the last injection until every chunk was proven; null when that never came'),
  hits: count.describe('how often what was injected met work in flight; 0 is a failed drill'),
  unproven: z.array(said).describe('chunks that are not proven, with what their newest attempt has'),
  durationSeconds: seconds,
  log: z.array(text).describe('the newest log lines of the fleet, when something was wrong'),
});

export const DRILL_JSON = z.strictObject({
  drills: z.array(drillResult),
  summary: z.strictObject({
    drills: count,
    equal: count,
    lost: wholeText,
    doubled: wholeText,
    falselyVerified: count,
    foreignTouched: wholeText,
    failures: z.array(z.strictObject({ drill: said, seed: count })),
    recoverySecondsP50: seconds,
    recoverySecondsP95: seconds,
  }),
});

export const DRILL_LIST_JSON = z.strictObject({
  drills: z.array(z.strictObject({ name: said, needsRedis: z.boolean(), question: said })),
});
