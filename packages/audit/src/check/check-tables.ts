/** Whole tables: checkpoints against receipts, table seals against the sum of the proofs that stood when they were taken. */
import { asLakehaulError, type ChunkStage, counted, isDone, separated } from '@lakehaul/core';
import { acceptedSchema, acknowledgedRecord, parseAs, parseFold, tablePath, tableSeal } from '@lakehaul/ledger';
import type { z } from 'zod';
import type { CopiedObject } from '../copy/pack.ts';
import type { LedgerSource } from '../copy/source.ts';
import { SchemaHistory } from './check-columns.ts';
import type { PlannedTable, Plans } from './check-plans.ts';
import type { LaterAcknowledgement } from './check-rounding.ts';
import type { Findings } from './findings.ts';
import { type AuditedReceipt, type ChunkReceipts, isOf, receiptOf, stateOf } from './receipts.ts';

export type TableSeal = z.infer<typeof tableSeal> & { key: string; writtenMs: number };

interface Event {
  ms: number;
  rows: bigint;
  done: 1 | -1;
}

interface TableState {
  events: Event[];
  seals: TableSeal[];
  stages: Map<ChunkStage, number>;
  chunksSeen: number;
  acknowledged: LaterAcknowledgement[];
  schemas: SchemaHistory;
}

/** What a checkpoint says of a chunk: the highest attempt that any of them calls done. */
interface Folded {
  attempt: number;
  stage: 'verified' | 'counted';
  key: string;
}

export class TableCheck {
  readonly #source: LedgerSource;
  readonly #findings: Findings;
  readonly #folded = new Map<string, Map<number, Folded>>();
  readonly #tables = new Map<string, TableState>();

  constructor(source: LedgerSource, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
  }

  table(tableId: string): TableState {
    const known = this.#tables.get(tableId);
    if (known !== undefined) return known;
    const state: TableState = {
      events: [],
      seals: [],
      stages: new Map(),
      chunksSeen: 0,
      acknowledged: [],
      schemas: new SchemaHistory(),
    };
    this.#tables.set(tableId, state);
    return state;
  }

  addFold(object: CopiedObject): void {
    const name = this.#source.keys.parseSegment(object.key);
    if (name === null) {
      this.#findings.add('OBJECT_UNKNOWN', object.key, 'is no checkpoint');
      return;
    }
    try {
      const fold = parseFold(object.key, object.body);
      const isItself =
        fold.migration === this.#source.migration &&
        fold.tableId === name.tableId &&
        fold.generation === name.generation &&
        fold.firstChunk === name.firstChunk;
      if (!isItself) {
        this.#findings.add('SHAPE', object.key, 'is the checkpoint of something else');
        return;
      }
      const path = tablePath(name.tableId, name.generation);
      const chunks = this.#folded.get(path) ?? new Map<number, Folded>();
      this.#folded.set(path, chunks);
      fold.chunks.forEach(([attempt, stage], index) => {
        const chunk = fold.firstChunk + index;
        if (attempt > (chunks.get(chunk)?.attempt ?? 0)) chunks.set(chunk, { attempt, stage, key: object.key });
      });
    } catch (thrown) {
      this.#findings.add('SHAPE', object.key, asLakehaulError(thrown).message);
    }
  }

  /** Of table seals, and of what people accepted later; their shape is judged already. */
  addRecord(object: CopiedObject, path: string, body: unknown): void {
    const { key, lastModifiedMs: writtenMs } = object;
    const [, kind = '', tableId = ''] = /^(acknowledged|schemas)\/([^/]+)\//.exec(path) ?? [];
    if (kind === 'acknowledged') {
      const { acknowledgements } = parseAs(acknowledgedRecord, key, body);
      this.table(tableId).acknowledged.push({ acknowledgements, writtenMs });
    } else if (kind === 'schemas') this.table(tableId).schemas.add(key, parseAs(acceptedSchema, key, body), writtenMs);
    const sealed = /^tables\/([^/]+)\/seals\//.exec(path)?.[1];
    if (sealed !== undefined) this.table(sealed).seals.push({ ...parseAs(tableSeal, key, body), key, writtenMs });
  }

