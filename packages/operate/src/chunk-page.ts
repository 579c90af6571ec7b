/** Pages of chunks from what a scan knows, without a call to anywhere: what an API may be asked for all day. */
import { type ChunkRef, type ChunkStage, chunkName, isDone, type TablePlan } from '@lakehaul/core';
import type { LedgerScan, ScannedState } from '@lakehaul/ledger';
import type { z } from 'zod';
import { firstAfter, plansInOrder } from './chunk-list.ts';
import type { CHUNK_PAGE_JSON } from './json/chunk.ts';

export interface PageFilter {
  stage?: ChunkStage | undefined;
  attempt?: number | undefined;
  /** Of the table's plan. */
  level?: TablePlan['level'] | undefined;
}

/** `plans` are those of the tables that are asked for; every one of them is known to the scan. */
export function chunkPage(
  from: { plans: readonly TablePlan[]; scan: LedgerScan },
  filter: PageFilter,
  page: { after: ChunkRef | null; limit: number },
): z.input<typeof CHUNK_PAGE_JSON> {
  const match = {
    ...(filter.stage === undefined ? {} : { stage: filter.stage }),
    ...(filter.attempt === undefined ? {} : { attempt: filter.attempt }),
  };
  const chunks: z.input<typeof CHUNK_PAGE_JSON>['chunks'] = [];
  for (const plan of plansInOrder(from.plans)) {
    if (filter.level !== undefined && plan.level !== filter.level) continue;
    const first = firstAfter(plan, page.after);
    if (first === null) continue;
    // One more than wanted says whether there is a next page.
    for (const chunk of from.scan.find(plan, match, first, page.limit + 1 - chunks.length)) {
      if (chunks.length === page.limit) return { chunks, next: cursorText(chunks.at(-1)?.chunk ?? '') };
      const ref = { tableId: plan.tableId, generation: plan.generation, chunk };
      chunks.push(pageRow(plan, ref, from.scan.state(ref)));
    }
  }
  return { chunks, next: null };
}

function pageRow(plan: TablePlan, ref: ChunkRef, state: ScannedState) {
  return {
    chunk: chunkName(ref),
    table: `${plan.source.schema}.${plan.source.table}`,
    level: plan.level,
    stage: state.stage,
    attempt: state.attempt,
    failures: state.failures,
    isDone: isDone(state),
    isRepaired: state.isRepaired,
    changedAt: state.lastModifiedMs === 0 ? null : new Date(state.lastModifiedMs).toISOString(),
  };
}

/** Opaque to whoever holds it: what is in it may change. */
export function cursorText(chunk: string): string {
  return Buffer.from(`1:${chunk}`).toString('base64url');
}

/** Null for a text that no page gave. */
export function parseCursor(text: string): ChunkRef | null {
  const match = /^1:([^\n]+)\/g(\d{1,9})\/(\d{1,10})$/.exec(Buffer.from(text, 'base64url').toString());
  if (match === null) return null;
  return { tableId: match[1] ?? '', generation: Number(match[2]), chunk: Number(match[3]) };
}
