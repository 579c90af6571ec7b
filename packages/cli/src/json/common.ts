/**
 * What `--json` prints, in common. The shapes are strict: an unknown key is a mistake of ours. 64-bit numbers are decimal
 * text, sizes are bytes, times are ISO 8601 in UTC. docs/json-output.md is written from the shapes.
 */
import { said, text } from '@lakehaul/operate';
import { z } from 'zod';
import type { Terminal } from '../print/terminal.ts';

/** One document that a verb prints on stdout with `--json`. */
export interface JsonOutput {
  /** As typed, without `--json`: `status`, `sandbox sql`. */
  command: string;
  says: string;
  shape: z.ZodType;
}

export const problem = z.strictObject({
  code: said,
  message: said,
  where: text,
  next: said,
  runbook: said,
});

/** On stdout instead of the answer when a verb stops with an error; the exit code tells the kind. */
export const ERROR_JSON = z.strictObject({ error: problem });

export const queueStore = z.enum(['redis', 'embedded-postgres']);

/** One document. The compiler holds the value against the shape, the tests hold real output against it. */
export function printJson<Shape extends z.ZodType>(
  terminal: Pick<Terminal, 'out'>,
  shape: Shape,
  value: z.input<Shape>,
  options: { isOneLine?: boolean } = {},
): void {
  void shape;
  terminal.out(JSON.stringify(value, null, options.isOneLine === true ? 0 : 2));
}