  addChunk(chunk: ChunkReceipts, table: PlannedTable): void {
    const state = this.table(chunk.tableId);
    const { stage } = stateOf(chunk.receipts);
    state.stages.set(stage, (state.stages.get(stage) ?? 0) + 1);
    state.chunksSeen += 1;
    state.events.push(...eventsOf(chunk.receipts));
    const folds = this.#folded.get(tablePath(table.plan.tableId, table.plan.generation));
    const folded = folds?.get(chunk.chunk);
    if (folded === undefined) return;
    folds?.delete(chunk.chunk);
    if (!chunk.isDamaged && receiptOf(chunk.receipts, folded.attempt, folded.stage) === undefined)
      this.#findings.add(
        'FOLD',
        folded.key,
        `chunk ${chunk.chunk} is called ${folded.stage} by attempt ${folded.attempt}; it has no such receipt`,
      );
  }

  finish(plans: Plans): void {
    for (const chunks of this.#folded.values())
      for (const [chunk, folded] of chunks)
        this.#findings.add('FOLD', folded.key, `chunk ${chunk} is called ${folded.stage}; it has no receipts at all`);
    const planned = new Map<string, PlannedTable[]>();
    for (const table of plans.values())
      planned.set(table.plan.tableId, [...(planned.get(table.plan.tableId) ?? []), table]);
    for (const [tableId, state] of this.#tables) {
      state.events.sort((a, b) => a.ms - b.ms);
      for (const each of state.seals) this.#judgeSeal(each, state.events, planned.get(tableId) ?? []);
    }
  }

  /** The proofs that stood when the seal's scan looked; receipts of the same seconds may or may not have been seen. */
  #judgeSeal(each: TableSeal, events: readonly Event[], generations: readonly PlannedTable[]): void {
    const observedMs = Date.parse(each.observedAt);
    const from = Math.floor(observedMs / 1000) * 1000;
    if (events.some((event) => event.ms >= from && event.ms <= each.writtenMs)) {
      this.#findings.note('TABLE_SEAL_UNDATED');
      return;
    }
    let rows = 0n;
    let done = 0;
    for (const event of events) {
      if (event.ms >= from) break;
      rows += event.rows;
      done += event.done;
    }
    const wrong = (what: string) => this.#findings.add('TABLE_SEAL', each.key, what);
    if (rows.toString() !== each.rowCount)
      wrong(`says ${counted(each.rowCount, 'row')}, the proofs before it add up to ${separated(rows)}`);
    if (each.isSealed && done !== each.chunks) wrong(`sealed ${counted(each.chunks, 'chunk')}, proven were ${done}`);
    if (each.isSealed && each.faultCount > 0) wrong(`sealed with ${counted(each.faultCount, 'fault')}`);
    const chunks = generations.reduce((sum, { plan }) => sum + plan.chunkCount, 0);
    if (each.chunks > chunks) wrong(`says ${counted(each.chunks, 'chunk')}, planned are ${chunks}`);
  }
}

/** When the chunk became done, and when it was taken back. */
function eventsOf(receipts: readonly AuditedReceipt[]): Event[] {
  const events: Event[] = [];
  const attempts = [...new Set(receipts.map((receipt) => receipt.attempt))].sort((a, b) => a - b);
  for (const attempt of attempts) {
    const accepted = receiptOf(receipts, attempt, 'accepted');
    if (accepted !== undefined) {
      // A seal counts what a person accepted with what is proven, and it holds until the chunk is replayed.
      const held = accepted.body.held.reduce((sum, each) => sum + BigInt(each.rowCount), 0n);
      events.push({ ms: accepted.lastModifiedMs, rows: held, done: 1 });
      const later = receipts.filter((each) => each.attempt > attempt).map((each) => each.lastModifiedMs);
      if (later.length > 0)
        events.push({ ms: Math.max(accepted.lastModifiedMs, Math.min(...later)), rows: -held, done: -1 });
    }
    const proof = receiptOf(receipts, attempt, 'verified') ?? receiptOf(receipts, attempt, 'counted');
    if (proof === undefined) continue;
    const rows = BigInt(proof.body.rowCounts.target);
    events.push({ ms: proof.lastModifiedMs, rows, done: 1 });
    const ends = receipts
      .filter(
        (each) =>
          each.attempt > attempt ||
          (each.attempt === attempt && (isOf(each, 'mismatched') || isOf(each, 'quarantined'))),
      )
      .map((each) => each.lastModifiedMs);
    if (ends.length > 0) events.push({ ms: Math.max(proof.lastModifiedMs, Math.min(...ends)), rows: -rows, done: -1 });
  }
  return events;
}

export function isProven(stage: ChunkStage): boolean {
  return isDone({ stage });
}
