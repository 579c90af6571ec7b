/** One sample of the source's history, joined to the one before it without a gap. */
import type { Source, WriteSampleRequest } from '@lakehaul/adapters';
import { addMs, LakehaulError, latest, type SourceTime, type TablePlan } from '@lakehaul/core';
import { type Ledger, type LedgerRecord, latestSample, WRITE_LOG, type WriteLogSample } from '@lakehaul/ledger';
import { foldSample, NOTHING_KNOWN, settledWrites, type Window, writtenTables } from './fold-sample.ts';

export interface SampleDeps {
  ledger: Ledger;
  source: Source;
  /** The history may tell of a statement only so long after its end. */
  lagMs: number;
  /** Read again of the window before, for what the history told later than that. */
  overlapMs: number;
  /** How far the source's clock may step back. */
  clockMarginMs: number;
}

const HOUR_MS = 3_600_000;
/** STL and SYS views keep seven days (developer guide, cm_chap_system-tables); an hour of it is left for the reading. */
const HISTORY_REACH_MS = 7 * 24 * HOUR_MS - HOUR_MS;

/** Null when the history has nothing new to tell yet. */
export async function sampleWrites(
  deps: SampleDeps,
  plans: readonly TablePlan[],
): Promise<LedgerRecord<WriteLogSample> | null> {
  const before = await latestSample(deps.ledger);
  // How old the knowledge is counts from here: a process may be suspended for hours between the reading and the record.
  const askedAt = new Date(await deps.ledger.serverTimeMs()).toISOString();
  const next = await nextWindow(deps, before?.body ?? null, plans);
  if (next === null) return null;
  const { window, gap, request } = next;
  const sample = await deps.source.sampleWrites(request);
  const { pending } = before?.body.state ?? NOTHING_KNOWN;
  const settled = before?.body.state.settled ?? [];
  const known = before === null || gap !== null ? { ...NOTHING_KNOWN, pending, settled } : before.body.state;
  const body: WriteLogSample = {
    schemaVersion: 1,
    ...window,
    ...(before === null || gap !== null ? {} : { joinsAt: before.body.to }),
    askedAt,
    lagMs: deps.lagMs,
    readAt: sample.readAt,
    gap,
    outcomesReadable: sample.outcomesReadable,
    written: writtenTables(sample, known),
    state: {
      ...foldSample(
        known,
        window,
        request.tables.map((table) => table.oid),
        sample,
      ),
      settled: settledWrites(known, sample, addMs(window.to, -deps.overlapMs)),
      clockMarginMs: deps.clockMarginMs,
    },
  };
  return (await deps.ledger.appendRecord(WRITE_LOG, body, before?.key ?? null)).record;
}

/** The statements that the next sample would send. */
export async function renderSample(deps: SampleDeps, plans: readonly TablePlan[]): Promise<string[]> {
  const before = await latestSample(deps.ledger);
  const next = await nextWindow(deps, before?.body ?? null, plans);
  return next === null ? [] : deps.source.renderWriteSample(next.request);
}

async function nextWindow(
  deps: SampleDeps,
  before: WriteLogSample | null,
  plans: readonly TablePlan[],
): Promise<{ window: Window; gap: Window | null; request: WriteSampleRequest } | null> {
  const clock = await deps.source.clock();
  if (!clock.seesAllStatements)
    throw new LakehaulError('WRITE_LOG_BLIND', 'the source shows us our own statements only, nobody else’s');
  const to = addMs(clock.now, -deps.lagMs);
  const reach = addMs(clock.now, -HISTORY_REACH_MS);
  const isGap = before !== null && before.to < reach;
  const tables = tablesOf(plans);
  // A table that is new here may have been written by a transaction that is older than its plan and still open: its
  // writes are read as far back as there are any.
  const isNew = tables.some((table) => before?.state.since[table.oid] === undefined);
  const from: SourceTime =
    before === null || isGap || isNew ? reach : (latest([reach, addMs(before.to, -deps.overlapMs)]) ?? reach);
  if (tables.length === 0 || to <= (before?.to ?? from)) return null;
  const window = { from, to };
  const pending = (before?.state.pending ?? []).map((transaction) => transaction.transactionId);
  return {
    window,
    gap: isGap ? { from: before.to, to: reach } : null,
    request: { ...window, tables, pending },
  };
}

function tablesOf(plans: readonly TablePlan[]): { oid: string; schema: string; table: string }[] {
  const byOid = new Map(plans.map(({ source: { oid, schema, table } }) => [oid, { oid, schema, table }]));
  return [...byOid.values()];
}
