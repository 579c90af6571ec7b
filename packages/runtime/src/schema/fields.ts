/** Kinds of fields of lakehaul.yaml, each with the form that its refusal names. */
import { z } from 'zod';
import { DURATION_FORM, DURATION_PATTERN, parseDurationMs, parseSizeBytes, SIZE_FORM, SIZE_PATTERN } from '../units.ts';

export const text = () => z.string().min(1);
/** Patterns without flags: JSON Schema has none, and zod leaves them out of it silently. */
export const form = (pattern: RegExp, wanted: string) => z.string().regex(pattern, { error: `is not ${wanted}` });
export const whole = (min: number, max: number) => z.int().min(min).max(max);

interface ParsedForm<T> {
  wanted: string;
  parse: (text: string) => T | null;
  fromNumber: (value: number) => T | null;
  /** The same for editors: of a text, and the least whole number. */
  pattern: string;
  minimum: number;
}

/** A field written as text or number that becomes something else; the default is written as in the file. */
function parsed<T>({ wanted, parse, fromNumber, pattern, minimum }: ParsedForm<T>) {
  const number = z.number().meta({ type: 'integer', minimum, maximum: Number.MAX_SAFE_INTEGER });
  return z.union([z.string().meta({ pattern }), number]).transform((value, context): T => {
    const result = typeof value === 'string' ? parse(value) : fromNumber(value);
    if (result !== null) return result;
    context.addIssue({ code: 'custom', message: `is not ${wanted}` });
    return z.NEVER;
  });
}

export const sizeBytes = () =>
  parsed({
    wanted: SIZE_FORM,
    parse: parseSizeBytes,
    fromNumber: (value) => (Number.isSafeInteger(value) && value > 0 ? BigInt(value) : null),
    pattern: SIZE_PATTERN,
    minimum: 1,
  });
export const durationMs = () =>
  parsed({
    wanted: `${DURATION_FORM}, or milliseconds`,
    parse: parseDurationMs,
    fromNumber: (value) => (Number.isSafeInteger(value) && value >= 0 ? value : null),
    pattern: DURATION_PATTERN,
    minimum: 0,
  });

export const bucket = () =>
  form(/^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name (3 to 63 of a-z 0-9 . -)');
export const keyPrefix = () =>
  form(/^(?!\/)(?!.*\/\/)[A-Za-z0-9!_.*'()/-]{0,200}$/, 'a key prefix (no slash at its start, no empty part)');
export const region = () => form(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as eu-central-1');
export const endpoint = () => form(/^https?:\/\/[^\s/?#]+\/?$/, 'an http(s) URL without a path').exactOptional();
export const tablePattern = () => form(/^(\*|[^.]+\.[\s\S]+)$/, 'schema.table, with * for any run of characters');
