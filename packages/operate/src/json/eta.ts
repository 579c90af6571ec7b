/** When it will be done, as machines are told. */
import { z } from 'zod';
import type { Forecast } from '../forecast/forecast.ts';
import { said, utcTime, wholeText } from './common.ts';

export const eta = z
  .strictObject({
    state: z
      .enum(['forecast', 'done', 'held', 'unknown'])
      .describe('held: a pause, a limit, a stop or a person is waited for'),
    p50: utcTime.nullable().describe('as likely before as after'),
    p90: utcTime.nullable().describe('nine times of ten before'),
    reason: said.nullable().describe('why there are no times'),
    basis: z
      .enum(['proofs', 'calibration'])
      .nullable()
      .describe('calibration: UNLOADs of the first big chunks alone, before there are proofs; then there is no P90'),
    bytesPerSecond: wholeText.nullable().describe('proven, mean of the last week'),
    leftBytes: wholeText.describe('planned bytes still to be proven, without chunks that wait for a person'),
    plannedDate: utcTime.nullable(),
    isLate: z.boolean().nullable().describe('P90 is after the planned date; without a P90 true when P50 is, else null'),
  })
  .describe('when everything will be proven, from what was really moved');

export function etaJson(forecast: Forecast): z.input<typeof eta> {
  const { state, reason, bytesPerSecond, isLate } = forecast;
  return {
    ...{ state, p50: timeText(forecast.p50Ms), p90: timeText(forecast.p90Ms), reason, basis: forecast.basis },
    bytesPerSecond: bytesPerSecond === null ? null : BigInt(Math.round(bytesPerSecond)).toString(),
    leftBytes: forecast.leftBytes.toString(),
    plannedDate: timeText(forecast.plannedMs),
    isLate,
  };
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
