/**
 * The audit of a ledger, the same for the bucket and for a copy on disk: seals first, then plans and records, then the
 * chunks shard by shard. Each object is read once; kept are leaf hashes, plans without their ranges, and sums.
 */
import { type ChunkStage, isDone } from '@lakehaul/core';
import { tablePath } from '@lakehaul/ledger';
import { CHUNK_GROUPS, OTHER } from '../copy/groups.ts';
import type { CopiedObject } from '../copy/pack.ts';
import type { LedgerSource } from '../copy/source.ts';
import type { LedgerSeal } from '../seals/ledger-seal.ts';
import { checkAccepted } from './check-accepted.ts';
import { type AnchorReach, checkRebuilds } from './check-anchors.ts';
import { CauseCheck } from './check-causes.ts';
import { checkChunk } from './check-chunk.ts';
import { checkColumns } from './check-columns.ts';
import { checkPlanned } from './check-planned.ts';
import { checkPlans, type PlannedTable, type Plans } from './check-plans.ts';
import { RecordCheck } from './check-records.ts';
import { checkRounding } from './check-rounding.ts';
import { SealCheck, type SealTrust } from './check-seals.ts';
import { TableCheck, type TableSeal } from './check-tables.ts';
import { type Finding, type FindingCode, Findings, type NoteCode } from './findings.ts';
import { type ChunkReceipts, checkMark, parseReceipt } from './receipts.ts';

export interface AuditOptions extends SealTrust {
  /** Each chunk with receipts, after it was judged: for who writes it down. */
  onChunk?: (chunk: ChunkReceipts, table: PlannedTable) => void | Promise<void>;
  onRecord?: (object: CopiedObject) => void;
  onProgress?: (shards: number) => void;
}

export interface AuditedTable {
  tableId: string;
  table: string;
  chunks: number;
  done: number;
  stages: Partial<Record<ChunkStage, number>>;
  seals: TableSeal[];
}

export interface AuditResult {
  migration: string;
  isClean: boolean;
  findingCount: number;
  /** At most 1,000; the counts are complete. */
  findings: Finding[];
  counts: Partial<Record<FindingCode, number>>;
  notes: Partial<Record<NoteCode, number>>;
  objects: number;
  sealedObjects: number;
  unsealedObjects: number;
  seals: LedgerSeal[];
  anchors: AnchorReach;
  tables: AuditedTable[];
  plans: Plans;
}

export async function auditLedger(source: LedgerSource, options: AuditOptions): Promise<AuditResult> {
  const findings = new Findings();
  const seals = new SealCheck(source, findings);
  const causes = new CauseCheck(source, findings);
  const tables = new TableCheck(source, findings);
  const records = new RecordCheck(source, findings, tables);
  let objects = 0;
  const see = (object: CopiedObject) => {
    objects += 1;
    seals.see(object);
  };
  const read = async (group: string, take: (object: CopiedObject) => void) => {
    const damaged = (what: string) => findings.add('COPY_DAMAGED', group, what);
    for await (const object of source.read(group, damaged)) {
      see(object);
      take(object);
    }
  };
  await seals.readSeals(options);
  const plans = await checkPlans(source, findings, (object) => {
    see(object);
    causes.note(object.key, object.lastModifiedMs);
  });
  await read('records', (object) => {
    causes.note(object.key, object.lastModifiedMs);
    records.add(object);
    options.onRecord?.(object);
  });
  records.finish();
  checkRebuilds(findings, source.keys, options.anchors ?? [], records.rebuilt);
  await read('folds', (object) => tables.addFold(object));
  await read('reopened', (object) => {
    if (source.keys.parseMarker(object.key) === null) findings.add('OBJECT_UNKNOWN', object.key, 'is no marker');
    else checkMark(findings, object);
  });
  await read(OTHER, (object) => findings.add('OBJECT_UNKNOWN', object.key, 'nothing of lakehaul has such a key'));
  for (const [index, group] of CHUNK_GROUPS.entries()) {
    const chunks = new Map<string, ChunkReceipts>();
    await read(group, (object) => collect(source, findings, chunks, object));
    for (const chunk of chunks.values()) {
      const table = plannedOf(findings, plans, chunk);
      if (table === null) continue;
      if (!judgeChunk({ findings, causes, tables, records }, chunk, table)) continue;
      await options.onChunk?.(chunk, table);
    }
    options.onProgress?.(index + 1);
  }
  causes.finish();
  tables.finish(plans);
  await seals.finish();
  const anchors = { continuousFrom: seals.anchoredFrom, rebuilt: records.rebuilt };
  return resultOf({ source, findings, seals, anchors, tables, plans, objects });
}

