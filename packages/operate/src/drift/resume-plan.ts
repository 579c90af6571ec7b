/** What lifting a table's stop will do: everything that the act needs, as JSON, so that a crash in the middle is finished by it. */
import { type ChunkRef, counted } from '@lakehaul/core';
import type { PlannedReopening } from '@lakehaul/ledger';
import { z } from 'zod';
import { count, said } from '../json/common.ts';
import { DRIFT_KINDS } from './drift-policy.ts';

export const drift = z.strictObject({
  kind: z.enum(DRIFT_KINDS),
  column: z.string().nullable(),
  detail: said,
});

const seenSchema = z.strictObject({
  digest: said,
  columnListHash: said.nullable(),
  oid: said.nullable(),
  drifts: z.array(drift),
});

/** Neighbours of a generation that are opened with the same attempt: a table may have a hundred thousand of them. */
const attemptRun = z.strictObject({
  generation: z.int().min(1),
  from: count,
  to: count.describe('the last one'),
  attempt: z.int().min(1),
});

export const RESUME_PLAN = z.strictObject({
  tableId: said,
  /** The stop that is lifted, this one and no later one. */
  stop: z.strictObject({ number: z.int().min(1), key: said, code: said, reason: said, digest: z.string() }),
  /** Accepted with the resume; null when the schema is as planned or accepted before. */
  accepts: seenSchema.nullable(),
  /** Schemas of the table that were accepted before. */
  acceptedBefore: count,
  /** Chunks that must be hauled again: their rows are another table's or column's, or some may have been hidden. */
  reopens: z.array(attemptRun),
});

export type ResumePlan = z.infer<typeof RESUME_PLAN>;
type AttemptRun = z.infer<typeof attemptRun>;

/** In the order of the plan's chunks. */
export function runsOf(reopens: readonly { ref: ChunkRef; attempt: number }[]): AttemptRun[] {
  const runs: AttemptRun[] = [];
  for (const { ref, attempt } of reopens) {
    const last = runs.at(-1);
    const isNext = last?.generation === ref.generation && last.to + 1 === ref.chunk && last.attempt === attempt;
    if (last !== undefined && isNext) last.to = ref.chunk;
    else runs.push({ generation: ref.generation, from: ref.chunk, to: ref.chunk, attempt });
  }
  return runs;
}

export function reopeningsOf({ tableId, reopens }: Pick<ResumePlan, 'tableId' | 'reopens'>): PlannedReopening[] {
  return reopens.flatMap(({ generation, from, to, attempt }) =>
    Array.from({ length: to - from + 1 }, (_, place) => ({
      ref: { tableId, generation, chunk: from + place },
      attempt,
    })),
  );
}

export function reopenedCount({ reopens }: Pick<ResumePlan, 'reopens'>): number {
  return reopens.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/** As they are done, for people. */
export function resumeSteps(plan: ResumePlan): string[] {
  const { stop, accepts } = plan;
  const chunks = reopenedCount(plan);
  return [
    `stopped for ${stop.code}: ${stop.reason}`,
    ...(chunks === 0 ? [] : [`reopen ${counted(chunks, 'chunk')}, to be hauled again from the source`]),
    ...(accepts === null ? [] : accepts.drifts.map((each) => `accept ${each.kind}: ${each.detail}`)),
    `lift stop ${stop.number}`,
  ];
}
