/** Errors as RFC 9457 problems with our codes. What is not ours is told as INTERNAL, without its words. */
import { asLakehaulError, type ErrorCode, LakehaulError } from '@lakehaul/core';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';

export const PROBLEM_JSON = z.strictObject({
  type: z.string().describe('the code’s entry in the runbook'),
  title: z.string().describe('the code in words'),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  where: z.string().describe('table, chunk or place; may be empty'),
  next: z.string().describe('what to do'),
  requestId: z.string(),
  mistakes: z
    .array(z.strictObject({ at: z.string(), message: z.string() }))
    .optional()
    .describe('of REQUEST_INVALID'),
});

export type Problem = z.input<typeof PROBLEM_JSON>;
export const PROBLEM_TYPE = 'application/problem+json';

const STATUS: Partial<Record<ErrorCode, number>> = {
  REQUEST_INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  KEY_REUSED: 409,
  CHUNK_NOT_QUARANTINED: 409,
  USAGE: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL: 500,
};

/** What is not in the table: the platforms are away or in a state that only a person can settle. */
export function statusOf(error: LakehaulError): number {
  return STATUS[error.code] ?? (error.disposition === 'refuse' ? 409 : 503);
}

/** Refused before or by a rule: the same request again gets the same answer. */
export function isRefusal(error: LakehaulError): boolean {
  const status = statusOf(error);
  return status >= 400 && status < 500 && status !== 429;
}

export function problemOf(thrown: unknown, requestId: string): Problem {
  const { error, mistakes } = translated(thrown);
  const status = statusOf(error);
  return {
    type: `urn:lakehaul:error:${error.code}`,
    title: error.code.toLowerCase().replaceAll('_', ' '),
    status,
    code: error.code,
    // Words that we did not write may hold anything.
    detail:
      error.code === 'INTERNAL' ? 'an error of the service itself; its log has it under the request id' : error.message,
    where: error.where,
    next: error.next,
    requestId,
    ...(mistakes === undefined ? {} : { mistakes }),
  };
}

function translated(thrown: unknown): { error: LakehaulError; mistakes?: Problem['mistakes'] } {
  if (thrown instanceof LakehaulError) return { error: thrown };
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const place = thrown.validationContext ?? 'request';
    const mistakes = thrown.validation.map((each) => ({
      at: `${place}${each.instancePath}`,
      message: each.message ?? '',
    }));
    return {
      error: new LakehaulError('REQUEST_INVALID', mistakes.map(({ at, message }) => `${at}: ${message}`).join('; ')),
      mistakes,
    };
  }
  // Fastify's own refusals: a body that is too large, no JSON, of another content type.
  const { statusCode, message } = thrown as { statusCode?: number; message?: string };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return { error: new LakehaulError('REQUEST_INVALID', message ?? 'not understood') };
  return { error: asLakehaulError(thrown) };
}
