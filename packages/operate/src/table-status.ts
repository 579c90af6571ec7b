/** Where one table stands: its chunks, its newest seal, and what was written since it was read. */
import type { ChunkStage, TablePlan } from '@lakehaul/core';
import type { StopCode } from '@lakehaul/gates';
import {
  type CleanUntil,
  judgeWrites,
  type Ledger,
  type LedgerScan,
  newestReceiptMs,
  newestSeal,
  type Seal,
  type TableHalt,
  type TableWrites,
  type WriteLogState,
} from '@lakehaul/ledger';
import { unacknowledged } from '@lakehaul/planning';
import { acceptanceOf, type DriftAcceptance } from './drift/drift-policy.ts';
import type { Forecast } from './forecast/forecast.ts';
import { estimateReproof, type ReproofEstimate } from './reproof-estimate.ts';

export interface TableStatus {
  table: string;
  tableId: string;
  level: TablePlan['level'];
  chunks: number;
  stages: Record<ChunkStage, number>;
  /** Chunks whose rows are proven as far as the level promises. */
  done: number;
  repaired: number;
  /** Planned rows and bytes; the bytes of what is done follow from the chunks done. */
  estimatedRows: bigint;
  estimatedBytes: bigint;
  /** Rows under proven chunks; known from the seal. */
  sealedRows: bigint | null;
  seal: Seal | null;
  isSealCurrent: boolean;
  quarantinedChunks: number[];
  /** Why it is stopped; null when it is not. */
  stop: {
    code: StopCode;
    reason: string;
    next: string;
    since: string;
    digest: string;
    driftAcceptance: DriftAcceptance | null;
  } | null;
  /** Where the last generation ends: what lies beyond is not planned yet. */
  openWatermark: string | null;
  generations: number;
  /** Columns whose loss is acknowledged by no plan. */
  unacknowledged: number;
  /** Null while chunks are open. */
  writes: TableWrites | null;
  /** Every proof of the table says what the source held at this time of its clock or later. */
  cleanUntil: string | null;
  /** How long proving the whole table again would take now; null before anything was measured. */
  reproof: ReproofEstimate | null;
  eta: Forecast;
}

const NO_STAGES: Record<ChunkStage, number> = {
  planned: 0,
  opened: 0,
  unloaded: 0,
  loaded: 0,
  void: 0,
  counted: 0,
  verified: 0,
  mismatched: 0,
  quarantined: 0,
  accepted: 0,
};
const LISTED_CHUNKS = 100;

export async function tableStatus(
  ledger: Ledger,
  plans: readonly TablePlan[],
  scan: LedgerScan,
  known: {
    halts: ReadonlyMap<string, TableHalt>;
    cleans: ReadonlyMap<string, CleanUntil>;
    state: WriteLogState | null;
  },
): Promise<Omit<TableStatus, 'eta'>> {
  const stages = { ...NO_STAGES };
  let repaired = 0;
  let done = 0;
  const quarantinedChunks: number[] = [];
  for (const plan of plans) {
    const summary = scan.summary(plan);
    for (const [stage, chunks] of Object.entries(summary.stages)) stages[stage as ChunkStage] += chunks;
    done += summary.done;
    repaired += summary.repaired;
    if (summary.stages.quarantined > 0)
      quarantinedChunks.push(...scan.find(plan, { stage: 'quarantined' }, 0, LISTED_CHUNKS - quarantinedChunks.length));
  }
  const first = plans[0];
  const newest = first === undefined ? null : await newestSeal(ledger, first.tableId);
  const chunks = plans.reduce((sum, plan) => sum + plan.chunkCount, 0);
  const estimatedBytes = plans.reduce((sum, plan) => sum + BigInt(plan.estimatedBytes), 0n);
  const clean = known.cleans.get(first?.tableId ?? '') ?? null;
  // A generation that the record does not know was read at a time that it does not tell.
  const isKnown = clean !== null && plans.every((plan) => clean.generations.includes(plan.generation));
  const cleanUntil = isKnown ? clean.cleanUntil : null;
  return {
    table: `${first?.source.schema}.${first?.source.table}`,
    tableId: first?.tableId ?? '',
    level: first?.level ?? 'count',
    chunks,
    stages,
    done,
    repaired,
    estimatedRows: plans.reduce((sum, plan) => sum + BigInt(plan.estimatedRows), 0n),
    estimatedBytes,
    sealedRows: newest === null ? null : BigInt(newest.seal.rowCount),
    seal: newest?.seal ?? null,
    isSealCurrent: newest !== null && newest.sealedMs > newestReceiptMs(scan, plans),
    quarantinedChunks,
    stop: stopOf(known.halts.get(first?.tableId ?? '')),
    generations: plans.length,
    unacknowledged: unacknowledgedColumns(plans),
    openWatermark: plans.at(-1)?.watermark ?? null,
    writes:
      first === undefined || done + stages.accepted < chunks
        ? null
        : judgeWrites(known.state, first.source.oid, cleanUntil),
    cleanUntil,
    reproof: estimateReproof(clean, estimatedBytes),
  };
}

/** Columns whose loss no plan of the table has a word for: `plan` refuses them, so somebody else wrote that plan. */
function unacknowledgedColumns(plans: readonly TablePlan[]): number {
  const names = plans.flatMap((plan) => unacknowledged(plan.columns, plan.acknowledgements));
  return new Set(names.map((column) => column.source.name)).size;
}

function stopOf(halt: TableHalt | undefined): TableStatus['stop'] {
  if (halt === undefined || halt.stop === null) return null;
  const { code, reason, next, digest, evidence } = halt.stop;
  // A later version may stop for more; what it is called does not make the table less stopped.
  const known = code === 'SYSTEMIC_CAUSE' || code === 'ROW_SECURITY' ? code : 'SCHEMA_DRIFT';
  const since = new Date(halt.sinceMs).toISOString();
  return { code: known, reason, next, since, digest, driftAcceptance: acceptanceOf(evidence) };
}
