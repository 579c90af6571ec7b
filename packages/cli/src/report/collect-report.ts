/**
 * The evidence of a migration, collected while the audit reads the ledger once: per table in memory, per chunk as a line
 * for the JSON, and in full only what is not plain: repairs, late rows, what waits for a person.
 */
import {
  type AuditedReceipt,
  type ChunkReceipts,
  type CopiedObject,
  isOf,
  type PlannedTable,
  receiptOf,
  stateOf,
} from '@lakehaul/audit';
import { type ChunkState, isDone, type ProofBody, type TablePlan } from '@lakehaul/core';

export interface ReportedChunk {
  chunk: number;
  generation: number;
  stage: string;
  attempt: number;
  level: string | null;
  rows: string | null;
  stagedBytes: string | null;
  /** S3 time of the receipt of the UNLOAD whose rows are proven: its snapshot is not newer. */
  unloadedAt: string | null;
  /** By the source's clock, where the receipt has it. */
  snapshotAt: string | null;
  provenAt: string | null;
  targetVersion: string | null;
  /** Σ of the two halves of each row's hash, per hash group. */
  sums: readonly { sum1: string; sum2: string }[] | null;
  statementId: string | null;
  by: string | null;
  /** Attempts after the first, each with what led to it. */
  repairs: readonly { attempt: number; cause: string; reason: string; at: string }[];
  /** What a person has to know of a chunk that is not done. */
  trouble: string | null;
}

export interface ReportedTable {
  plans: TablePlan[];
  rows: bigint;
  stagedBytes: bigint;
  done: number;
  seen: number;
  repaired: number;
  stages: Map<string, number>;
  levels: Map<string, number>;
  firstUnloadedAt: string | null;
  lastProvenAt: string | null;
  /** Over all proven chunks and the first hash group: the fingerprint of the table. */
  sum1: bigint;
  sum2: bigint;
  actors: Set<string>;
  exceptions: ReportedChunk[];
  moreExceptions: number;
}

export interface ReportedRecord {
  path: string;
  at: string;
  by: string;
  body: unknown;
}

const MAX_EXCEPTIONS = 2_000;
const MAX_RECORDS = 500;

export class ReportCollector {
  readonly tables = new Map<string, ReportedTable>();
  /** What people decided and what was not moved: all records but the tables' own and those of the watchers. */
  readonly records: ReportedRecord[] = [];
  readonly #recordsRoot: string;

  constructor(recordsRoot: string) {
    this.#recordsRoot = recordsRoot;
  }

