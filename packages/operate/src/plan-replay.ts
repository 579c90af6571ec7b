/** Which chunks a replay opens anew, and with which attempts: what a dry run tells and the run does. */
import { type ChunkRef, chunkName, LakehaulError, type TablePlan } from '@lakehaul/core';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';
import { type ChunkFilter, type ListedChunk, listChunks } from './chunk-list.ts';

interface Source {
  ledger: Ledger;
  plans: readonly TablePlan[];
  scan: LedgerScan;
}

/** Chunks that were never begun have nothing to replay, and are left out. */
export async function replayByFilter(from: Source, filter: ChunkFilter): Promise<ListedChunk[]> {
  const { chunks } = await listChunks(from, filter, { after: null, limit: null });
  return chunks.filter((each) => each.attempt > 0);
}

/** Refuses one that was never begun: whoever names it means it. */
export async function replayByName(from: Source, refs: readonly ChunkRef[]): Promise<ListedChunk[]> {
  const named = new Set(refs.map(chunkName));
  const tables = new Set(refs.map((ref) => ref.tableId));
  const { chunks } = await listChunks(
    { ...from, plans: from.plans.filter((plan) => tables.has(plan.tableId)) },
    { stage: null, code: null, named },
    { after: null, limit: null },
  );
  const planned = chunks.find((each) => each.attempt === 0);
  if (planned !== undefined)
    throw new LakehaulError('USAGE', `${planned.chunk} has no attempt yet: nothing to replay`, {
      next: 'lakehaul run',
    });
  return chunks;
}
