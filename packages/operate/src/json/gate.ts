/** "How do you know?": every gate as it stands, and what one of them rests on. */
import { GATES, type GateCode } from '@lakehaul/gates';
import { z } from 'zod';
import { chunkStage, count, decision, evidence, reason, said, sourceTime, utcTime } from './common.ts';

const codes = GATES.map(({ code }) => code) as [GateCode, ...GateCode[]];
/** A gate; each of its reasons has the same code. */
export const gateCode = z.enum(codes);

const gate = z.strictObject({
  code: gateCode,
  question: said,
  verdict: z
    .enum(['PASS', 'HOLD', 'NO_GO', 'NOT_ASKED'])
    .describe('NOT_ASKED: there is nothing to judge yet, notAsked says why'),
  notAsked: said.nullable(),
  isEvidence: z.boolean().describe('part of what evidence says; the others hold the decision alone'),
  value: z.number().min(0).nullable().describe('in the unit; null: never measured'),
  limit: z.number().min(0).nullable().describe('it passes up to this; null: nothing to hold it against yet'),
  of: count.nullable().describe('of how many, where that says something'),
  unit: z.enum(['tables', 'chunks', 'columns', 'faults', 'ms', 'ratio', 'queries']),
  tables: count.describe('that stand against it'),
});

export const GATES_JSON = z.strictObject({
  evidence,
  decision,
  writesKnownUntil: sourceTime.nullable(),
  gates: z.array(gate).describe('all of them, in the order in which reasons are told'),
});

const record = z.strictObject({
  what: said,
  key: said.nullable().describe('in the ledger; null where only its words are kept'),
  at: utcTime.nullable().describe('S3’s clock'),
  chunk: said.nullable().describe('that it is about'),
});

const finding = z.strictObject({
  table: said.nullable().describe('null: of no table in particular'),
  tableId: said.nullable(),
  value: z.number().min(0).nullable(),
  detail: said,
  records: z.array(record).describe('that say so, newest first'),
  chunks: z
    .array(
      z.strictObject({
        chunk: said,
        stage: chunkStage,
        attempt: count,
        changedAt: utcTime.nullable().describe('S3’s clock'),
        detail: said.nullable(),
      }),
    )
    .describe('the first ones that it is about'),
  moreChunks: count.describe('besides those'),
});

export const GATE_JSON = gate.extend({
  reason: reason.nullable().describe('what is told against a switch, and the next step; null: nothing'),
  source: said.describe('where the answer comes from'),
  breaks: said.describe('what would make it fail again'),
  observedAt: utcTime.nullable().describe('S3’s clock when what it rests on was looked at; null: never'),
  findings: z.array(finding),
  next: said.nullable().describe('cursor of the next page of findings; null on the last one'),
});
