/** One look at the source: who wrote what, which tables have to be probed, which chunks are opened again. */
import { asLakehaulError, isDone, type LakehaulError, type SourceTime, type TablePlan } from '@lakehaul/core';
import {
  judgeWrites,
  latestCleanUntil,
  latestProbe,
  latestSample,
  type TableWrites,
  type WriteLogSample,
  withCurrentOids,
} from '@lakehaul/ledger';
import { ensureCleanUntil, readCleanUntil } from './clean-until.ts';
import { type ProbeDeps, type ProbeResult, probeTable, renderTableProbe } from './probe-table.ts';
import { provenChunks } from './proven-chunks.ts';
import { renderSample, type SampleDeps, sampleWrites } from './sample-writes.ts';

export interface WatchDeps extends ProbeDeps, SampleDeps {
  /** A table that is written all the time is not probed more often than this. 0: whenever it was written. */
  probeEveryMs: number;
}

export interface WatchedTable {
  tableId: string;
  table: string;
  writes: TableWrites;
  probe: ProbeResult | null;
  /** Why it was not probed although it was written. */
  held: LakehaulError | string | null;
}

export interface WatchResult {
  sample: WriteLogSample | null;
  tables: WatchedTable[];
  reopened: number;
}

export async function watchOnce(
  deps: WatchDeps,
  plans: readonly TablePlan[],
  signal?: AbortSignal,
): Promise<WatchResult> {
  await deps.scan.refresh();
  const current = await withCurrentOids(deps.ledger.schemas, plans);
  const sample = await sampleWrites(deps, current);
  const tables: WatchedTable[] = [];
  for (const generations of tablesOf(current)) {
    signal?.throwIfAborted();
    const watched = await watchTable(deps, generations, signal);
    if (watched !== null) tables.push(watched);
  }
  return {
    sample: sample?.body ?? null,
    tables,
    reopened: tables.reduce((sum, table) => sum + (table.probe?.reopened.length ?? 0), 0),
  };
}

/** `watchOnce` for a loop: a source that does not let itself be watched is told by the gate, and the haul goes on. */
export async function watchPass(
  deps: WatchDeps,
  plans: readonly TablePlan[],
  signal?: AbortSignal,
): Promise<WatchResult | null> {
  try {
    return await watchOnce(deps, plans, signal);
  } catch (thrown) {
    if (signal?.aborted === true) return null;
    const error = asLakehaulError(thrown);
    if (error.disposition === 'stop') throw error;
    deps.log.warn('source not watched', { code: error.code, reason: error.message, next: error.next });
    return null;
  }
}

/** Null while chunks of the table are open: they will be read anyway. */
async function watchTable(
  deps: WatchDeps,
  generations: readonly TablePlan[],
  signal: AbortSignal | undefined,
): Promise<WatchedTable | null> {
  const [plan] = generations;
  if (plan === undefined || !generations.every((each) => isComplete(deps, each))) return null;
  const clean = await ensureCleanUntil(deps, generations);
  if (clean === null) return null;
  const state = (await latestSample(deps.ledger))?.body.state ?? null;
  const writes = judgeWrites(state, plan.source.oid, clean.cleanUntil);
  const watched = { tableId: plan.tableId, table: `${plan.source.schema}.${plan.source.table}`, writes };
  if (writes.kind === 'unwritten') return { ...watched, probe: null, held: null };
  // What it will have written cannot be seen before it ends: a probe now would have to be repeated.
  if (writes.kind === 'open-transaction') return { ...watched, probe: null, held: writes.detail };
  const ageMs = await settledProbeAgeMs(deps, plan.tableId);
  if (ageMs < deps.probeEveryMs)
    return {
      ...watched,
      probe: null,
      held: `probed ${Math.round(ageMs / 1000)} s ago, next after ${Math.round(deps.probeEveryMs / 1000)} s`,
    };
  try {
    const proven = await provenChunks(deps, generations);
    if (proven === null) return null;
    if (proven.length === 0) return { ...watched, probe: null, held: 'every chunk is accepted, none is proven' };
    await untilPast(deps, state?.lastWrites[plan.source.oid]?.at, signal);
    const probe = await probeTable(deps, generations, proven, `${writes.kind}: ${writes.detail}`, signal);
    return { ...watched, probe, held: null };
  } catch (thrown) {
    // One table's trouble is not the others'; the gate holds it until somebody has settled it.
    const error = asLakehaulError(thrown);
    if (error.disposition === 'stop') throw error;
    deps.log.warn('table not probed', { tableId: plan.tableId, code: error.code, reason: error.message });
    return { ...watched, probe: null, held: error };
  }
}

const TRIES_MAX = 20;

/**
 * A write whose commit nobody tells counts until a second after it was looked at (GETDATE() has whole seconds): a probe
 * within that second would leave the table written, and would be repeated only after `probeEveryMs`.
 */
async function untilPast(deps: WatchDeps, at: SourceTime | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (at === undefined) return;
  for (let tries = 0; tries < TRIES_MAX && (await deps.source.clock()).now <= at; tries++)
    await deps.clock.sleep(250, signal);
}

/** A probe that was not settled (its process died before the chunks were open) does not count: it is made again. */
async function settledProbeAgeMs(deps: WatchDeps, tableId: string): Promise<number> {
  const last = await latestProbe(deps.ledger, tableId);
  if (last === null || (await latestCleanUntil(deps.ledger, tableId))?.causedBy !== last.key) return Infinity;
  return (await deps.ledger.serverTimeMs()) - last.lastModifiedMs;
}

/** The statements that `watchOnce` would send now: the sample, and the probes that the log as it stands asks for. */
export async function renderWatch(deps: WatchDeps, plans: readonly TablePlan[]): Promise<string[]> {
  await deps.scan.refresh();
  const current = await withCurrentOids(deps.ledger.schemas, plans);
  const statements = await renderSample(deps, current);
  const state = (await latestSample(deps.ledger))?.body.state ?? null;
  for (const generations of tablesOf(current)) {
    const proven = await provenChunks(deps, generations);
    const [plan] = generations;
    if (proven === null || plan === undefined || plan.level === 'count') continue;
    const clean = await readCleanUntil(deps, generations);
    const writes = judgeWrites(state, plan.source.oid, clean?.body.cleanUntil ?? null);
    if (writes.kind === 'written' || writes.kind === 'gap')
      statements.push(...(await renderTableProbe(deps, generations, proven)));
  }
  return statements;
}

function isComplete(deps: WatchDeps, plan: TablePlan): boolean {
  let complete = true;
  deps.scan.forEach(plan, (_chunk, state) => {
    if (!isDone(state) && state.stage !== 'accepted') complete = false;
  });
  return complete;
}

function tablesOf(plans: readonly TablePlan[]): TablePlan[][] {
  const tables = new Map<string, TablePlan[]>();
  for (const plan of plans) tables.set(plan.tableId, [...(tables.get(plan.tableId) ?? []), plan]);
  return [...tables.values()];
}
