/** Receipts as an audit reads them: each must be what its key says, whoever wrote it. */
import {
  type Actor,
  type AttemptReceipts,
  asLakehaulError,
  type ChunkState,
  chunkStateOf,
  type ReceiptBodies,
  type Stage,
} from '@lakehaul/core';
import { parseAs, parseBody, parseJson, type ReceiptKey, receiptEnvelope, SCHEMA_VERSION } from '@lakehaul/ledger';
import { z } from 'zod';
import type { CopiedObject } from '../copy/pack.ts';
import type { LedgerSource } from '../copy/source.ts';
import type { Findings } from './findings.ts';

export interface AuditedReceipt<S extends Stage = Stage> {
  key: string;
  lastModifiedMs: number;
  attempt: number;
  stage: S;
  ordinal: number;
  causedBy: string | null;
  by: Actor;
  body: ReceiptBodies[S];
}

export interface ChunkReceipts {
  tableId: string;
  generation: number;
  chunk: number;
  receipts: AuditedReceipt[];
  /** Any of them could not be read: what is missing in the others says nothing then. */
  isDamaged: boolean;
}

/** `<attempt>.ending.json`, markers: no more than that they exist. */
const mark = z.looseObject({ schemaVersion: z.literal(SCHEMA_VERSION), nonce: z.string(), at: z.string() });

export function parseReceipt(
  source: LedgerSource,
  findings: Findings,
  object: CopiedObject,
  name: ReceiptKey,
): AuditedReceipt | null {
  const { stage } = name;
  if (stage === 'ending') {
    checkMark(findings, object);
    return null;
  }
  try {
    const outer = parseAs(receiptEnvelope, object.key, parseJson(object.key, object.body));
    const isItself =
      outer.migration === source.migration &&
      outer.tableId === name.tableId &&
      outer.generation === name.generation &&
      outer.chunk === name.chunk &&
      outer.attempt === name.attempt &&
      outer.stage === stage;
    if (!isItself) {
      findings.add('SHAPE', object.key, 'says that it is the receipt of something else');
      return null;
    }
    const body = parseBody(stage, object.key, outer.body);
    const { attempt, causedBy, by } = outer;
    return {
      key: object.key,
      lastModifiedMs: object.lastModifiedMs,
      attempt,
      stage,
      ordinal: name.ordinal,
      causedBy,
      by,
      body,
    };
  } catch (thrown) {
    findings.add('SHAPE', object.key, asLakehaulError(thrown).message);
    return null;
  }
}

export function checkMark(findings: Findings, object: CopiedObject): void {
  try {
    parseAs(mark, object.key, parseJson(object.key, object.body));
  } catch (thrown) {
    findings.add('SHAPE', object.key, asLakehaulError(thrown).message);
  }
}

/** Of a repeatable stage: the last. */
export function receiptOf<S extends Stage>(
  receipts: readonly AuditedReceipt[],
  attempt: number,
  stage: S,
): AuditedReceipt<S> | undefined {
  let found: AuditedReceipt<S> | undefined;
  for (const receipt of receipts)
    if (receipt.attempt === attempt && isOf(receipt, stage) && (found === undefined || receipt.ordinal > found.ordinal))
      found = receipt;
  return found;
}

export function isOf<S extends Stage>(receipt: AuditedReceipt, stage: S): receipt is AuditedReceipt<S> {
  return receipt.stage === stage;
}

/** The chunk's state as the journey tells it from these receipts. */
export function stateOf(receipts: readonly AuditedReceipt[]): ChunkState {
  const attempt = receipts.reduce((max, receipt) => Math.max(max, receipt.attempt), 0);
  const own = receipts.filter((receipt) => receipt.attempt === attempt);
  const highest: AttemptReceipts = {
    attempt,
    stages: new Set(own.map((receipt) => receipt.stage)),
    submissions: own.filter((receipt) => receipt.stage === 'submit').length,
    failures: own.filter((receipt) => receipt.stage === 'failed').length,
  };
  return chunkStateOf(attempt === 0 ? undefined : highest);
}
