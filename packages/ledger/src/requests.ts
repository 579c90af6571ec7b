/** Changes that came over the API: what was asked, and what was answered. Both are written once. */
import { z } from 'zod';
import type { LedgerKeys } from './keys.ts';

const json = z.json();

/** `plan` is exactly what is to be done: repeated after a crash, it is that and nothing else. Holds no row value. */
export const askedRecord = z.strictObject({
  schemaVersion: z.literal(1),
  who: z.string().min(1),
  reason: z.string().min(1),
  request: z.string().min(1),
  bodySha256: z.string().regex(/^[0-9a-f]{64}$/),
  plan: json,
});

export const answeredRecord = z.strictObject({
  schemaVersion: z.literal(1),
  status: z.number().int().min(200).max(499),
  answer: json,
});

const proposer = { schemaVersion: z.literal(1), who: z.string().min(1), reason: z.string().min(1) } as const;

/** What one person wants done that cannot be undone: done when another one approves. */
export const proposalRecord = z.discriminatedUnion('action', [
  /** Take quarantined chunks as they are. */
  z.strictObject({
    ...proposer,
    action: z.literal('accept'),
    /** Full names, each with the attempt that is meant and no later one. */
    chunks: z.array(z.strictObject({ chunk: z.string().min(1), attempt: z.number().int().min(1) })),
  }),
  /** Lift a table's stop and haul it with the schema that it has now. */
  z.strictObject({
    ...proposer,
    action: z.literal('accept-drift'),
    tableId: z.string().min(1),
    /** This stop and no later one, this schema and no other one. */
    stop: z.strictObject({ number: z.number().int().min(1), digest: z.string() }),
    schemaDigest: z.string().min(1),
    drifts: z.array(z.strictObject({ kind: z.string(), column: z.string().nullable(), detail: z.string() })),
  }),
  /** Let rows that come after the plan lose what is named. */
  z.strictObject({
    ...proposer,
    action: z.literal('acknowledge'),
    tableId: z.string().min(1),
    acknowledgements: z.array(z.string().min(1)).min(1),
  }),
]);

export type Proposal = z.infer<typeof proposalRecord>;

/** One record decides: of an approval and a withdrawal at once the first one stands. */
export const decisionRecord = z.strictObject({
  schemaVersion: z.literal(1),
  decision: z.enum(['approved', 'withdrawn']),
  who: z.string().min(1),
  reason: z.string().min(1),
});

export const PROPOSALS = 'proposals';

export function proposalPath(id: string): { proposed: string; decided: string } {
  return { proposed: `${PROPOSALS}/${id}/proposed`, decided: `${PROPOSALS}/${id}/decided` };
}

/** Key of the object that holds a proposal: what a receipt names that came of its approval. */
export function proposedKey(keys: LedgerKeys, id: string): string {
  return `${keys.record(proposalPath(id).proposed)}.json`;
}

/** Key of the object that says what was asked: what a receipt names that came of it. */
export function askedKey(keys: LedgerKeys, id: string): string {
  return `${keys.record(requestPath(id).asked)}.json`;
}

/** `id` is a SHA-256 in hexadecimal digits. */
export function requestPath(id: string): { asked: string; answered: string } {
  return { asked: `requests/${id}/asked`, answered: `requests/${id}/answered` };
}
