/** `lakehaul throttle` and GET /v1/throttle: what was read, what was decided, and what may be set. */
import { z } from 'zod';
import { calibration } from './calibration.ts';
import { count, said, utcTime } from './common.ts';

const verdict = z.enum(['ok', 'warn', 'stop']).describe('warn: slots are halved; stop: no UNLOAD starts');
const change = z.enum(['start', 'fall', 'stop', 'resume', 'climb', 'hold']);
const maybeNumber = z.number().nullable();

export const THROTTLE_JSON = z.strictObject({
  isGoverned: z.boolean().describe('false: no reading for five minutes; what follows is the last that is known'),
  asOf: utcTime.nullable().describe('of the last record'),
  slots: count.nullable().describe('UNLOADs that may run at once; null: nobody has decided yet'),
  winner: said.nullable().describe('the first check that is not ok'),
  reason: said.nullable(),
  blackout: said.nullable().describe('the one that is on now, heeded or not'),
  calibration,
  checks: z.array(
    z.strictObject({
      name: said,
      value: maybeNumber.describe('null: not readable here'),
      limit: maybeNumber,
      unit: z.enum(['ms', 'count', 'percent', 'flag']),
      verdict,
      reason: said,
    }),
  ),
  settings: z.array(
    z.strictObject({
      name: said,
      value: count.describe('in force: ms, a count, percent, or 0 and 1'),
      configured: count,
      isSet: z.boolean().describe('by a person, while the fleet runs'),
      kind: z.enum(['duration', 'count', 'percent', 'flag']),
      least: count,
      most: count,
      doc: said,
    }),
  ),
  history: z
    .array(
      z.strictObject({
        at: utcTime,
        slots: count,
        change,
        winner: said.nullable(),
        reason: said,
        canaryMs: count.nullable(),
        queueTimeMs: maybeNumber,
      }),
    )
    .describe('of today and yesterday, oldest first'),
});