/** False where a count in its receipts is no number: a finding, never the end of the audit. */
function judgeChunk(
  {
    findings,
    causes,
    tables,
    records,
  }: {
    findings: Findings;
    causes: CauseCheck;
    tables: TableCheck;
    records: RecordCheck;
  },
  chunk: ChunkReceipts,
  table: PlannedTable,
): boolean {
  try {
    const { acknowledged, schemas } = tables.table(chunk.tableId);
    checkChunk(findings, chunk);
    checkPlanned(findings, chunk, table, records.longRows);
    checkColumns(findings, chunk.receipts, table.plan, schemas);
    checkAccepted(findings, chunk);
    checkRounding(findings, chunk.receipts, table.plan, acknowledged);
    causes.check(chunk, table);
    tables.addChunk(chunk, table);
    return true;
  } catch (thrown) {
    // What BigInt says of a text that is no whole number.
    if (!(thrown instanceof SyntaxError)) throw thrown;
    findings.add('SHAPE', chunk.receipts[0]?.key ?? '', `a count in the receipts of its chunk is no number`);
    return false;
  }
}

/** By the folder of its chunk: whether that is the right one is asked once a folder, since it takes a hash. */
function collect(
  source: LedgerSource,
  findings: Findings,
  chunks: Map<string, ChunkReceipts>,
  object: CopiedObject,
): void {
  const name = source.keys.parseReceipt(object.key);
  const folder = object.key.slice(0, object.key.lastIndexOf('/') + 1);
  let chunk = chunks.get(folder);
  if (name === null || (chunk === undefined && source.keys.chunkPrefix(name) !== folder)) {
    findings.add('OBJECT_UNKNOWN', object.key, 'is no receipt of this version, or lies in another chunk’s shard');
    return;
  }
  if (chunk === undefined) {
    const { tableId, generation } = name;
    chunk = { tableId, generation, chunk: name.chunk, receipts: [], isDamaged: false };
    chunks.set(folder, chunk);
  }
  const receipt = parseReceipt(source, findings, object, name);
  if (receipt !== null) chunk.receipts.push(receipt);
  else if (name.stage !== 'ending') chunk.isDamaged = true;
}

function plannedOf(findings: Findings, plans: Plans, chunk: ChunkReceipts): PlannedTable | null {
  const table = plans.get(tablePath(chunk.tableId, chunk.generation));
  const place = chunk.chunk - (table?.plan.firstChunk ?? 0);
  if (table !== undefined && place >= 0 && place < table.plan.chunkCount) return table;
  const where = chunk.receipts[0]?.key ?? tablePath(chunk.tableId, chunk.generation);
  findings.add('NOT_PLANNED', where, `chunk ${chunk.chunk} is in no plan of ${chunk.tableId}`);
  return null;
}

function resultOf(parts: {
  source: LedgerSource;
  findings: Findings;
  seals: SealCheck;
  anchors: AnchorReach;
  tables: TableCheck;
  plans: Plans;
  objects: number;
}): AuditResult {
  const { source, findings, seals, tables, plans } = parts;
  const audited = new Map<string, AuditedTable>();
  for (const { plan } of plans.values()) {
    const state = tables.table(plan.tableId);
    const known = audited.get(plan.tableId);
    const chunks = (known?.chunks ?? 0) + plan.chunkCount;
    const stages: Partial<Record<ChunkStage, number>> = Object.fromEntries(state.stages);
    if (chunks > state.chunksSeen) stages.planned = (state.stages.get('planned') ?? 0) + chunks - state.chunksSeen;
    let done = 0;
    for (const [stage, count] of state.stages) if (isDone({ stage })) done += count;
    const seals = [...state.seals].sort((a, b) => (a.key < b.key ? -1 : 1));
    const table = `${plan.source.schema}.${plan.source.table}`;
    audited.set(plan.tableId, { tableId: plan.tableId, table, chunks, done, stages, seals });
  }
  return {
    migration: source.migration,
    isClean: findings.total === 0,
    findingCount: findings.total,
    findings: findings.list,
    counts: Object.fromEntries(findings.counts),
    notes: Object.fromEntries(findings.notes),
    objects: parts.objects,
    sealedObjects: seals.sealedObjects,
    unsealedObjects: seals.unsealed,
    seals: seals.seals,
    anchors: parts.anchors,
    tables: [...audited.values()],
    plans,
  };
}
