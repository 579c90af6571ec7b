/**
 * Shapes in common of what is told to machines, by `--json` and by the API. They are strict: an unknown key is a mistake of
 * ours. 64-bit numbers are decimal text, sizes are bytes, times are ISO 8601 in UTC.
 */
import { JOURNEY } from '@lakehaul/core';
import { z } from 'zod';

/** The title is how docs/json-output.md names the type. */
export const wholeText = z.string().regex(/^\d+$/).meta({ title: 'whole number as text' });
export const sumText = z
  .string()
  .regex(/^-?\d+$/)
  .meta({ title: 'whole number as text' });
/** Empty where nobody knows: rows that could not be named have no counts. */
export const maybeWholeText = z.string().regex(/^\d*$/).meta({ title: 'whole number as text, empty when not known' });
export const count = z.int().min(0).meta({ title: 'whole number' });
export const utcTime = z.iso.datetime().meta({ title: 'time, ISO 8601 UTC' });
export const sourceTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)
  .meta({ title: 'time of the source’s clock, UTC' });
export const text = z.string();
export const said = z.string().min(1);

export const level = z.enum(['count', 'carried', 'sampled', 'full']);
const stageNames = JOURNEY.map((row) => row.stage);
/** Where a chunk stands; packages/core/src/journey.ts says what each stage means. */
export const chunkStage = z.enum(stageNames);

export const reason = z.strictObject({ code: said, reason: said, next: said });
export const decision = z.strictObject({ verdict: z.enum(['GO', 'HOLD', 'NO_GO']), reasons: z.array(reason) });
export const evidence = z.enum(['PASS', 'FAIL']);
