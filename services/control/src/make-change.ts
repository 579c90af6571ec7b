/** The way that every change over the API takes: dry run, or once and recorded, told in the log. */
import { LakehaulError } from '@lakehaul/core';
import { z } from 'zod';
import type { ControlDeps } from './deps.ts';
import { type Change, changeOnce } from './once.ts';
import { PROBLEM_TYPE } from './problem.ts';
import type { Call } from './route.ts';

/** In every change's body. Control characters would end up on the terminals of those who read the record. */
export const REASON = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}]{1,1000}$/u, 'must be 1 to 1,000 characters without control characters')
  .describe('Why: recorded with your name, what was before and what is after.');

export const DRY_RUN = z.boolean().default(false).describe('Tell what would be done and change nothing.');

interface ChangeBody {
  reason: string;
  dryRun: boolean;
}

export async function makeChange<Plan, Answer extends object>(
  deps: ControlDeps,
  call: Pick<Call<unknown, unknown, ChangeBody>, 'body' | 'principal' | 'request' | 'reply'>,
  change: Change<Plan, Answer> & { preview: () => Promise<Answer> },
): Promise<unknown> {
  const { body, principal, request, reply } = call;
  if (body.dryRun) return change.preview();
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string')
    throw new LakehaulError('REQUEST_INVALID', 'headers/idempotency-key: is missing', {
      next: 'Send an Idempotency-Key of your own choice, so that a repeated request changes nothing twice; or dryRun.',
    });
  const path = request.url.split('?')[0] ?? '';
  const answer = await changeOnce(
    deps.ledger,
    {
      ...{ who: principal.id, reason: body.reason, key, body: request.body, requestId: request.id },
      request: `${request.method} ${path}`,
    },
    change,
  );
  deps.log.info(answer.status === 200 ? 'changed over the api' : 'change refused over the api', {
    ...{ who: principal.id, request: `${request.method} ${path}`, requestId: request.id },
    ...{ status: answer.status, isRepeated: answer.isRepeated },
  });
  deps.wake();
  if (answer.isRepeated) reply.header('idempotency-replayed', 'true');
  if (answer.status !== 200) reply.type(PROBLEM_TYPE);
  return reply.code(answer.status).send(answer.answer);
}
