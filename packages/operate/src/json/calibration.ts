/** How fast the source unloads, as it was measured on the first chunks of big tables. */
import { z } from 'zod';
import { count, wholeText } from './common.ts';

export const calibration = z
  .strictObject({
    chunks: count.describe('that were measured'),
    atOnce: count.describe('most of them that ran at the same time'),
    bytesPerSecond: wholeText.describe('planned bytes, all of them together'),
    bytesPerSecondPerSlice: wholeText.nullable().describe('null: serverless, or STV_SLICES shows none'),
    fastestBytesPerSecond: wholeText.describe('of one UNLOAD'),
    slowestBytesPerSecond: wholeText,
    slices: count.nullable(),
    nodes: count.nullable(),
  })
  .nullable()
  .describe('how fast the source unloads; null: no big table was begun (calibration.minTableBytes)');
