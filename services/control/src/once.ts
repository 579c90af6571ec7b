/**
 * A change is made once, however often it is asked for, by whichever process: two create-once records in the ledger. The
 * first holds what was asked and exactly what is to be done; whoever finds it without the second one does that very thing
 * again (which must change nothing twice), the second one holds the answer that everybody gets.
 */
import { createHash } from 'node:crypto';
import { asLakehaulError, LakehaulError, must } from '@lakehaul/core';
import { answeredRecord, askedRecord, type Ledger, type LedgerRecord, parseAs, requestPath } from '@lakehaul/ledger';
import type { z } from 'zod';
import { isRefusal, type Problem, problemOf, statusOf } from './problem.ts';

export interface AskedChange {
  who: string;
  reason: string;
  /** The caller's own name of the request. */
  key: string;
  /** `POST /v1/queues/unload/pause`: path and parameters. */
  request: string;
  body: unknown;
  requestId: string;
}

export interface Change<Plan, Answer> {
  /** Looks, refuses, and says what is to be done. Changes nothing. */
  plan: () => Promise<Plan>;
  planShape: z.ZodType<Plan>;
  /** `id` names this change for ever. Done again with the same plan it changes nothing more. */
  perform: (plan: Plan, id: string) => Promise<Answer>;
}

export interface OnceAnswer {
  status: number;
  answer: unknown;
  /** The request came again. */
  isRepeated: boolean;
}

export async function changeOnce<Plan, Answer>(
  ledger: Ledger,
  asked: AskedChange,
  change: Change<Plan, Answer>,
): Promise<OnceAnswer> {
  const id = digestOf(asked.who, asked.key);
  const path = requestPath(id);
  const earlier = await ledger.readRecord(path.asked, askedRecord);
  if (earlier !== null) {
    refuseOther(earlier.body, asked);
    const answered = await ledger.readRecord(path.answered, answeredRecord);
    if (answered !== null) return { ...answered.body, isRepeated: true };
  }
  const { record, isMine } =
    earlier === null ? await ask(ledger, path.asked, asked, change) : { record: earlier, isMine: false };
  refuseOther(record.body, asked);
  const plan = parseAs(change.planShape, record.key, record.body.plan);
  const { status, answer } = await performed(change, plan, id, asked.requestId);
  const body = { schemaVersion: 1, status, answer: answer as Answered['answer'] } as const;
  const written = await ledger.writeRecord<Answered>(path.answered, body, record.key);
  const stored = written.isMine
    ? body
    : must(await ledger.readRecord(path.answered, answeredRecord), path.answered).body;
  return { status: stored.status, answer: stored.answer, isRepeated: !isMine };
}

type Asked = z.infer<typeof askedRecord>;
type Answered = z.infer<typeof answeredRecord>;

/** Of two that come at once one is recorded, and both do what it says. */
async function ask<Plan, Answer>(
  ledger: Ledger,
  path: string,
  asked: AskedChange,
  change: Change<Plan, Answer>,
): Promise<{ record: LedgerRecord<Asked>; isMine: boolean }> {
  const { who, reason, request } = asked;
  const plan = (await change.plan()) as Asked['plan'];
  const body = { schemaVersion: 1, who, reason, request, bodySha256: bodyDigest(asked), plan } as const;
  const { record, isMine } = await ledger.writeRecord<Asked>(path, body);
  return { record: isMine ? record : must(await ledger.readRecord(path, askedRecord), path), isMine };
}

/** A refusal is an answer like any other; what may go better next time is not. */
async function performed<Plan, Answer>(
  change: Change<Plan, Answer>,
  plan: Plan,
  id: string,
  requestId: string,
): Promise<{ status: number; answer: Answer | Problem }> {
  try {
    return { status: 200, answer: await change.perform(plan, id) };
  } catch (thrown) {
    const error = asLakehaulError(thrown);
    if (!isRefusal(error)) throw error;
    return { status: statusOf(error), answer: problemOf(error, requestId) };
  }
}

/** Keys are the caller's own: two people with the same one do not meet. */
function digestOf(who: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([who, key]))
    .digest('hex');
}

function bodyDigest({ body }: AskedChange): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(body)))
    .digest('hex');
}

/** The order in which a client writes its fields says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

function refuseOther(record: Asked, asked: AskedChange): void {
  if (record.request === asked.request && record.bodySha256 === bodyDigest(asked)) return;
  throw new LakehaulError('KEY_REUSED', 'the Idempotency-Key was used for another request');
}