  addRecord(object: CopiedObject): void {
    const path = object.key.slice(this.#recordsRoot.length + 1).replace(/\.json$/, '');
    if (/^(tables|write-log|probes)\//.test(path) || this.records.length >= MAX_RECORDS) return;
    const value = recordOf(object);
    // The audit has said so.
    if (value === null) return;
    this.records.push({ path, at: isoOf(object.lastModifiedMs), by: actorOf(value.by), body: value.body ?? null });
  }

  addChunk(chunk: ChunkReceipts, planned: PlannedTable): ReportedChunk {
    const table = this.#table(planned.plan);
    const state = stateOf(chunk.receipts);
    const reported = reportedChunk(chunk, state);
    const proof = isDone(state) ? proofOf(chunk, state) : undefined;
    table.seen += 1;
    table.stages.set(state.stage, (table.stages.get(state.stage) ?? 0) + 1);
    for (const receipt of chunk.receipts) table.actors.add(actorOf(receipt.by));
    if (proof !== undefined) {
      const [group] = proof.body.target?.groups ?? [];
      table.done += 1;
      table.rows += BigInt(proof.body.rowCounts.target);
      table.stagedBytes += BigInt(reported.stagedBytes ?? '0');
      table.levels.set(proof.body.level, (table.levels.get(proof.body.level) ?? 0) + 1);
      table.sum1 += BigInt(group?.sum1 ?? '0');
      table.sum2 += BigInt(group?.sum2 ?? '0');
      table.firstUnloadedAt = earlier(table.firstUnloadedAt, reported.unloadedAt);
      table.lastProvenAt = later(table.lastProvenAt, reported.provenAt);
      if (state.attempt > 1) table.repaired += 1;
    }
    if (reported.repairs.length > 0 || reported.trouble !== null) {
      if (table.exceptions.length < MAX_EXCEPTIONS) table.exceptions.push(reported);
      else table.moreExceptions += 1;
    }
    return reported;
  }

  /** Tables of which no chunk has a receipt yet belong into the report as well. */
  addPlan(plan: TablePlan): void {
    const table = this.#table(plan);
    if (!table.plans.some((known) => known.generation === plan.generation)) table.plans.push(plan);
  }

  #table(plan: TablePlan): ReportedTable {
    const known = this.tables.get(plan.tableId);
    if (known !== undefined) return known;
    const table: ReportedTable = {
      plans: [],
      rows: 0n,
      stagedBytes: 0n,
      done: 0,
      seen: 0,
      repaired: 0,
      stages: new Map(),
      levels: new Map(),
      firstUnloadedAt: null,
      lastProvenAt: null,
      sum1: 0n,
      sum2: 0n,
      actors: new Set(),
      exceptions: [],
      moreExceptions: 0,
    };
    this.tables.set(plan.tableId, table);
    return table;
  }
}

type Proof = AuditedReceipt & { body: ProofBody };

function proofOf(chunk: ChunkReceipts, state: ChunkState): Proof | undefined {
  return receiptOf(chunk.receipts, state.attempt, 'verified') ?? receiptOf(chunk.receipts, state.attempt, 'counted');
}

function reportedChunk(chunk: ChunkReceipts, state: ChunkState): ReportedChunk {
  const { receipts } = chunk;
  const unloaded = receiptOf(receipts, state.attempt, 'unloaded');
  const proof = isDone(state) ? proofOf(chunk, state) : undefined;
  const newest: Proof | undefined =
    proof === undefined ? undefined : (receiptOf(receipts, state.attempt, 'reproved') ?? proof);
  return {
    chunk: chunk.chunk,
    generation: chunk.generation,
    stage: state.stage,
    attempt: state.attempt,
    level: proof?.body.level ?? null,
    rows: proof?.body.rowCounts.target ?? null,
    stagedBytes: unloaded?.body.sizeBytes ?? null,
    unloadedAt: unloaded === undefined ? null : isoOf(unloaded.lastModifiedMs),
    snapshotAt: unloaded?.body.snapshotAt ?? null,
    provenAt: newest === undefined ? null : isoOf(newest.lastModifiedMs),
    targetVersion: newest?.body.targetVersion ?? null,
    sums: proof?.body.target?.groups ?? null,
    statementId: unloaded?.body.statementId ?? null,
    by: newest === undefined ? null : actorOf(newest.by),
    repairs: receipts
      .filter((receipt) => isOf(receipt, 'opened'))
      .filter((receipt) => receipt.attempt > 1)
      .sort((a, b) => a.attempt - b.attempt)
      .map(({ attempt, body, lastModifiedMs }) => ({
        attempt,
        cause: body.cause,
        reason: body.reason,
        at: isoOf(lastModifiedMs),
      })),
    trouble: troubleOf(receipts, state),
  };
}

function troubleOf(receipts: readonly AuditedReceipt[], state: ChunkState): string | null {
  if (isDone(state)) return null;
  const quarantined = receiptOf(receipts, state.attempt, 'quarantined');
  if (quarantined !== undefined) return `${quarantined.body.code}: ${quarantined.body.message}`;
  const mismatched = receiptOf(receipts, state.attempt, 'mismatched');
  if (mismatched !== undefined) return `${mismatched.body.code}: ${mismatched.body.differences.join('; ')}`;
  const failed = receiptOf(receipts, state.attempt, 'failed');
  return failed === undefined ? null : `${failed.body.code}: ${failed.body.message}`;
}

function recordOf(object: CopiedObject): { by?: AuditedReceipt['by']; body?: unknown } | null {
  try {
    return JSON.parse(Buffer.from(object.body).toString()) as { by?: AuditedReceipt['by']; body?: unknown } | null;
  } catch {
    return null;
  }
}

function actorOf(by: AuditedReceipt['by'] | undefined): string {
  return by === undefined ? '' : `${by.service} ${by.version} (${by.instance})`;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function earlier(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}
